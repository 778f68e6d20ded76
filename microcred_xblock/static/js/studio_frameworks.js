/*
 * Outcomes from an example or a file, and a file from the outcomes: a part of the author's form. What it adds is
 * unsaved like anything typed, and can be undone until the form is saved or loaded again. The list to choose from is
 * in studio_framework_list.js.
 */
(function () {
  "use strict";

  class Frameworks {
    constructor(editor) {
      this.editor = editor;
      this.actions = {
        "frameworks-toggle": (button) => this.open(button.getAttribute("aria-expanded") !== "true"),
        "frameworks-blank": () => this.blank(),
        "frameworks-preset": (button) => this.preset(button),
        "frameworks-file": () => this.toFile(),
        "frameworks-undo": () => this.undo(),
        "frameworks-write": (button) => this.write(button),
      };
    }

    part(name, inside = this.editor.root) {
      return inside.querySelector('[data-from="' + name + '"]');
    }

    button(action) {
      return this.part("panel").querySelector('[data-action="frameworks-' + action + '"]');
    }

    /* The form is new on the page: what was added before is stored, or dropped, and cannot be undone here. */
    start(args) {
      this.args = args;
      this.texts = args.texts;
      this.brackets = new RegExp(this.editor.args.parts.wording.blank);
      this.done = null;
      this.awaited = null;
    }

    /* What comes while the form is saved would be gone with the answer. */
    saving() {
      this.awaited = null;
    }

    clicked(name, button) {
      const action = this.actions[name];
      if (action) action(button);
      return Boolean(action);
    }

    open(open) {
      this.button("toggle").setAttribute("aria-expanded", String(open));
      this.part("body").hidden = !open;
    }

    refuse(message) {
      this.editor.tab("outcomes");
      this.open(true);
      this.part("error").textContent = message;
      this.part("error").hidden = false;
      this.part("error").scrollIntoView({ block: "nearest" });
    }

    toFile() {
      this.editor.tab("outcomes");
      this.open(true);
      this.button("choose").focus({ preventScroll: true });
      this.button("choose").scrollIntoView({ block: "center" });
    }

    /* How many outcomes there is room for. */
    room() {
      return Math.max(0, this.args.limit - this.editor.cards().length);
    }

    idOf(outcome) {
      return outcome.id || (outcome.source || {}).id || "";
    }

    /* --- adding ---------------------------------------------------------------------------------------------- */

    blank() {
      const card = this.editor.add();
      this.told([card], [], this.texts.blank);
      this.field(card, "title").focus();
    }

    /* Of two examples at once the later one counts, and none after something else was added. */
    async preset(button) {
      if (this.awaited === button) return;
      this.awaited = button;
      button.setAttribute("aria-busy", "true");
      const language = this.editor.value("language");
      const answer = await this.editor.ask("preset_values", { preset: button.dataset.preset, language });
      button.removeAttribute("aria-busy");
      if (this.awaited !== button) return;
      this.awaited = null;
      if (!answer.ok) this.refuse(answer.message);
      else if (this.room() < answer.outcomes.length) {
        this.refuse(this.editor.fill(this.texts.full, { limit: this.args.limit }));
      } else this.toBrackets(this.take(answer.outcomes, answer)[0]);
    }

    /* Cards for the outcomes, and what else comes with them; she is told what was done. Answers the cards. */
    take(outcomes, { title, suggested = {}, after = "", go = "" }) {
      const fresh = !this.editor.cards().length;
      this.editor.tab("outcomes");
      const cards = this.addAll(outcomes);
      const set = this.suggest(suggested, fresh);
      const text = this.editor.plural(this.texts.added, cards.length, { title: isolated(title) });
      this.told(cards, set, text, after, go);
      return cards;
    }

    /* Many at once are folded, so that she sees what came. */
    addAll(outcomes) {
      const taken = new Set(this.editor.draft().outcomes.map((outcome) => this.idOf(outcome)));
      let cards = [];
      this.editor.refresh = () => {}; // once at the end, not for each of a hundred
      try {
        cards = outcomes.map((values) => this.addOne(values, taken));
      } finally {
        delete this.editor.refresh;
      }
      cards.forEach((card, place) => this.editor.fold(card, place === 0 || cards.length < 3));
      this.editor.touch();
      return cards;
    }

    addOne(values, taken) {
      const card = this.editor.add(values);
      if (values.id && !taken.has(values.id)) {
        card.dataset.outcomeId = values.id;
        taken.add(values.id);
      }
      return card;
    }

    /* Only controls that nothing is stored for and that nobody has used; the rule only of a pill without outcomes. */
    suggest(suggested, fresh) {
      const set = [];
      Object.entries(suggested).forEach(([name, value]) => {
        const control = this.editor.control(name);
        const untouched = control && control.value === original(control) && this.args.unused.includes(name);
        if (!untouched || control.value === value || (name.startsWith("mastery.") && !fresh)) return;
        set.push({ name, before: control.value, value });
        this.put(control, value);
      });
      if (set.length) this.editor.touch();
      return set;
    }

    /* As if she had chosen it, so that every part of the form hears of it. */
    put(control, value) {
      control.value = value;
      control.dispatchEvent(new Event("change", { bubbles: true }));
    }

    told(cards, set, text, after = "", go = "") {
      const names = set.map(({ name }) => this.label(name)).filter(Boolean).join(this.texts.and);
      const lines = [text];
      if (names) lines.push(this.editor.fill(this.texts.suggested, { names }));
      if (cards.some((card) => this.bracketed(card))) lines.push(this.texts.replace);
      lines.push(this.texts.unsaved);
      this.done = { cards: cards.map((card) => ({ card, as: this.state(card) })), set };
      this.awaited = null;
      this.open(false);
      this.part("told-text").textContent = lines.join(" ");
      this.part("told-after").textContent = after;
      this.part("told-after").hidden = !after;
      this.part("told-go").hidden = !go;
      this.part("told-go").dataset.target = go;
      this.part("told").hidden = false;
      if (this.part("start")) this.part("start").hidden = true;
      this.editor.say(text);
    }

    /* What was added and is as it came goes; what she has worked on stays. */
    undo() {
      const { cards, set } = this.done || { cards: [], set: [] };
      const asItCame = cards.filter(({ card, as }) => this.state(card) === as);
      const kept = cards.filter((one) => one.card.isConnected && !asItCame.includes(one));
      asItCame.forEach(({ card }) => this.editor.extras.get("gone").drop(card));
      set.forEach(({ name, before, value }) => {
        const control = this.editor.control(name);
        if (control && control.value === value) this.put(control, before);
      });
      this.done = null;
      this.part("told").hidden = true;
      if (this.part("start")) this.part("start").hidden = Boolean(this.editor.cards().length);
      this.open(true);
      this.editor.touch();
      this.editor.say(kept.length ? this.texts.undone + " " + this.texts.stayed : this.texts.undone);
      this.button("toggle").focus();
    }

    state(card) {
      return JSON.stringify(this.editor.collectCard(card));
    }

    label(name) {
      const control = this.editor.control(name);
      const label = control && this.editor.root.querySelector('label[for="' + CSS.escape(control.id) + '"]');
      return label ? label.textContent.trim() : "";
    }

    /* The id that a file gave a new outcome, where no other has it; the server makes one otherwise. */
    collectCard(card, outcome) {
      if (card.dataset.outcomeId && !outcome.id) outcome.id = card.dataset.outcomeId;
    }

    /* --- words in brackets ------------------------------------------------------------------------------------ */

    field(card, name) {
      return this.editor.control(card.dataset.card + "." + name);
    }

    bracketed(card) {
      return ["title", "description"].some((name) => {
        const control = this.field(card, name);
        return control && this.brackets.test(control.value);
      });
    }

    toBrackets(card) {
      const control = this.field(card, "title");
      const found = this.brackets.exec(control.value);
      control.focus();
      if (found) control.setSelectionRange(found.index, found.index + found[0].length);
    }

    card(card) {
      this.noteBrackets(card);
    }

    changed(control) {
      const card = (control.dataset.control || "").endsWith(".description") && control.closest("[data-card]");
      if (card) this.noteBrackets(card);
    }

    /* Below a description; the advice on wording says it of a title. */
    noteBrackets(card) {
      const control = this.field(card, "description");
      if (!control) return; // damaged: nothing can be done with it
      let note = this.part("brackets", card);
      if (!note) {
        note = document.createElement("p");
        note.className = "mcp-studio__hint mcp-from__brackets";
        note.dataset.from = "brackets";
        note.textContent = this.texts.replace;
        control.after(note);
      }
      note.hidden = !this.brackets.test(control.value);
    }

    /* --- writing ---------------------------------------------------------------------------------------------- */

    async write(button) {
      const error = this.part("write-error");
      error.hidden = true;
      const draft = this.editor.draft();
      const answer = await this.editor.ask("write_framework", { format: button.dataset.format, draft });
      if (!answer.ok) {
        error.textContent = answer.message;
        error.hidden = false;
        return;
      }
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([answer.text], { type: answer.type + ";charset=utf-8" }));
      link.download = answer.name;
      this.editor.root.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
      const lines = [this.editor.fill(this.texts.written, { name: isolated(answer.name) })];
      if (answer.left_out) lines.push(this.editor.fill(this.texts.left_out, { count: answer.left_out }));
      this.editor.say(lines.join(" "));
    }
  }

  /* What the server put into a control. */
  function original(control) {
    const options = Array.from(control.options || []);
    const chosen = options.find((option) => option.defaultSelected) || options[0];
    return chosen ? chosen.value : control.defaultValue;
  }

  function isolated(text) {
    return "\u2068" + text + "\u2069";
  }

  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).frameworks = Frameworks;
})();
