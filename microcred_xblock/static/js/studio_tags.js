/* The platform's tags of the pill, its unit and what is inside, as skills of an outcome or as new outcomes. */
(function () {
  "use strict";

  class Tags {
    constructor(editor) {
      this.editor = editor;
    }

    start() {
      this.skills = this.editor.extras.get("skills");
      this.texts = this.skills.tag_texts;
      this.editor.part("tags").hidden = !this.skills.tags;
      this.found = null;
      ["input", "change"].forEach((name) => this.part("panel").addEventListener(name, (event) => event.stopPropagation()));
    }

    part(name) {
      return this.editor.part("tags-" + name);
    }

    clicked(action, button) {
      if (action === "tags-look") this.look(button);
      else if (action === "tags-take") this.take(button.closest("li"));
      else return false;
      return true;
    }

    async look(button) {
      const panel = this.part("panel");
      panel.hidden = !panel.hidden;
      button.setAttribute("aria-expanded", String(!panel.hidden));
      if (panel.hidden) return;
      this.part("list").replaceChildren();
      this.part("status").textContent = this.texts.looking;
      const answer = await this.editor.ask("pill_tags", {});
      this.found = answer.ok ? answer.tags : null;
      this.part("status").textContent = answer.ok ? "" : answer.code ? answer.message : this.texts.failed;
      if (answer.ok) this.list();
    }

    refresh() {
      if (this.found && !this.part("panel").hidden && !this.adding) this.list();
    }

    /* Those that are neither an outcome nor a skill of the pill yet; what she has chosen for each stays. */
    list() {
      const list = this.part("list");
      const outcomes = this.editor.draft().outcomes;
      const ids = new Set(outcomes.map((outcome) => outcome.id || (outcome.source || {}).id));
      const uris = new Set(outcomes.flatMap((outcome) => outcome.skills || []).map((skill) => skill.uri));
      const titles = new Set(this.editor.cards().map((card) => this.editor.title(card)));
      const known = new Map(Array.from(list.children).map((row) => [row.tag, row]));
      const rows = this.found
        .filter((tag) => !(tag.uri ? uris.has(tag.uri) : tag.id ? ids.has(tag.id) : titles.has(tag.label)))
        .map((tag) => known.get(tag) || this.row(tag));
      known.forEach((row) => !rows.includes(row) && row.remove());
      rows.forEach((row, place) => {
        if (list.children[place] !== row) list.insertBefore(row, list.children[place] || null);
        this.targets(row);
      });
      this.part("status").textContent = rows.length ? "" : this.found.length ? this.texts.used : this.texts.none;
    }

    row(tag) {
      const row = this.editor.part("tag-row").content.firstElementChild.cloneNode(true);
      const part = (name) => row.querySelector('[data-part="' + name + '"]');
      const id = this.editor.id("tag." + this.found.indexOf(tag));
      part("label").textContent = tag.label;
      part("taxonomy").textContent = tag.taxonomy;
      const places = tag.places.join(this.skills.separator);
      part("places").textContent = places && this.editor.fill(this.texts.on, { places });
      part("target").setAttribute("aria-label", this.editor.fill(this.texts.label, { title: tag.label }));
      part("label").id = id;
      row.querySelector("button").setAttribute("aria-describedby", id);
      row.tag = tag;
      return row;
    }

    /* What a tag may become: only one with an address can be a skill. */
    targets(row) {
      const select = row.querySelector("select");
      const chosen = select.value;
      const options = [new Option(this.texts.new, "")];
      this.editor.cards().forEach((card) => {
        if (!row.tag.uri || !this.editor.part("skill-finder", card)) return;
        const title = this.editor.title(card);
        options.push(new Option(this.editor.fill(this.texts.skill, { title }), card.dataset.card));
      });
      select.replaceChildren(...options);
      select.value = options.some((option) => option.value === chosen) ? chosen : "";
    }

    take(row) {
      const { tag } = row;
      const key = row.querySelector("select").value;
      const card = this.editor.cards().find((item) => item.dataset.card === key);
      const next = row.nextElementSibling || row.previousElementSibling;
      this.adding = true;
      if (card) this.skills.put(card, tag);
      else this.outcome(tag);
      this.adding = false;
      const said = card ? this.skills.texts.added : this.texts.outcome_added;
      if (next) next.querySelector("button").focus();
      else this.editor.root.querySelector('[data-action="tags-look"]').focus();
      this.list();
      this.editor.say(this.editor.fill(said, { skill: tag.label, title: tag.label }));
    }

    /* Its identity stays: as the address of a skill, or as the outcome's id. */
    outcome(tag) {
      const skills = tag.uri ? [{ uri: tag.uri, label: tag.label, framework: tag.framework }] : [];
      const card = this.editor.add({ title: tag.label, skills });
      if (tag.id) card.dataset.outcomeId = tag.id;
    }
  }

  window.MicrocredStudioParts = Object.assign(window.MicrocredStudioParts || {}, { tags: Tags });
})();
