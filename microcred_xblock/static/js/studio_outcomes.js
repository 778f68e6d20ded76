/* What assesses each outcome: the rows of a card, the one list to choose from, and what nothing uses yet. */
(function () {
  "use strict";

  class Outcomes {
    constructor(editor) {
      this.editor = editor;
      this.added = 0;
    }

    start(args) {
      this.texts = args;
      this.taken = new Map(); // the rows taken out, by card and block: chosen again, they come back as they were
      this.open = null; // the card whose activities are being chosen
      this.picker = this.editor.part("picker");
      this.options = [];
      if (!this.picker) return;
      this.home = this.picker.parentNode;
      this.options = this.editor.parts("[data-option]", this.picker).map((item) => ({
        item,
        block: item.dataset.option,
        box: item.querySelector("input"),
        title: text(item, "title").textContent,
        note: text(item, "note"),
      }));
      this.search = this.editor.part("picker-search");
      this.picker.addEventListener("keydown", (event) => this.pressed(event));
      if (this.search) this.search.addEventListener("input", (event) => this.searched(event));
    }

    rows(card) {
      return this.editor.parts("[data-row]", card);
    }

    inGroups(card) {
      return JSON.parse(card.dataset.grouped);
    }

    /* The references that assess a card's outcome. */
    assessing(card) {
      return this.rows(card).map((row) => row.dataset.block).concat(this.inGroups(card));
    }

    refresh() {
      const editor = this.editor;
      if (this.open && !this.open.isConnected) this.close();
      const used = new Map();
      editor.cards().forEach((card, place) => {
        const blocks = this.assessing(card);
        blocks.forEach((block) => used.set(block, (used.get(block) || []).concat(place + 1)));
        this.quiet(card, blocks.length);
      });
      this.used = used;
      this.tellUnused();
      if (this.open) this.note();
    }

    /* With one activity there is nothing to weigh; what was said of it all the same stays in sight. */
    quiet(card, count) {
      const unassessed = this.editor.part("unassessed", card);
      if (!unassessed) return; // a damaged outcome
      unassessed.hidden = count > 0;
      const attempted = this.editor.control(card.dataset.card + ".all_attempted");
      this.editor.part("several", card).hidden = count < 2;
      this.editor.part("attempted", card).hidden = count < 2 && !attempted.checked;
      const single = count < 2 && this.rows(card).length === 1;
      this.rows(card).forEach((row) => {
        [["weight", "1"], ["threshold", ""]].forEach(([name, plain]) => {
          const input = text(row, name);
          const said = input.value.trim() !== plain || input.getAttribute("aria-invalid") === "true";
          const writing = input === document.activeElement;
          text(row, name + "-part").hidden = single && !said && !writing;
        });
      });
    }

    tellUnused() {
      const items = this.editor.parts("[data-unused]");
      const chooser = this.editor.part("assign");
      items.forEach((item) => (item.hidden = this.used.has(item.dataset.unused)));
      if (!chooser) return;
      if (!chooser.hidden && (!this.assigned || this.used.has(this.assigned))) chooser.hidden = true;
      this.editor.part("unused").hidden = items.every((item) => item.hidden);
    }

    clicked(action, button) {
      const actions = {
        "outcomes-choose": () => this.choose(button),
        "outcomes-done": () => this.close(true),
        "outcomes-drop": () => this.drop(button),
        "outcomes-assign": () => this.assign(button),
        "outcomes-assign-to": () => this.assignTo(),
      };
      if (!actions[action]) return false;
      actions[action]();
      return true;
    }

    /* Choosing */

    choose(button) {
      const card = button.closest("[data-card]");
      const again = this.open === card;
      this.close();
      if (again) return;
      this.open = card;
      this.button = button;
      button.closest("p").after(this.picker);
      this.picker.hidden = false;
      button.setAttribute("aria-expanded", "true");
      if (this.search) this.search.value = "";
      this.find("");
      const grouped = new Set(this.inGroups(card));
      const blocks = new Set(this.assessing(card));
      this.options.forEach((option) => {
        option.box.checked = blocks.has(option.block);
        option.box.disabled = grouped.has(option.block);
      });
      this.note();
      const first = this.search || this.options.map((option) => option.box).find((box) => !box.disabled);
      if (first) first.focus({ preventScroll: true });
      this.editor.extras.get("sight").reveal(this.picker);
    }

    close(focus = false) {
      if (!this.open) return;
      this.open = null;
      this.picker.hidden = true;
      this.home.append(this.picker);
      this.button.setAttribute("aria-expanded", "false");
      if (focus) this.button.focus();
    }

    pressed(event) {
      if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation(); // the window around would close
      this.close(true);
    }

    /* A search is no change of the pill. */
    searched(event) {
      event.stopPropagation();
      const count = this.find(this.search.value);
      this.editor.say(this.editor.plural(this.texts.found, count));
    }

    find(typed) {
      const words = folded(typed).split(/\s+/).filter(Boolean);
      const found = this.options.filter((option) => {
        const fits = words.every((word) => folded(option.title).includes(word));
        option.item.hidden = !fits;
        return fits;
      });
      this.editor.part("picker-none").hidden = found.length > 0;
      return found.length;
    }

    /* Beside each activity: which outcomes it assesses; below them all: how many are chosen. */
    note() {
      const grouped = new Set(this.inGroups(this.open));
      this.options.forEach((option) => {
        const numbers = this.used.get(option.block) || [];
        option.note.textContent = grouped.has(option.block)
          ? this.texts.in_group
          : numbers.length
            ? this.editor.plural(this.texts.used, numbers.length, { numbers: numbers.join(this.texts.and) })
            : this.texts.unused;
      });
      const chosen = new Set(this.rows(this.open).map((row) => row.dataset.block)).size;
      this.editor.part("picker-count").textContent = this.editor.plural(this.texts.chosen, chosen);
      return chosen;
    }

    changed(control, event) {
      const option = this.options.find((item) => item.box === control);
      if (!option || !this.open || event.type !== "change") return; // a tick is told twice: as input, then as change
      this.editor.forget(this.editor.part("rows", this.open));
      if (option.box.checked) this.add(this.open, option.block, option.title);
      else this.takeOut(this.open, option.block);
      this.refresh();
      this.editor.say(this.editor.part("picker-count").textContent);
    }

    /* Rows */

    add(card, block, title) {
      const place = this.editor.part("rows", card);
      const known = this.taken.get(card.dataset.card + " " + block);
      if (known) {
        this.taken.delete(card.dataset.card + " " + block);
        known.forEach((row) => this.editor.extras.get("gone").drop(row)); // nothing more to bring back
        place.append(...known);
        return;
      }
      this.added += 1;
      const holder = document.createElement("div");
      holder.innerHTML = this.editor
        .part("blank-row")
        .innerHTML.replaceAll("__key__", card.dataset.card)
        .replaceAll("__row__", "n" + this.added);
      const row = holder.firstElementChild;
      row.dataset.block = block;
      row.querySelectorAll('[data-part="title"], [data-part="name"]').forEach((item) => (item.textContent = title));
      place.append(row);
    }

    takeOut(card, block) {
      const rows = this.rows(card).filter((row) => row.dataset.block === block);
      this.taken.set(card.dataset.card + " " + block, rows);
      rows.forEach((row) => row.remove());
    }

    drop(button) {
      const card = button.closest("[data-card]");
      const row = button.closest("[data-row]");
      const title = text(row, "title").textContent;
      const key = card.dataset.card + " " + row.dataset.block;
      this.editor.forget(this.editor.part("rows", card));
      this.taken.set(key, (this.taken.get(key) || []).concat(row));
      this.editor.extras.get("gone").take(row, this.editor.fill(this.texts.dropped, { block: title }), title, () => {
        const others = (this.taken.get(key) || []).filter((one) => one !== row);
        if (others.length) this.taken.set(key, others);
        else this.taken.delete(key);
        this.tick(card, row.dataset.block);
        row.querySelector('[data-action="outcomes-drop"]').focus();
      });
      this.tick(card, row.dataset.block);
    }

    /* In the list to choose from, where that is open: whether a block assesses the card's outcome. */
    tick(card, block) {
      const option = this.open === card && this.options.find((item) => item.block === block);
      if (option) option.box.checked = this.assessing(card).includes(block);
    }

    /* What assesses nothing */

    assign(button) {
      const item = button.closest("[data-unused]");
      const cards = this.editor.cards().filter((card) => this.editor.part("rows", card));
      this.assigned = item.dataset.unused;
      if (!cards.length) return this.giveNew();
      if (cards.length === 1) return this.give(cards[0]);
      const select = this.editor.part("assign-to");
      select.replaceChildren(
        ...cards.map((card) => {
          const number = this.editor.cards().indexOf(card) + 1;
          const label = this.editor.fill(this.texts.option, { number, title: this.editor.title(card) });
          return new Option(label, card.dataset.card);
        }),
        new Option(this.texts.add, "")
      );
      item.append(this.editor.part("assign"));
      this.editor.part("assign").hidden = false;
      return select.focus();
    }

    assignTo() {
      const key = this.editor.part("assign-to").value;
      const card = this.editor.cards().find((item) => item.dataset.card === key);
      if (card) this.give(card);
      else this.giveNew();
    }

    /* An outcome of its own, which then needs a title first. */
    giveNew() {
      const card = this.editor.add({});
      this.give(card);
      this.editor.go(card.dataset.card + ".title");
    }

    give(card) {
      const block = this.assigned;
      const items = this.editor.parts("[data-unused]");
      const item = items.find((one) => one.dataset.unused === block);
      const title = text(item, "title").textContent;
      this.editor.part("assign").hidden = true;
      this.editor.forget(this.editor.part("rows", card));
      this.add(card, block, title);
      this.tick(card, block);
      this.editor.touch();
      const left = items.find((one) => !one.hidden);
      (left ? left.querySelector("button") : this.editor.foldOf(card)).focus();
      this.editor.say(this.editor.fill(this.texts.assigned, { block: title, outcome: this.editor.title(card) }));
    }

    collectCard(card, outcome) {
      outcome.blocks = this.rows(card).map((row) => ({
        row: row.dataset.row,
        block: row.dataset.block,
        weight: text(row, "weight").value,
        threshold: text(row, "threshold").value,
        member: row.dataset.member === "" ? "" : Number(row.dataset.member),
      }));
    }
  }

  function text(inside, name) {
    return inside.querySelector('[data-part="' + name + '"]');
  }

  /* Small letters without accents, so that a search finds what is meant. */
  function folded(typed) {
    return typed.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  }

  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).outcomes = Outcomes;
})();
