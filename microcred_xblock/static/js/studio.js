/*
 * The author's form of the learning pill, in Studio's editing window or any other page.
 * All texts come from the server; the one global is the init function that XBlock asks for.
 */
(function () {
  "use strict";

  class Editor {
    constructor(runtime, element, args) {
      this.runtime = runtime;
      this.element = element;
      const host = element.jquery ? element[0] : element;
      this.root = host.id === args.uid ? host : host.querySelector("#" + args.uid);
      if (!this.root) return; // the form was refused: there is nothing to do
      this.working = false;
      this.stretch();
      const kinds = window.MicrocredStudioParts || {};
      this.extras = new Map(Object.keys(kinds).map((name) => [name, new kinds[name](this)]));
      this.root.addEventListener("submit", (event) => event.preventDefault()); // Enter in a line is no wish to save
      this.root.addEventListener("click", (event) => this.clicked(event));
      this.root.addEventListener("keydown", (event) => this.pressed(event));
      this.root.addEventListener("input", (event) => this.changed(event));
      this.root.addEventListener("change", (event) => this.changed(event));
      this.start(args);
    }

    /* Studio's window is low whatever the screen. Room stays below it for the bar that tells what went wrong. */
    stretch() {
      const frame = this.root.closest(".modal-window .modal-content");
      if (!frame) return;
      frame.style.height = Math.max(360, window.innerHeight - 230) + "px";
      frame.closest(".modal-window").style.minWidth = "0"; // it would be wider than a phone
    }

    /* With the form as the server made it: at first, after a save, and after a reload. */
    start(args) {
      this.args = args;
      this.texts = args.texts;
      this.gone = new Map(); // the removed cards by the note that stands in their place
      this.ticked = new Set(args.required.filter((token) => token.startsWith("key:")));
      this.tab(this.opened || "pill");
      this.extras.forEach((part, name) => part.start && part.start((args.parts || {})[name] || {}));
      this.cards().forEach((card) => this.tell("card", card, false));
      this.refresh();
      this.show(args.problems, "wanting");
    }

    /* Ask every part of the form that cares; true if one of them says so. */
    tell(event, ...values) {
      let taken = false;
      this.extras.forEach((part) => {
        if (!taken && part[event] && part[event](...values) === true) taken = true;
      });
      return taken;
    }

    /* Show one panel of the form. Nothing is loaded or lost: the others are only hidden. */
    tab(name) {
      const panels = this.parts("[data-tab]");
      const panel = panels.find((item) => item.dataset.tab === name) || panels[0];
      const fresh = this.opened !== panel.dataset.tab;
      this.opened = panel.dataset.tab;
      panels.forEach((item) => (item.hidden = item !== panel));
      this.parts('[role="tab"]').forEach((tab) => {
        const chosen = tab.dataset.target === this.opened;
        tab.setAttribute("aria-selected", String(chosen));
        tab.tabIndex = chosen ? 0 : -1;
      });
      if (fresh) this.tell("shown", this.opened);
    }

    /* Among the tabs: arrows as they are seen (from right to left too), Home, End. */
    pressed(event) {
      const tab = event.target.closest('[role="tab"]');
      if (!tab) return;
      const tabs = this.parts('[role="tab"]');
      const forward = getComputedStyle(this.root).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
      const back = forward === "ArrowLeft" ? "ArrowRight" : "ArrowLeft";
      const place = tabs.indexOf(tab);
      const next = {
        [forward]: (place + 1) % tabs.length, [back]: (place + tabs.length - 1) % tabs.length,
        Home: 0, End: tabs.length - 1,
      }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      this.tab(tabs[next].dataset.target);
      tabs[next].focus();
    }

    /* Something was changed that no control's event tells of. */
    touch() {
      this.refresh();
    }

    part(name, inside = this.root) {
      return inside.querySelector('[data-mcp="' + name + '"]');
    }

    parts(selector, inside = this.root) {
      return Array.from(inside.querySelectorAll(selector));
    }

    cards() {
      return this.parts("[data-card]");
    }

    control(name) {
      return this.parts("[data-control]").find((item) => item.dataset.control === name);
    }

    value(name) {
      const control = this.control(name);
      if (!control) return "";
      return control.type === "checkbox" ? control.checked : control.value;
    }

    id(name) {
      return this.args.uid + "-" + name.split(".").join("-");
    }

    /* Everything on the page that follows from something else on it. */
    refresh() {
      this.nameCards();
      this.listRequired();
      this.tellRule();
      this.tellUnused();
      this.tellGrace();
      this.tell("refresh");
    }

    /* Where nothing follows there is nothing to wait for; what is wrong is shown all the same. */
    tellGrace() {
      const grace = this.control("upkeep.grace_days");
      if (!grace) return;
      const wrong = grace.getAttribute("aria-invalid") === "true";
      grace.closest(".mcp-studio__control").hidden = this.value("upkeep.regrade") === "keep" && !wrong;
    }

    nameCards() {
      const cards = this.cards();
      cards.forEach((card, place) => {
        const key = card.dataset.card;
        this.part("number", card).textContent = String(place + 1) + ".";
        this.part("name", card).textContent = this.title(card);
        const threshold = String(this.value(key + ".threshold")).trim();
        this.part("brief", card).textContent = threshold
          ? this.texts.threshold.replace("{threshold}", () => threshold)
          : "";
        card.querySelector('[data-action="up"]').setAttribute("aria-disabled", String(place === 0));
        card.querySelector('[data-action="down"]').setAttribute("aria-disabled", String(place === cards.length - 1));
        const assessed = this.assessing(card);
        const unassessed = this.part("unassessed", card);
        if (unassessed) unassessed.hidden = assessed.length > 0;
        const several = this.part("several", card);
        if (several) several.hidden = assessed.length < 2;
        card.classList.toggle("mcp-studio__card--open", this.foldOf(card).getAttribute("aria-expanded") === "true");
        this.parts("[data-row]", card).forEach((row) => {
          row.querySelector('[data-part="weight-part"]').hidden = !row.querySelector('[data-part="tick"]').checked;
        });
      });
    }

    title(card) {
      const typed = this.value(card.dataset.card + ".title");
      return (typed && typed.trim()) || this.texts.untitled;
    }

    foldOf(card) {
      return card.querySelector('[data-action="fold"]');
    }

    /* The references that assess a card's outcome. */
    assessing(card) {
      const ticked = this.parts("[data-row]", card).filter((row) => row.querySelector('[data-part="tick"]').checked);
      return ticked.map((row) => row.dataset.block).concat(JSON.parse(card.dataset.grouped));
    }

    /* The list of outcomes a rule may require follows the cards: their order, their titles. */
    listRequired() {
      const place = this.part("required");
      const blank = this.part("required-row").content;
      const keys = this.cards().map((card) => "key:" + card.dataset.card);
      const now = this.parts("[data-required]", place).map((box) => box.dataset.required);
      if (now.join(" ") !== keys.join(" ")) {
        const rows = keys.map((token) => {
          const row = blank.cloneNode(true);
          const box = row.querySelector("input");
          box.id = this.id("required." + token.slice(4));
          box.dataset.required = token;
          box.checked = this.ticked.has(token);
          row.querySelector("label").htmlFor = box.id;
          return row;
        });
        place.replaceChildren(...rows);
      }
      this.cards().forEach((card, number) => {
        place.children[number].querySelector("label").textContent = this.title(card);
      });
    }

    required() {
      return this.parts("[data-required]")
        .filter((box) => box.checked)
        .map((box) => box.dataset.required);
    }

    /* The mastery rule read back in plain words, or why it cannot be met. */
    tellRule() {
      const rule = this.value("mastery.rule");
      const certain = rule === "required-plus-n";
      this.part("required-part").hidden = !certain && !this.part("required-part").querySelector('[data-required^="id:"]');
      this.part("n-part").hidden = rule === "all";
      this.part("sentence").textContent = this.sentence(rule, certain);
    }

    sentence(rule, certain) {
      const texts = this.texts;
      const total = this.cards().length;
      if (!total) return texts.no_outcomes;
      if (rule === "all") return filled(texts.all[Math.min(total, texts.all.length - 1)], { total });
      const cards = this.cards().filter((card) => certain && this.required().includes("key:" + card.dataset.card));
      const typed = this.value("mastery.n").trim();
      if (typed && !/^\p{Nd}+$/u.test(typed)) return texts.number;
      const n = typed ? digits(typed) : 0;
      const most = total - cards.length;
      const least = certain && cards.length ? 0 : 1;
      if (n < least || n > most) return filled(texts.range, { n, least, most });
      if (!cards.length) return filled(texts.n_of_m, { n, total });
      const names = cards.map((card) => filled(texts.quoted, { title: this.title(card) })).join(texts.and);
      return filled(texts.required, { names, n });
    }

    tellUnused() {
      const used = new Set(this.cards().flatMap((card) => this.assessing(card)));
      const items = this.parts("[data-unused]");
      items.forEach((item) => (item.hidden = used.has(item.dataset.unused)));
      this.part("unused").hidden = items.every((item) => item.hidden);
    }

    changed(event) {
      const box = event.target;
      this.forget(box);
      if (box.dataset.required && box.checked) this.ticked.add(box.dataset.required);
      else if (box.dataset.required) this.ticked.delete(box.dataset.required);
      this.tell("changed", box, event);
      this.refresh();
    }

    /* What was said of a control is about its former value. */
    forget(control) {
      const place = control.dataset.control ? control : control.closest("[data-set]");
      if (!place) return;
      const note = document.getElementById(this.id(place.dataset.control || place.dataset.set) + "-problem");
      if (note) note.remove();
      place.removeAttribute("aria-invalid");
      describe(place, (id) => !id.endsWith("-problem"));
    }

    clicked(event) {
      const button = event.target.closest("[data-action]");
      if (!button || !this.root.contains(button)) return;
      const card = button.closest("[data-card]");
      const actions = {
        fold: () => this.fold(card, button.getAttribute("aria-expanded") !== "true"),
        up: () => this.move(card, -1, button),
        down: () => this.move(card, 1, button),
        delete: () => this.remove(card),
        undo: () => this.restore(button.closest("[data-gone]")),
        add: () => this.add(),
        save: () => this.save(),
        cancel: () => this.cancel(),
        reload: () => this.reload(),
        overwrite: () => this.overwrite(),
        go: () => this.go(button.dataset.target),
        tab: () => this.tab(button.dataset.target),
      };
      const name = button.dataset.action;
      event.preventDefault();
      event.stopPropagation(); // the window around has actions of its own
      if (button.getAttribute("aria-disabled") === "true") return;
      if (actions[name]) actions[name]();
      else this.tell("clicked", name, button, event);
    }

    fold(card, open) {
      const button = this.foldOf(card);
      button.setAttribute("aria-expanded", String(open));
      document.getElementById(button.getAttribute("aria-controls")).hidden = !open;
      card.classList.toggle("mcp-studio__card--open", open);
    }

    move(card, step, button) {
      const cards = this.cards();
      const other = cards[cards.indexOf(card) + step];
      if (step < 0) other.before(card);
      else other.after(card);
      this.refresh();
      button.focus();
      const number = this.cards().indexOf(card) + 1;
      this.say(filled(this.texts.moved, { title: this.title(card), number, total: cards.length }));
    }

    remove(card) {
      const note = this.part("removed-card").content.firstElementChild.cloneNode(true);
      const text = filled(this.texts.removed, { title: this.title(card) });
      note.querySelector('[data-part="text"]').textContent = text;
      this.gone.set(note, card);
      card.replaceWith(note);
      this.refresh();
      note.querySelector("button").focus();
      this.say(text);
    }

    restore(note) {
      const card = this.gone.get(note);
      this.gone.delete(note);
      note.replaceWith(card);
      this.tell("card", card, false);
      this.refresh();
      card.focus();
      this.say(filled(this.texts.restored, { title: this.title(card) }));
    }

    /* A new outcome; with the values that its controls are to have, by the controls' names. */
    add(values = null) {
      this.added = (this.added || 0) + 1;
      const key = "new" + this.added;
      const holder = document.createElement("ol");
      holder.innerHTML = this.part("blank-card").innerHTML.replaceAll("__key__", key);
      const card = holder.firstElementChild;
      this.part("cards").append(card);
      Object.entries(values || {}).forEach(([name, value]) => {
        const control = this.control(key + "." + name);
        if (!control) return;
        if (control.type === "checkbox") control.checked = Boolean(value);
        else control.value = String(value);
      });
      this.tell("card", card, true, values || {});
      this.touch();
      if (values) return card;
      this.tab("outcomes");
      this.control(key + ".title").focus();
      this.say(this.texts.added);
      return card;
    }

    /* Unsaved work is given up: Studio closes its window; a page without one shows what is stored. */
    cancel() {
      this.notify("cancel", {});
      if (this.root.isConnected && !this.root.closest(".modal-window")) this.reload();
    }

    /* What a save would send now. */
    draft() {
      return this.collect();
    }

    collect() {
      const outcomes = this.cards().map((card) => this.collectCard(card));
      const recognition = { quality_assurance: {}, bloc: {} };
      this.parts('[data-control^="recognition."]').forEach((control) => {
        const path = control.dataset.control.split(".").slice(1);
        const place = path.length > 1 ? recognition[path[0]] : recognition;
        place[path[path.length - 1]] = control.value;
      });
      const submission = {
        digest: this.args.digest,
        title: this.value("title"),
        description: this.value("description"),
        language: this.value("language"),
        outcomes,
        mastery: { rule: this.value("mastery.rule"), n: this.value("mastery.n"), required: this.required() },
        recognition,
        upkeep: {
          regrade: this.value("upkeep.regrade"),
          grace_days: this.value("upkeep.grace_days"),
          valid_months: this.value("upkeep.valid_months"),
        },
        caption: this.value("image.caption"),
      };
      this.tell("collect", submission);
      return submission;
    }

    collectCard(card) {
      const key = card.dataset.card;
      const outcome = { key };
      if (Object.prototype.hasOwnProperty.call(this.args.sources, key)) outcome.source = this.args.sources[key];
      this.parts("[data-control]", card).forEach((control) => {
        outcome[control.dataset.control.slice(key.length + 1)] = this.value(control.dataset.control);
      });
      const rows = this.parts("[data-row]", card).filter((row) => row.querySelector('[data-part="tick"]').checked);
      outcome.blocks = rows.map((row) => ({
        block: row.dataset.block,
        weight: row.querySelector('[data-part="weight"]').value,
        member: row.dataset.member === "" ? "" : Number(row.dataset.member),
      }));
      this.tell("collectCard", card, outcome);
      return outcome;
    }

    async save() {
      if (this.working) return;
      this.notify("save", { state: "start", message: this.texts.saving });
      const answer = await this.work("save_pill", this.collect());
      if (!answer.ok) return this.refused(answer);
      const own = this.isOwnPage();
      this.stored(answer);
      this.notify("save", { state: "end" });
      if (own) window.location.reload();
      return undefined;
    }

    /* Studio shows a block anew after a save, but not the one whose own page this is. */
    isOwnPage() {
      const usage = this.root.closest("[data-usage-id]");
      const page = document.querySelector(".level-page[data-locator]");
      return Boolean(usage && page && page.dataset.locator === usage.dataset.usageId);
    }

    stored(answer) {
      const active = document.activeElement;
      const place = this.root.contains(active) && active.id;
      const open = new Map(this.cards().map((card) => [this.title(card), this.foldOf(card).getAttribute("aria-expanded")]));
      this.complain(null);
      this.replace(answer);
      this.cards().forEach((card) => open.has(this.title(card)) && this.fold(card, open.get(this.title(card)) === "true"));
      const again = place && document.getElementById(place);
      if (again) again.focus({ preventScroll: true });
      this.say(answer.args.problems.length ? this.texts.unfinished : this.texts.saved);
    }

    replace(answer) {
      this.part("form").innerHTML = answer.html;
      this.start(answer.args);
    }

    refused(answer) {
      this.say("");
      this.complain(answer.message, answer.code === "definition-changed");
      this.newest = answer.digest;
      this.notify("error", { title: this.texts.not_saved, message: answer.message });
      if (answer.problems) {
        this.show(answer.problems, "refused");
        this.go(answer.problems[0].control);
      } else if (answer.code === "definition-changed") {
        this.root.querySelector('[data-action="overwrite"]').focus();
      } else {
        this.part("body").scrollTop = 0;
      }
    }

    /* Knowingly: what is stored is replaced by what is in the form, if it is still what she was told about. */
    overwrite() {
      this.args.digest = this.newest;
      this.complain(null);
      this.save();
    }

    async reload() {
      const answer = await this.work("edit_form", {});
      if (!answer.ok) return this.refused(answer);
      this.complain(null);
      this.replace(answer);
      this.say("");
      return this.part("body").focus();
    }

    /* Saving and reloading: the one or the other, and nobody may press the button meanwhile. */
    async work(handler, data) {
      const button = this.root.querySelector('[data-action="save"]');
      this.working = true;
      button.setAttribute("aria-disabled", "true");
      this.say(this.texts.saving);
      try {
        return await this.ask(handler, data);
      } finally {
        this.working = false;
        button.removeAttribute("aria-disabled");
      }
    }

    ask(handler, data) {
      return this.request(handler, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(data) });
    }

    /* The same with files; ``form`` is a FormData. */
    send(handler, form) {
      return this.request(handler, { headers: {}, body: form });
    }

    /* The handler's answer, or one that says in words why there is none. */
    async request(handler, { headers, body }) {
      try {
        const response = await fetch(this.runtime.handlerUrl(this.element, handler), {
          method: "POST",
          credentials: "same-origin",
          headers: { "X-CSRFToken": cookie("csrftoken"), ...headers },
          body,
        });
        if ((response.headers.get("Content-Type") || "").includes("json")) {
          const answer = await response.json();
          if (typeof answer.ok === "boolean") return answer;
        }
        return { ok: false, message: [401, 403].includes(response.status) ? this.texts.signed_out : this.texts.failed };
      } catch (error) {
        return { ok: false, message: this.texts.failed };
      }
    }

    notify(name, data) {
      if (typeof this.runtime.notify === "function") this.runtime.notify(name, data);
    }

    say(text) {
      this.part("status").textContent = text;
    }

    complain(message, choices = false) {
      const alert = this.part("alert");
      this.part("alert-text").textContent = message || "";
      this.part("choices").hidden = !choices;
      alert.hidden = !message;
    }

    /* Problems in a list on top, and each beside its control. Those of an earlier save make way. */
    show(problems, kind) {
      this.parts("[data-problem]").forEach((note) => note.remove());
      this.parts("[aria-invalid]").forEach((control) => {
        control.removeAttribute("aria-invalid");
        describe(control, (id) => !id.endsWith("-problem"));
      });
      if (kind === "wanting") this.listProblems(problems);
      problems.forEach((problem) => this.mark(problem, kind));
      this.countProblems(problems);
    }

    /* Each tab says how much waits behind it. */
    countProblems(problems) {
      const places = problems.map((problem) => this.place(problem.control)).filter(Boolean);
      const panels = places.map((place) => place.closest("[data-tab]")).filter(Boolean);
      this.parts('[role="tab"]').forEach((tab) => {
        const count = panels.filter((panel) => panel.dataset.tab === tab.dataset.target).length;
        const badge = this.part("tab-count", tab);
        badge.hidden = !count;
        badge.textContent = count ? String(count) : "";
        const label = this.part("tab-problems", tab);
        label.textContent = count ? filled(this.texts.to_mend, { count }) : "";
      });
    }

    /* The control, card or section of that name. */
    place(name) {
      return this.control(name) || document.getElementById(this.id(name));
    }

    listProblems(problems) {
      const items = problems.map((problem) => {
        const item = document.createElement("li");
        item.className = "mcp-studio__item";
        const button = document.createElement("button");
        Object.assign(button, { type: "button", className: "mcp-studio__link", textContent: problem.place });
        Object.assign(button.dataset, { action: "go", target: problem.control });
        item.append(button, " ", problem.text);
        return item;
      });
      this.part("problem-list").replaceChildren(...items);
      this.part("problems").hidden = !items.length;
    }

    mark(problem, kind) {
      const control = this.control(problem.control);
      const group = control ? null : this.parts("[data-set]").find((item) => item.dataset.set === problem.control);
      const target = control || group;
      if (!target) return;
      const note = document.createElement("p");
      const id = this.id(problem.control) + "-problem";
      const known = document.getElementById(id);
      if (known) return known.append(" ", problem.text);
      Object.assign(note, { id, className: "mcp-studio__note mcp-studio__note--" + kind, textContent: problem.text });
      note.dataset.problem = kind;
      if (control) control.closest(".mcp-studio__control, .mcp-studio__block").append(note);
      else group.append(note);
      if (control) control.setAttribute("aria-invalid", "true");
      describe(target, () => true, id);
      return undefined;
    }

    /* To the control, card or section of that name. */
    go(name) {
      const target = this.place(name);
      if (!target) return;
      const panel = target.closest("[data-tab]");
      if (panel) this.tab(panel.dataset.tab);
      const card = target.closest("[data-card]");
      if (card) this.fold(card, true);
      const details = target.closest("details");
      if (details) details.open = true;
      target.focus({ preventScroll: true });
      target.scrollIntoView({ block: "center" });
    }
  }

  /* Keep those ids of aria-describedby that may stay, and put one more in front. */
  function describe(element, stays, id) {
    const ids = (element.getAttribute("aria-describedby") || "").split(" ").filter((item) => item && stays(item));
    const all = id ? [id, ...ids] : ids;
    if (all.length) element.setAttribute("aria-describedby", all.join(" "));
    else element.removeAttribute("aria-describedby");
  }

  function filled(text, values) {
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  }

  /* A number from decimal digits of any script: each script has its ten in one row. */
  function digits(text) {
    return Array.from(text).reduce((number, digit) => {
      let code = digit.codePointAt(0);
      let value = 0;
      while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - 1))) {
        code -= 1;
        value += 1;
      }
      return number * 10 + value;
    }, 0);
  }

  function cookie(name) {
    const found = document.cookie.split("; ").find((item) => item.startsWith(name + "="));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  window.MicrocredStudio = function (runtime, element, args) {
    return new Editor(runtime, element, args);
  };
})();
