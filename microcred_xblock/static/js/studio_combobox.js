/*
 * A line to type in with a list of what a search finds: the combobox with a listbox of ARIA 1.2. Focus stays in the
 * line; arrows, Home and End move through an open list, Enter chooses, Escape closes the list, then empties the line.
 */
(function () {
  "use strict";

  const PAUSE = 200; // milliseconds after the last key

  class Combobox {
    /* ``ask(query)`` promises an answer; ``draw(result, option)`` fills an option; ``reveal(list)`` has it in sight. */
    constructor({ input, list, ask, draw, choose, reveal, tell }) {
      Object.assign(this, { input, list, ask, draw, choose, reveal, tell });
      this.turn = 0;
      this.results = [];
      this.active = -1;
      input.addEventListener("input", (event) => this.typed(event));
      input.addEventListener("keydown", (event) => this.pressed(event));
      input.addEventListener("blur", () => this.close());
      list.addEventListener("mousedown", (event) => event.preventDefault()); // focus stays in the line
      list.addEventListener("click", (event) => this.clicked(event));
    }

    typed(event) {
      event.stopPropagation(); // a search changes nothing of the pill
      this.later();
    }

    later() {
      clearTimeout(this.timer);
      this.turn += 1; // what is still on its way is stale
      const query = this.input.value.trim();
      if (Array.from(query).length < 2) {
        this.close();
        return this.tell("idle");
      }
      this.timer = setTimeout(() => this.search(query), PAUSE);
      return undefined;
    }

    async search(query) {
      const turn = (this.turn += 1);
      this.tell("searching");
      const answer = await this.ask(query);
      if (turn !== this.turn || !this.input.isConnected) return;
      if (!answer.ok) {
        this.close();
        this.tell("failed", { answer });
      } else {
        this.show(answer.results);
        const state = answer.results.length ? "found" : answer.installed ? "nothing" : "uninstalled";
        this.tell(state, { query, count: answer.results.length });
      }
    }

    show(results) {
      this.results = results;
      const options = results.map((result, place) => {
        const option = document.createElement("li");
        option.id = this.list.id + "-" + place;
        option.className = "mcp-skills__option";
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        this.draw(result, option);
        return option;
      });
      this.list.replaceChildren(...options);
      this.open(results.length > 0 && document.activeElement === this.input);
      this.list.scrollTop = 0;
    }

    open(wanted) {
      this.list.hidden = !wanted;
      this.input.setAttribute("aria-expanded", String(wanted));
      if (wanted) this.reveal(this.list);
      this.point(-1);
    }

    close() {
      this.open(false);
    }

    point(place) {
      this.active = place;
      Array.from(this.list.children).forEach((option, number) => {
        option.setAttribute("aria-selected", String(number === place));
      });
      const option = this.list.children[place];
      if (!option) return this.input.removeAttribute("aria-activedescendant");
      this.input.setAttribute("aria-activedescendant", option.id);
      return option.scrollIntoView({ block: "nearest" });
    }

    pressed(event) {
      const open = !this.list.hidden;
      const last = this.results.length - 1;
      const moves = {
        ArrowDown: () => (open ? this.point(this.active >= last ? 0 : this.active + 1) : this.reopen()),
        ArrowUp: () => open && this.point(this.active <= 0 ? last : this.active - 1),
        Home: open && this.active >= 0 && (() => this.point(0)),
        End: open && this.active >= 0 && (() => this.point(last)),
        Enter: () => open && this.active >= 0 && this.pick(this.active),
        Escape: (open || this.input.value) && (() => (open ? this.close() : this.clear())),
      };
      const move = moves[event.key];
      if (!move || event.isComposing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      move();
    }

    reopen() {
      if (this.results.length && this.input.value.trim()) {
        this.open(true);
        this.point(0);
      } else {
        this.later();
      }
    }

    clicked(event) {
      const option = event.target.closest('[role="option"]');
      if (option) this.pick(Array.from(this.list.children).indexOf(option));
    }

    pick(place) {
      const result = this.results[place];
      this.clear();
      this.input.focus();
      this.choose(result);
    }

    clear() {
      this.input.value = "";
      this.results = [];
      this.later();
    }
  }

  window.MicrocredStudioTools = Object.assign(window.MicrocredStudioTools || {}, { Combobox });
})();
