/*
 * The outcomes that a file or a pasted text holds, as a list to search and choose from: a part of the author's form.
 * What is chosen goes to studio_frameworks.js. Everything from the file is set as text, never as HTML.
 */
(function () {
  "use strict";

  class FrameworkList {
    constructor(editor) {
      this.editor = editor;
      this.actions = {
        "frameworks-choose": () => this.part("file").click(),
        "frameworks-paste": () => this.paste(),
        "frameworks-all": () => this.tick(this.rows.filter((row) => row.match)),
        "frameworks-none": () => this.untick(),
        "frameworks-below": (button) => this.tick(under(this.rowOf.get(button.dataset.key))),
        "frameworks-add": () => this.add(),
        "frameworks-close": () => this.closeTo(),
      };
    }

    get frameworks() {
      return this.editor.extras.get("frameworks");
    }

    part(name, inside) {
      return this.frameworks.part(name, inside);
    }

    start() {
      this.args = this.editor.args.parts.frameworks;
      this.texts = this.args.texts;
      this.rows = [];
      this.turn = (this.turn || 0) + 1; // what was asked for the form before is not shown in this one
      const drop = this.part("drop");
      ["dragover", "dragleave", "drop"].forEach((kind) => drop.addEventListener(kind, (event) => this.dragged(event)));
    }

    dragged(event) {
      event.preventDefault(); // the browser would leave the page for the file
      const drop = this.part("drop");
      drop.classList.toggle("mcp-from__drop--over", event.type === "dragover");
      const files = event.type === "drop" ? event.dataTransfer.files : [];
      if (files.length) this.read(files[0], files[0].name);
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

    paste() {
      const text = this.part("text").value;
      if (!text.trim()) this.frameworks.refuse(this.texts.empty);
      else this.read(new Blob([text], { type: "text/plain" }), this.texts.list);
    }

    async read(file, name) {
      this.close();
      if (file.size > this.args.bytes) return this.frameworks.refuse(this.texts.large);
      this.editor.say(this.texts.reading);
      const turn = (this.turn += 1); // of two files at once the later one counts
      const headers = { "Content-Type": "application/octet-stream" };
      const answer = await this.editor.request("read_framework", { headers, body: file });
      if (turn !== this.turn) return undefined;
      this.editor.say("");
      return answer.ok ? this.show(answer, answer.title || name) : this.frameworks.refuse(answer.message);
    }

    close() {
      this.part("error").hidden = true;
      this.part("found").hidden = true;
      this.part("examples").hidden = false;
      this.part("tree").replaceChildren();
      this.rows = [];
    }

    closeTo() {
      this.close();
      this.frameworks.button("choose").focus();
    }

    /* A tree as in the file. A flat list is chosen as a whole, as far as there is room. */
    show(answer, title) {
      this.source = title;
      const entries = this.editor.plural(this.texts.found, answer.items.length);
      this.part("found-title").replaceChildren(made("bdi", title), " · ", made("bdi", answer.format), " · " + entries);
      this.part("notes").replaceChildren(...answer.notes.map((note) => made("li", note)));
      const here = this.present();
      const lists = new Map([["", list()]]);
      this.rowOf = new Map();
      this.rows = answer.items.map((item, place) => this.row(item, place, here(item), lists));
      this.part("tree").replaceChildren(lists.get(""));
      this.rows.filter((row) => row.below.length).forEach((row) => this.offerBelow(row));
      this.part("search").value = "";
      this.search();
      if (this.rows.every((row) => !row.item.parent)) this.tick(this.rows);
      this.part("examples").hidden = true; // the list has the room
      this.part("found").hidden = false;
      this.part("found").focus();
      this.part("found").scrollIntoView({ block: "nearest" });
    }

    row(item, place, here, lists) {
      const element = this.part("row").content.firstElementChild.cloneNode(true);
      const row = { item, here, element, tick: this.part("tick", element), below: [] };
      row.text = plain(item.code + " " + item.values.title);
      row.tick.id = this.editor.id("from-row") + "-" + place;
      element.querySelector("label").htmlFor = row.tick.id;
      this.part("code", element).textContent = item.code;
      this.part("title", element).textContent = item.values.title;
      this.part("description", element).textContent = shortened(item.values.description || "", 160);
      this.part("more", element).hidden = !item.values.description;
      this.part("present", element).textContent = here ? this.texts.present : "";
      this.part("present", element).hidden = !here;
      const above = this.rowOf.get(item.parent);
      if (above) above.below.push(row);
      if (!lists.has(item.parent)) {
        lists.set(item.parent, list());
        above.element.append(lists.get(item.parent));
      }
      lists.get(item.parent).append(element);
      this.rowOf.set(item.key, row);
      return row;
    }

    offerBelow(row) {
      const button = this.part("below").content.firstElementChild.cloneNode(true);
      const title = isolated(shortened(row.item.values.title, 60));
      button.textContent = this.editor.fill(this.texts.below, { title, count: under(row).length });
      button.dataset.key = row.item.key;
      row.element.firstElementChild.append(button);
    }

    /* What the pill has already: the same id, the same address among its skills, or the same words. */
    present() {
      const outcomes = this.editor.draft().outcomes;
      const ids = new Set(outcomes.map((outcome) => this.frameworks.idOf(outcome)));
      const uris = new Set(outcomes.flatMap((outcome) => outcome.skills || []).map((skill) => skill.uri));
      const titles = new Set(outcomes.map((outcome) => plain(outcome.title || "")));
      return ({ uri, values }) =>
        Boolean((values.id && ids.has(values.id)) || (uri && uris.has(uri)) || titles.has(plain(values.title)));
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

    /* Tick those that match and are not in the pill, as many as it has room for. */
    tick(rows) {
      const wanted = rows.filter((row) => row.match && !row.here && !row.tick.checked);
      const room = this.frameworks.room() - this.chosen().length;
      wanted.slice(0, Math.max(0, room)).forEach((row) => (row.tick.checked = true));
      this.count(wanted.length > room);
    }

    untick() {
      this.rows.forEach((row) => (row.tick.checked = false));
      this.count();
    }

    chosen() {
      return this.rows.filter((row) => row.tick.checked);
    }

    /* ``full``: there was no room for all that she asked for. */
    count(full = false) {
      const chosen = this.chosen().length;
      const room = this.frameworks.room();
      const limit = this.args.limit;
      const have = this.editor.cards().length;
      const lines = [this.editor.plural(this.texts.chosen, chosen)];
      if (chosen > room) lines.push(this.editor.fill(this.texts.too_many, { limit, have, chosen, room }));
      else if (full) lines.push(this.editor.fill(this.texts.full, { limit }));
      this.part("count").textContent = lines.join(" ");
    }

    add() {
      const chosen = this.chosen();
      if (!chosen.length) this.part("count").textContent = this.texts.none;
      if (!chosen.length || chosen.length > this.frameworks.room()) return;
      const title = this.source;
      this.close();
      this.frameworks.take(chosen.map((row) => row.item.values), { title })[0].focus();
    }
  }

  function made(name, text) {
    const element = document.createElement(name);
    element.textContent = text;
    return element;
  }

  function list() {
    const element = document.createElement("ul");
    element.className = "mcp-from__list";
    return element;
  }

  /* All rows below one. */
  function under(row) {
    return row.below.flatMap((inner) => [inner, ...under(inner)]);
  }

  /* Without case and accents, for a search that forgives. */
  function plain(text) {
    return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();
  }

  function shortened(text, most) {
    return text.length > most ? text.slice(0, most - 1).trimEnd() + "…" : text;
  }

  function isolated(text) {
    return "\u2068" + text + "\u2069";
  }

  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).frameworks_list = FrameworkList;
})();
