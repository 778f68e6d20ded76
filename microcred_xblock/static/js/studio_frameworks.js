/*
 * Outcomes from an example, a file or a framework, and a file from the outcomes: a part of the author's form.
 * What it adds is unsaved like anything typed, and can be undone until the form is saved or loaded again.
 */
(function () {
  "use strict";

  const BRACKETS = /\[[^[\]\n]+\]/;

  class Frameworks {
    constructor(editor) {
      this.editor = editor;
      this.actions = {
        "frameworks-toggle": (button) => this.open(button.getAttribute("aria-expanded") !== "true"),
        "frameworks-blank": () => this.blank(),
        "frameworks-preset": (button) => this.preset(button),
        "frameworks-file": () => this.toFile(),
        "frameworks-choose": () => this.part("file").click(),
        "frameworks-paste": () => this.paste(),
        "frameworks-all": () => this.tickShown(),
        "frameworks-none": () => this.tickNone(),
        "frameworks-below": (button) => this.tickBelow(button),
        "frameworks-add": () => this.addChosen(),
        "frameworks-close": () => this.close(true),
        "frameworks-undo": () => this.undo(),
        "frameworks-write": (button) => this.write(button),
      };
    }

    part(name, inside = this.editor.root) {
      return inside.querySelector('[data-from="' + name + '"]');
    }

    /* The form is new on the page: what was added before is stored, or dropped, and cannot be undone here. */
    start(args) {
      this.args = args;
      this.texts = args.texts;
      this.done = null;
      this.rows = [];
      this.skills = new WeakMap(); // of outcomes that came from a file, by their cards
      const drop = this.part("drop");
      const calm = (event) => {
        event.preventDefault();
        drop.classList.toggle("mcp-from__drop--over", event.type === "dragover");
      };
      drop.addEventListener("dragover", calm);
      drop.addEventListener("dragleave", calm);
      drop.addEventListener("drop", (event) => {
        calm(event);
        if (event.dataTransfer.files.length) this.read(event.dataTransfer.files[0], event.dataTransfer.files[0].name);
      });
    }

    clicked(name, button) {
      const action = this.actions[name];
      if (action) action(button);
      return Boolean(action);
    }

    changed(control) {
      const name = control.dataset.from;
      if (name === "file" && control.files.length) {
        this.read(control.files[0], control.files[0].name);
        control.value = ""; // so that the same file can be chosen again
      }
      if (name === "search") this.search();
      if (name === "tick") this.count();
    }

    open(open) {
      this.part("panel").querySelector('[data-action="frameworks-toggle"]').setAttribute("aria-expanded", String(open));
      this.part("body").hidden = !open;
    }

    toFile() {
      this.editor.tab("outcomes");
      this.open(true);
      const button = this.part("panel").querySelector('[data-action="frameworks-choose"]');
      button.focus({ preventScroll: true });
      button.scrollIntoView({ block: "center" });
    }

    /* --- adding ---------------------------------------------------------------------------------------------- */

    blank() {
      const card = this.editor.add();
      this.told([card], [], this.texts.blank, {});
      this.field(card, "title").focus();
    }

    async preset(button) {
      if (button.getAttribute("aria-busy") === "true") return;
      button.setAttribute("aria-busy", "true");
      const language = this.editor.value("language");
      const answer = await this.editor.ask("preset_values", { preset: button.dataset.preset, language });
      button.removeAttribute("aria-busy");
      this.editor.tab("outcomes");
      if (!answer.ok) {
        this.open(true);
        this.refuse(answer.message);
        return;
      }
      const room = this.args.limit - this.editor.cards().length;
      if (room < answer.outcomes.length) {
        this.open(true);
        this.refuse(filled(this.texts.full, { limit: this.args.limit }));
        return;
      }
      const fresh = !this.editor.cards().length;
      const cards = this.addAll(answer.outcomes);
      const set = this.suggest(answer.suggested, fresh);
      this.told(cards, set, this.counted(this.texts.added, cards.length, { title: answer.title }), answer);
      this.toBrackets(cards[0]);
    }

    /* Cards for the values; many at once are folded, so that she sees what came. */
    addAll(outcomes) {
      const taken = new Set(this.editor.draft().outcomes.map((outcome) => this.idOf(outcome)));
      let cards = [];
      this.editor.refresh = () => {}; // once at the end, not for each of a hundred
      try {
        cards = outcomes.map((values) => {
          const card = this.editor.add(values);
          if (values.skills) this.skills.set(card, values.skills);
          if (values.id && !taken.has(values.id)) {
            card.dataset.outcomeId = values.id;
            taken.add(values.id);
          }
          return card;
        });
      } finally {
        delete this.editor.refresh;
      }
      cards.forEach((card, place) => this.editor.fold(card, place === 0 || cards.length < 3));
      this.editor.touch();
      return cards;
    }

    /* Only controls that nothing is stored for and that nobody has used; the rule only of a pill without outcomes. */
    suggest(suggested, fresh) {
      const set = [];
      Object.entries(suggested).forEach(([name, value]) => {
        const control = this.editor.control(name);
        const untouched = control && control.value === original(control);
        if (!untouched || !this.args.unused.includes(name) || control.value === value) return;
        if (name.startsWith("mastery.") && !fresh) return;
        set.push({ name, before: control.value, value });
        control.value = value;
        this.editor.forget(control);
      });
      if (set.length) this.editor.touch();
      return set;
    }

    told(cards, set, text, { after = "", go = "" }) {
      const labels = set.map(({ name }) => this.label(name)).filter(Boolean);
      const lines = [text];
      if (labels.length) lines.push(filled(this.texts.suggested, { names: labels.join(this.editor.texts.and) }));
      if (cards.some((card) => this.bracketed(card))) lines.push(this.texts.replace);
      lines.push(this.texts.unsaved);
      this.done = { cards: cards.map((card) => ({ card, as: this.state(card) })), set };
      this.open(false);
      this.part("told-text").textContent = lines.join(" ");
      this.part("told-after").textContent = after;
      this.part("told-after").hidden = !after;
      this.part("told-go").hidden = !go;
      this.part("told-go").dataset.target = go;
      this.part("told").hidden = false;
      const start = this.part("start");
      if (start) start.hidden = true;
      this.editor.say(text);
    }

    /* What was added and is as it came goes; what she has worked on stays. */
    undo() {
      const { cards, set } = this.done || { cards: [], set: [] };
      const kept = cards.filter(({ card, as }) => card.isConnected && this.state(card) !== as);
      cards.filter(({ card, as }) => card.isConnected && this.state(card) === as).forEach(({ card }) => card.remove());
      set.forEach(({ name, before, value }) => {
        const control = this.editor.control(name);
        if (control && control.value === value) control.value = before;
      });
      this.done = null;
      this.part("told").hidden = true;
      const start = this.part("start");
      if (start) start.hidden = Boolean(this.editor.cards().length);
      this.open(true);
      this.editor.touch();
      this.editor.say(kept.length ? this.texts.undone + " " + this.texts.stayed : this.texts.undone);
      this.part("panel").querySelector('[data-action="frameworks-toggle"]').focus();
    }

    state(card) {
      return JSON.stringify(this.editor.collectCard(card));
    }

    label(name) {
      const control = this.editor.control(name);
      const label = control && this.editor.root.querySelector('label[for="' + control.id + '"]');
      return label ? label.textContent.trim() : "";
    }

    /* --- words in brackets ------------------------------------------------------------------------------------ */

    field(card, name) {
      return this.editor.control(card.dataset.card + "." + name);
    }

    bracketed(card) {
      return ["title", "description"].some((name) => {
        const control = this.field(card, name);
        return control && BRACKETS.test(control.value);
      });
    }

    toBrackets(card) {
      const control = card && this.field(card, "title");
      if (!control) return;
      const found = BRACKETS.exec(control.value);
      control.focus();
      if (found) control.setSelectionRange(found.index, found.index + found[0].length);
    }

    refresh() {
      this.editor.cards().forEach((card) => {
        const control = this.field(card, "title");
        const odd = Boolean(control) && this.bracketed(card);
        let note = this.part("brackets", card);
        if (odd && !note) {
          note = document.createElement("p");
          note.className = "mcp-studio__hint mcp-from__brackets";
          note.dataset.from = "brackets";
          note.textContent = this.texts.replace;
          control.after(note);
        }
        if (note) note.hidden = !odd;
      });
    }

    /* --- reading ---------------------------------------------------------------------------------------------- */

    paste() {
      const text = this.part("text").value;
      if (!text.trim()) this.refuse(this.texts.empty);
      else this.read(new Blob([text], { type: "text/plain" }), this.texts.list);
    }

    async read(file, name) {
      this.close(false);
      if (file.size > this.args.bytes) return this.refuse(this.texts.large);
      this.editor.say(this.texts.reading);
      const headers = { "Content-Type": "application/octet-stream" };
      const answer = await this.editor.request("read_framework", { headers, body: file });
      this.editor.say("");
      return answer.ok ? this.show(answer, answer.title || name) : this.refuse(answer.message);
    }

    refuse(message) {
      this.part("error").textContent = message;
      this.part("error").hidden = false;
    }

    close(back) {
      this.part("error").hidden = true;
      this.part("found").hidden = true;
      this.part("examples").hidden = false;
      this.part("tree").replaceChildren();
      this.rows = [];
      if (back) this.part("panel").querySelector('[data-action="frameworks-choose"]').focus();
    }

    /* The list to choose from: a tree as in the file. A flat one is chosen as a whole, as far as there is room. */
    show(answer, title) {
      this.source = title;
      const entries = this.counted(this.texts.found, answer.items.length, {});
      this.part("found-title").textContent = [title, answer.format, entries].join(" · ");
      this.part("notes").replaceChildren(...answer.notes.map((note) => {
        const item = document.createElement("li");
        item.textContent = note;
        return item;
      }));
      const here = this.present();
      this.rowOf = new Map();
      const lists = new Map([["", list()]]);
      this.rows = answer.items.map((item, place) => this.row(item, place, here, lists));
      this.part("tree").replaceChildren(lists.get(""));
      this.rows.forEach((row) => this.offerBelow(row));
      this.part("search").value = "";
      this.search();
      if (this.rows.every((row) => !row.item.parent)) this.tick(this.rows.filter((row) => !row.here));
      this.part("examples").hidden = true; // the list has the room
      this.part("found").hidden = false;
      this.part("found").focus();
      this.part("found").scrollIntoView({ block: "nearest" });
    }

    row(item, place, here, lists) {
      const element = this.part("row").content.firstElementChild.cloneNode(true);
      const tick = this.part("tick", element);
      const label = element.querySelector("label");
      tick.id = this.editor.id("from-row") + "-" + place;
      label.htmlFor = tick.id;
      this.part("code", element).textContent = item.code;
      this.part("title", element).textContent = item.values.title;
      this.part("description", element).textContent = shortened(item.values.description || "", 160);
      this.part("more", element).hidden = !item.values.description;
      const row = { item, element, tick, here: here(item), text: plain(item.code + " " + item.values.title), below: [] };
      if (row.here) {
        this.part("present", element).textContent = this.texts.present;
        this.part("present", element).hidden = false;
      }
      if (!lists.has(item.parent)) {
        lists.set(item.parent, list());
        const above = this.rowOf.get(item.parent);
        above.element.append(lists.get(item.parent));
      }
      lists.get(item.parent).append(element);
      if (item.parent) this.rowOf.get(item.parent).below.push(row);
      this.rowOf.set(item.key, row);
      return row;
    }

    offerBelow(row) {
      if (!row.below.length) return;
      const button = this.part("below").content.firstElementChild.cloneNode(true);
      const title = shortened(row.item.values.title, 60);
      button.textContent = filled(this.texts.below, { title, count: under(row).length });
      button.dataset.key = row.item.key;
      row.element.firstElementChild.append(button);
    }

    /* What the pill has already: the same id, the same address among its skills, or the same words. */
    present() {
      const outcomes = this.editor.draft().outcomes;
      const ids = new Set(outcomes.map((outcome) => this.idOf(outcome)));
      const skills = outcomes.flatMap((outcome) => outcome.skills || (outcome.source || {}).skills || []);
      const uris = new Set((Array.isArray(skills) ? skills : []).map((skill) => skill && skill.uri));
      const titles = new Set(outcomes.map((outcome) => plain(outcome.title || "")));
      return (item) =>
        (item.values.id && ids.has(item.values.id)) || (item.uri && uris.has(item.uri)) || titles.has(plain(item.values.title));
    }

    idOf(outcome) {
      return outcome.id || (outcome.source || {}).id || "";
    }

    /* A line that matches is shown with all above it. */
    search() {
      const words = plain(this.part("search").value).split(" ").filter(Boolean);
      const shown = (row) => {
        row.match = words.every((word) => row.text.includes(word));
        const below = row.below.filter(shown).length;
        row.element.hidden = !row.match && !below;
        return !row.element.hidden;
      };
      const any = this.rows.filter((row) => !row.item.parent).filter(shown).length;
      this.part("nothing").hidden = any > 0;
      this.count();
    }

    room() {
      return this.args.limit - this.editor.cards().length;
    }

    /* Tick as many as the pill has room for. */
    tick(rows) {
      let room = this.room() - this.chosen().length;
      rows.filter((row) => !row.tick.checked).forEach((row) => {
        if (room > 0) row.tick.checked = true;
        room -= 1;
      });
      this.count(room < 0);
    }

    tickShown() {
      this.tick(this.rows.filter((row) => row.match && !row.here));
    }

    tickNone() {
      this.rows.forEach((row) => (row.tick.checked = false));
      this.count();
    }

    tickBelow(button) {
      this.tick(under(this.rowOf.get(button.dataset.key)).filter((row) => row.match && !row.here));
    }

    chosen() {
      return this.rows.filter((row) => row.tick.checked);
    }

    /* ``full``: there was no room for all that she asked for. */
    count(full = false) {
      const chosen = this.chosen().length;
      const room = Math.max(0, this.room());
      const limit = this.args.limit;
      const texts = [this.counted(this.texts.chosen, chosen, {})];
      if (chosen > room) texts.push(filled(this.texts.too_many, { limit, have: limit - this.room(), chosen, room }));
      else if (full) texts.push(filled(this.texts.full, { limit }));
      this.part("count").textContent = texts.join(" ");
    }

    addChosen() {
      const chosen = this.chosen();
      if (!chosen.length) this.part("count").textContent = this.texts.none;
      else if (chosen.length > this.room()) this.count();
      else {
        const title = this.source;
        const cards = this.addAll(chosen.map((row) => row.item.values));
        this.close(false);
        this.told(cards, [], this.counted(this.texts.added, cards.length, { title }), {});
        cards[0].focus();
      }
    }

    counted(texts, count, values) {
      return filled(texts[Math.min(count, texts.length - 1)], { count, ...values });
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
      const told = filled(this.texts.written, { name: answer.name });
      this.editor.say(answer.left_out ? told + " " + filled(this.texts.left_out, { count: answer.left_out }) : told);
    }

    /* What a file said of a new outcome beside its controls: its skills, and its id where no other has it. */
    collectCard(card, outcome) {
      if (card.dataset.outcomeId && !outcome.id) outcome.id = card.dataset.outcomeId;
      if (this.skills.has(card) && !outcome.source) outcome.source = { skills: this.skills.get(card) };
    }
  }

  function list() {
    const made = document.createElement("ul");
    made.className = "mcp-from__list";
    return made;
  }

  /* All rows below one. */
  function under(row) {
    return row.below.flatMap((inner) => [inner, ...under(inner)]);
  }

  /* What the server put into a control. */
  function original(control) {
    const chosen = control.options && Array.from(control.options).find((option) => option.defaultSelected);
    if (control.options) return chosen ? chosen.value : (control.options[0] || {}).value;
    return control.defaultValue;
  }

  /* Without case and accents, for a search that forgives. */
  function plain(text) {
    return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();
  }

  function shortened(text, most) {
    return text.length > most ? text.slice(0, most - 1).trimEnd() + "…" : text;
  }

  function filled(text, values) {
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  }

  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).frameworks = Frameworks;
})();
