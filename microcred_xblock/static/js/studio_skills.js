/* The skills of each outcome: chips, the search in the catalogue, and skills by their address. */
(function () {
  "use strict";

  const FIELDS = ["label", "uri", "framework"];
  const ESCO = "http://data.europa.eu/esco/skill/";

  class Skills {
    constructor(editor) {
      this.editor = editor;
      this.chosen = new WeakMap(); // by card: which of kind and reuse level the author has chosen herself
    }

    get gone() {
      return this.editor.extras.get("gone");
    }

    start(args) {
      Object.assign(this, args);
    }

    card(card, isNew, values) {
      const place = this.editor.part("skill-finder", card);
      if (!place) return; // damaged: nothing can be done with it
      const key = card.dataset.card;
      const given = (!isNew && this.editor.args.sources[key]) || values || {};
      if (!this.chosen.has(card)) {
        this.chosen.set(card, new Set(["kind", "reuse"].filter((name) => name in given)));
      }
      if (isNew && Array.isArray(given.skills)) given.skills.forEach((skill) => this.put(card, skill));
      if (place.firstElementChild) return; // brought back after a deletion
      place.innerHTML = this.editor.part("skill-search").innerHTML.replaceAll("__key__", key);
      const part = (name) => partOf(place, name);
      new window.MicrocredStudioTools.Combobox({
        input: part("query"),
        list: part("found"),
        ask: (query) => this.editor.ask("search_skills", { query, language: this.editor.value("language") }),
        draw: (result, option) => this.draw(result, option),
        choose: (result) => this.choose(card, result),
        reveal: (list) => this.editor.extras.get("sight").reveal(list),
        tell: (state, told) => this.tell(part("status"), state, told),
      });
      part("more").addEventListener("input", (event) => this.typed(card, event));
      part("more").addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || !event.target.matches("input") || event.isComposing) return;
        event.preventDefault();
        this.addOwn(card);
      });
    }

    tell(status, state, told = {}) {
      const texts = this.texts;
      const { query, count, answer } = told;
      const said = {
        idle: "",
        searching: texts.searching,
        found: this.counts[count],
        nothing: this.editor.fill(texts.nothing, { query }),
        uninstalled: texts.uninstalled,
        failed: answer && (answer.code ? answer.message : this.why(answer)),
      };
      status.textContent = said[state];
      status.classList.toggle("mcp-skills__status--odd", ["nothing", "uninstalled", "failed"].includes(state));
    }

    why(answer) {
      return answer.message === this.editor.texts.signed_out ? this.texts.signed_out : this.texts.failed;
    }

    /* The label, and small beside it what tells it from others. */
    draw(result, option) {
      const name = span("mcp-skills__name", result.label, option.id + "-name");
      if (result.foreign) name.lang = result.language;
      const facts = [
        result.framework, this.kinds[result.kind], this.levels[result.reuse], result.foreign && result.foreign.toUpperCase(),
        result.also && this.editor.fill(this.texts.also, { name: result.also }),
      ];
      const told = span("mcp-skills__facts", facts.filter(Boolean).join(" · "), option.id + "-facts");
      option.append(name, told);
      option.setAttribute("aria-labelledby", name.id + " " + told.id);
      if (!result.description) return;
      const about = span("mcp-skills__about", result.description, option.id + "-about");
      if (result.foreign) about.lang = result.language;
      option.append(about);
      option.setAttribute("aria-describedby", about.id);
    }

    choose(card, result) {
      if (!this.put(card, result)) return this.say(card, "known", result);
      this.say(card, "added", result);
      return this.compare(card, result);
    }

    /* What the framework says of a skill goes into controls that the author has left alone; otherwise it is offered. */
    compare(card, result) {
      const notes = ["kind", "reuse"].map((name) => {
        const control = this.editor.control(card.dataset.card + "." + name);
        const value = result[name];
        if (!value || !control || control.value === value) return null;
        const values = { control: this.controls[name], value: this.named(name, value), own: this.named(name, control.value) };
        if (this.chosen.get(card).has(name)) return this.offer(name, value, values);
        control.value = value;
        this.chosen.get(card).add(name);
        return note(this.editor.fill(this.texts.took, values));
      });
      partOf(card, "notes").replaceChildren(...notes.filter(Boolean));
      this.editor.touch();
    }

    offer(name, value, values) {
      const made = note(this.editor.fill(this.texts.offer, values) + " ");
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "mcp-studio__link" });
      button.textContent = this.editor.fill(this.texts.use, values);
      Object.assign(button.dataset, { action: "skills-use", name, value });
      made.append(button);
      return made;
    }

    named(name, value) {
      return (name === "kind" ? this.kinds : this.levels)[value] || value;
    }

    say(card, text, skill) {
      this.quiet(card);
      partOf(card, "status").textContent = this.editor.fill(this.texts[text], { skill: skill.label });
    }

    /* What was said last is over. */
    quiet(card) {
      const status = partOf(card, "status");
      status.textContent = "";
      status.classList.remove("mcp-skills__status--odd");
      partOf(card, "notes").replaceChildren();
    }

    clicked(action, button) {
      const card = button.closest("[data-card]");
      const actions = {
        "skills-remove": () => this.remove(card, button.closest("[data-skill]")),
        "skills-add": () => this.addOwn(card),
        "skills-use": () => this.use(card, button),
      };
      if (!actions[action]) return false;
      actions[action]();
      return true;
    }

    changed(control) {
      const card = control.closest("[data-card]");
      const name = (control.dataset.control || "").split(".").pop();
      if (card && this.chosen.has(card) && (name === "kind" || name === "reuse")) this.chosen.get(card).add(name);
    }

    use(card, button) {
      const control = this.editor.control(card.dataset.card + "." + button.dataset.name);
      control.value = button.dataset.value;
      button.closest("p").remove();
      control.focus();
      this.editor.touch();
    }

    chips(card) {
      return this.editor.parts("[data-skill]", card);
    }

    has(card, uri) {
      return this.chips(card).some((chip) => chip.dataset.uri === uri);
    }

    /* A chip more; false if the outcome has the skill already. */
    put(card, skill) {
      if (this.has(card, skill.uri)) return false;
      const list = this.editor.part("skills", card);
      this.gone.inside(list).filter((one) => one.dataset.uri === skill.uri).forEach((one) => this.gone.drop(one));
      const chip = this.editor.part("skill-chip").content.firstElementChild.cloneNode(true);
      Object.assign(chip.dataset, { uri: skill.uri, label: skill.label, framework: skill.framework || "ESCO" });
      partOf(chip, "label").textContent = skill.label;
      partOf(chip, "framework").textContent = chip.dataset.framework;
      const link = partOf(chip, "link");
      link.hidden = !isAddress(skill.uri);
      if (!link.hidden) link.href = skill.uri;
      link.setAttribute("aria-label", this.editor.fill(this.texts.open, { skill: skill.label }));
      chip.querySelector("button").setAttribute("aria-label", this.editor.fill(this.texts.remove, { skill: skill.label }));
      list.append(chip);
      list.hidden = false;
      this.editor.forget(list);
      this.editor.touch();
      return true;
    }

    remove(card, chip) {
      const { label } = chip.dataset;
      this.quiet(card);
      this.editor.forget(this.editor.part("skills", card));
      this.gone.take(chip, this.editor.fill(this.texts.removed, { skill: label }), label, () => {
        chip.querySelector("button").focus();
      });
    }

    /* What is wrong stands beside each line; an address of ESCO names its framework. */
    addOwn(card) {
      const { inputs, skill, wrong } = this.own(card);
      inputs.forEach((input, place) => mark(input, wrong[FIELDS[place]]));
      const first = inputs.find((input, place) => wrong[FIELDS[place]]);
      if (first) return first.focus();
      if (!this.put(card, skill)) return this.say(card, "known", skill);
      inputs.forEach((input) => (input.value = ""));
      this.say(card, "added", skill);
      return inputs[0].focus();
    }

    own(card) {
      const inputs = FIELDS.map((name) => partOf(card, "own-" + name));
      const skill = Object.fromEntries(FIELDS.map((name, place) => [name, inputs[place].value.trim()]));
      const wrong = {
        label: !skill.label ? this.texts.label : skill.label.length > this.limit && this.texts.long,
        uri: (!isAddress(skill.uri) && this.texts.uri) || (skill.uri.length > 2000 && this.texts.long),
        framework: !skill.framework ? this.texts.framework : skill.framework.length > this.limit && this.texts.long,
      };
      const some = (values) => FIELDS.some((name) => values[name]);
      return { inputs, skill, wrong, begun: some(skill), complete: !some(wrong) };
    }

    typed(card, event) {
      mark(event.target, "");
      const framework = partOf(card, "own-framework");
      if (event.target.dataset.part !== "own-uri") return;
      const known = event.target.value.startsWith(ESCO);
      if (known && !framework.value) {
        framework.value = "ESCO";
        framework.dataset.filled = "yes";
      } else if (!known && framework.dataset.filled && framework.value === "ESCO") {
        framework.value = ""; // or a skill would seem to be begun
        delete framework.dataset.filled;
      }
    }

    /* True: what she began to type is no skill yet, so nothing is saved; each line says what it still needs. */
    saving() {
      const cards = this.editor.cards().filter((card) => this.half(card));
      if (!cards.length) return false;
      this.editor.go(cards[0].dataset.card + ".skills");
      partOf(cards[0], "more").open = true;
      partOf(cards[0], "more").querySelector('[aria-invalid="true"]').focus();
      this.editor.say(this.texts.half);
      return true;
    }

    /* Whether a card has a skill that is half typed; its lines are marked. */
    half(card) {
      if (!partOf(card, "own-uri")) return false;
      const { inputs, begun, complete, wrong } = this.own(card);
      if (!begun || complete) return false;
      inputs.forEach((input, place) => mark(input, wrong[FIELDS[place]]));
      return true;
    }

    collectCard(card, outcome) {
      if (!this.editor.part("skill-finder", card)) return;
      outcome.skills = this.chips(card).map((chip) => {
        const { member, uri, label, framework } = chip.dataset;
        return { ...(member === "" ? {} : { member: Number(member) }), uri, label, framework };
      });
      if (!partOf(card, "own-uri")) return; // the finder is not filled yet
      const { skill, begun, complete } = this.own(card); // not added with the button: it is meant all the same
      if (begun && !(complete && this.has(card, skill.uri))) outcome.skills.push(skill);
    }
  }

  function partOf(place, name) {
    return place.querySelector('[data-part="' + name + '"]');
  }

  function span(className, text, id) {
    const made = document.createElement("span");
    Object.assign(made, { className, id, textContent: text, dir: "auto" });
    return made;
  }

  function note(text) {
    const made = document.createElement("p");
    Object.assign(made, { className: "mcp-studio__hint", textContent: text });
    return made;
  }

  function isAddress(text) {
    return /^https?:\/\/[^\s<>"{}|\\^`\u007f-\u00a0]+$/.test(text);
  }

  function mark(input, text) {
    const id = input.id + "-problem";
    const known = document.getElementById(id);
    if (known) known.remove();
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
    if (!text) return;
    const made = note(text);
    Object.assign(made, { id, className: "mcp-studio__note mcp-studio__note--refused" });
    input.after(made);
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", id);
  }

  window.MicrocredStudioParts = Object.assign(window.MicrocredStudioParts || {}, { skills: Skills });
})();
