/* The outcomes as cards of the author's form: their names and order, what folds, what is added and taken away. */
(function () {
  "use strict";

  class Cards {
    constructor(editor) {
      this.editor = editor;
      editor.root.addEventListener("keydown", (event) => this.pressed(event));
    }

    refresh() {
      const cards = this.editor.cards();
      cards.forEach((card, place) => {
        const key = card.dataset.card;
        this.editor.part("number", card).textContent = String(place + 1) + ".";
        this.editor.part("name", card).textContent = this.editor.title(card);
        const threshold = this.editor.bare(this.editor.value(key + ".threshold"));
        this.editor.part("brief", card).textContent = threshold
          ? this.editor.fill(this.editor.texts.threshold, { threshold })
          : "";
        card.querySelector('[data-action="up"]').setAttribute("aria-disabled", String(place === 0));
        card.querySelector('[data-action="down"]').setAttribute("aria-disabled", String(place === cards.length - 1));
        const open = this.editor.foldOf(card).getAttribute("aria-expanded") === "true";
        card.classList.toggle("mcp-studio__card--open", open);
      });
    }

    clicked(action, button) {
      const card = button.closest("[data-card]");
      const actions = {
        fold: () => this.editor.fold(card, button.getAttribute("aria-expanded") !== "true"),
        up: () => this.move(card, -1, button),
        down: () => this.move(card, 1, button),
        delete: () => this.remove(card),
        add: () => this.editor.add(),
      };
      if (!actions[action]) return false;
      actions[action]();
      return true;
    }

    /* Alt with an arrow on a card's header moves the card. */
    pressed(event) {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      const bar = event.target.closest(".mcp-studio__bar");
      if (!step || !event.altKey || event.ctrlKey || event.metaKey || !bar) return;
      event.preventDefault();
      this.move(bar.closest("[data-card]"), step, event.target);
    }

    move(card, step, button) {
      const cards = this.editor.cards();
      const other = cards[cards.indexOf(card) + step];
      if (!other) return;
      if (step < 0) other.before(card);
      else other.after(card);
      this.moved(card);
      button.focus();
      card.scrollIntoView({ block: "nearest" });
    }

    /* Before another card, or to the end. */
    put(card, before) {
      if (before) before.before(card);
      else this.editor.part("cards").append(card);
      this.moved(card);
    }

    moved(card) {
      this.editor.touch();
      const cards = this.editor.cards();
      const number = cards.indexOf(card) + 1;
      const values = { title: this.editor.title(card), number, total: cards.length };
      this.editor.say(this.editor.fill(this.editor.texts.moved, values));
    }

    remove(card) {
      const title = this.editor.title(card);
      this.editor.extras.get("gone").take(card, this.editor.fill(this.editor.texts.removed, { title }), title, () => {
        this.editor.tell("card", card, false);
        card.focus();
      });
    }
  }

  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).cards = Cards;
})();
