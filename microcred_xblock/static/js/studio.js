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
      // The form's parts, in their scripts' order. Each may have start, settled, card, refresh, changed, clicked, saving …
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
      this.tab(this.opened || "pill");
      this.extras.forEach((part, name) => part.start && part.start((args.parts || {})[name] || {}));
      this.cards().forEach((card) => this.tell("card", card, false));
      this.refresh();
      this.show(args.problems, "wanting");
      this.tell("settled");
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
      this.tell("touched");
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

    /* By its id, as a rule: a large form asks this hundreds of times for each keystroke. */
    control(name) {
      const known = document.getElementById(this.id(name));
      if (known && known.dataset.control === name) return known;
      return this.root.querySelector('[data-control="' + CSS.escape(name) + '"]');
    }

    /* A number as a person writes it; NaN of anything else. */
    number(text) {
      return window.MicrocredStudioTools.number(text, this.args.decimal_comma);
    }

    /* What was typed as a percentage, without the sign that it may have. */
    bare(text) {
      return text.trim().replace(/[%٪]+$/, "").trim();
    }

    value(name) {
      return valueOf(this.control(name));
    }

    id(name) {
      return this.args.uid + "-" + name.split(".").join("-");
    }

    /* Everything on the page that follows from something else on it. */
    refresh() {
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

    title(card) {
      const typed = this.value(card.dataset.card + ".title");
      return (typed && typed.trim()) || this.texts.untitled;
    }

    foldOf(card) {
      return card.querySelector('[data-action="fold"]');
    }

    changed(event) {
      this.forget(event.target);
      this.tell("changed", event.target, event);
      this.touch();
    }

    clicked(event) {
      const button = event.target.closest("[data-action]");
      if (!button || !this.root.contains(button)) return;
      const actions = {
        save: () => this.save(),
        cancel: () => this.cancel(),
        reload: () => this.tell("dropping", button) || this.reload(),
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

    remove(card) {
      this.extras.get("cards").remove(card);
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

    /* Unsaved work is given up, if that is meant: Studio closes its window; a page without one shows what is stored. */
    cancel() {
      if (!this.tell("leaving")) this.leave();
    }

    /* Answers whether the form is left: where there is no window to close, the stored form may not come. */
    leave() {
      this.notify("cancel", {});
      return this.root.isConnected && !this.root.closest(".modal-window") ? this.reload() : true;
    }

    /* What a save would send now. */
    draft() {
      return this.collect();
    }

    collect() {
      const outcomes = this.cards().map((card) => this.collectCard(card));
      const recognition = {};
      this.parts('[data-control^="recognition."]').forEach((control) => {
        const path = control.dataset.control.split(".").slice(1);
        if (path.length > 1) recognition[path[0]] = recognition[path[0]] || {};
        const place = path.length > 1 ? recognition[path[0]] : recognition;
        place[path[path.length - 1]] = control.value;
      });
      const submission = {
        digest: this.args.digest,
        title: this.value("title"),
        description: this.value("description"),
        language: this.value("language"),
        outcomes,
        mastery: {},
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
        if (!control.closest("[data-row]")) outcome[control.dataset.control.slice(key.length + 1)] = valueOf(control);
      });
      this.tell("collectCard", card, outcome);
      return outcome;
    }

    /* Unless one of the parts has something that cannot be saved yet, and has said so. */
    async save() {
      if (this.working || this.tell("saving")) return;
      this.notify("save", { state: "start", message: this.texts.saving });
      const answer = await this.work("save_pill", this.collect(), this.texts.saving);
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
      this.extras.get("changes").claim(answer.args.problems.length ? this.texts.unfinished : this.texts.saved);
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

    /* Answers whether the stored form is there; until it is, what she typed stays, and a conflict can be decided. */
    async reload() {
      const answer = await this.work("edit_form", {}, this.texts.loading);
      this.say("");
      if (!answer.ok) {
        const out = answer.message === this.texts.signed_out && this.texts.signed_out_again;
        const message = answer.code ? answer.message : out || this.texts.not_loaded;
        this.complain(message, !this.part("choices").hidden);
        this.notify("error", { title: this.texts.not_loaded_title, message });
        this.part("body").scrollTop = 0;
        return false;
      }
      this.complain(null);
      this.replace(answer);
      this.part("body").focus();
      return true;
    }

    /* Saving and reloading: the one or the other. Meanwhile nobody types what the answer would overwrite. */
    async work(handler, data, text) {
      const button = this.root.querySelector('[data-action="save"]');
      const active = document.activeElement;
      const form = this.part("form");
      this.working = true;
      form.inert = true;
      button.setAttribute("aria-disabled", "true");
      this.say(text);
      try {
        return await this.ask(handler, data);
      } finally {
        this.working = false;
        form.inert = false;
        button.removeAttribute("aria-disabled");
        if (document.activeElement === document.body && form.contains(active)) active.focus({ preventScroll: true });
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
          redirect: "manual", // Studio sends who is signed out to the page where one signs in, often of another host
          headers: { "X-CSRFToken": cookie("csrftoken"), ...headers },
          body,
        });
        if ((response.headers.get("Content-Type") || "").includes("json")) {
          const answer = await response.json();
          if (typeof answer.ok === "boolean") return answer;
        }
        const out = response.type === "opaqueredirect" || [401, 403].includes(response.status);
        return { ok: false, message: out ? this.texts.signed_out : this.texts.failed };
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

    /* The control, card or section of that name. */
    place(name) {
      return this.control(name) || document.getElementById(this.id(name));
    }

    show(problems, kind) {
      this.extras.get("problems").show(problems, kind);
    }

    forget(control) {
      this.extras.get("problems").forget(control);
    }

    /* To the control, card or section of that name, whatever hides it. */
    go(name) {
      this.extras.get("problems").go(name);
    }

    fill(text, values) {
      return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
    }

    /* The form for a number, of those the server sent for a text. */
    plural(text, number, values = {}) {
      const form = text.forms[Number(text.of[Math.min(number, text.of.length - 1)])];
      return this.fill(form, { count: number, ...values });
    }
  }

  function valueOf(control) {
    if (!control) return "";
    return control.type === "checkbox" ? control.checked : control.value;
  }

  function cookie(name) {
    const found = document.cookie.split("; ").find((item) => item.startsWith(name + "="));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  window.MicrocredStudio = function (runtime, element, args) {
    return new Editor(runtime, element, args);
  };
})();
