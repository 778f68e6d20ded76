/*
 * The recognition tab: what the pill takes over, the meter of what Europe asks, and soft hints, all without a request.
 */
(function () {
  "use strict";

  const DAY = 24 * 60 * 60 * 1000;

  class Recognition {
    constructor(editor) {
      this.editor = editor;
    }

    start(args) {
      this.args = args;
      this.texts = args.texts || {};
      this.fields = new Map(
        this.editor.parts("datalist option").map((option) => [option.value, option.getAttribute("label")]),
      );
    }

    clicked(action, button) {
      const take = button.closest("[data-take]");
      if (!take || !["recognition-leave", "recognition-back"].includes(action)) return false;
      const name = take.dataset.take.split(".").pop();
      const leave = action === "recognition-leave";
      if (!leave) this.args.elements[name].controls.forEach((control) => this.empty(control));
      this.editor.control(take.dataset.take).value = leave ? "yes" : "";
      this.editor.touch();
      this.editor.say(leave ? this.texts.leave : this.texts.back);
      const next = this.editor.parts("button", take).find((item) => !item.hidden);
      (next || this.editor.control(this.args.elements[name].controls[0])).focus();
      return true;
    }

    empty(name) {
      const control = this.editor.control(name);
      control.value = "";
      this.editor.forget(control);
    }

    changed(control, event) {
      const name = control.dataset.control || "";
      if (name === "recognition.isced_f" && event.type === "change") this.choose(control);
      const element = this.args.elements[name.split(".")[1]];
      const flag = element && this.editor.control("recognition.not_stated." + name.split(".")[1]);
      if (flag && name.startsWith("recognition.") && control.value.trim()) flag.value = ""; // what is said is said
    }

    /* Who typed the name of a field of education means its code. */
    choose(control) {
      const typed = control.value.trim().toLowerCase();
      const found = Array.from(this.fields).filter(([code, name]) => name.toLowerCase() === typed || code === typed);
      if (found.length) control.value = found[found.length - 1][0];
    }

    refresh() {
      if (!this.args) return;
      Object.keys(this.args.elements).forEach((name) => this.showTaken(name));
      this.tellHints();
      this.measure();
    }

    /* How an element stands: own (something is typed or chosen), unsaid on purpose, taken over, or nothing at all. */
    state(name) {
      const element = this.args.elements[name];
      if (element.select && this.typed(element.controls[0]) === "-") return "unsaid";
      if (element.controls.some((control) => this.typed(control))) return "own";
      const flag = this.editor.control("recognition.not_stated." + name);
      if (flag && flag.value) return "unsaid";
      return element.source && !this.contradicted(name) ? "taken" : "nothing";
    }

    /* Whether a pill takes nothing over here because it would contradict what it says itself. */
    contradicted(name) {
      if (name === "stackability") return this.says("bloc") || this.says("towards");
      return ["bloc", "towards"].includes(name) && this.typed("recognition.stackability") === "stand-alone";
    }

    says(name) {
      return this.args.elements[name].controls.some((control) => this.typed(control));
    }

    typed(name) {
      return String(this.editor.value(name)).trim();
    }

    showTaken(name) {
      const flag = this.editor.control("recognition.not_stated." + name);
      if (!flag) return;
      const take = flag.closest("[data-take]");
      const state = this.state(name);
      const back = state === "unsaid" || (state === "own" && Boolean(this.args.elements[name].source));
      take.dataset.state = state;
      take.hidden = state === "nothing" && this.contradicted(name);
      this.editor.parts("span[data-when]", take).forEach((text) => (text.hidden = text.dataset.when !== state));
      this.editor.parts("button[data-when]", take).forEach((button) => {
        button.hidden = button.dataset.when === "taken" ? state !== "taken" : !back;
      });
      const said = this.editor.parts("span[data-when]", take).some((text) => !text.hidden && text.textContent);
      take.querySelector(".mcp-studio__taken").hidden = !said;
    }

    note(name, hint) {
      const text = this.editor.control("recognition." + name).getAttribute("aria-invalid") === "true" ? "" : hint;
      const note = this.editor.parts("[data-note]").find((item) => item.dataset.note === "recognition." + name);
      if (note.textContent !== text) note.textContent = text;
      note.hidden = !text;
    }

    /* What a save refused, or the stored pill lacks, stands beside its control: no hint says it again. */
    marked() {
      this.tellHints();
    }

    tellHints() {
      this.note("workload_hours", this.unread("workload_hours"));
      this.note("ects", this.unread("ects") || this.ratio());
      this.note("isced_f", this.field());
      const certification = this.typed("recognition.bloc.certification");
      const bloc = this.typed("recognition.bloc.bloc");
      const sound = /^(RNCP|RS)\d{1,6}$/.test(certification);
      this.note("bloc.certification", certification && !sound ? this.texts.certification : "");
      this.note("bloc.bloc", this.blocHint(certification, bloc));
      this.note("bloc.valid_until", this.ending());
      this.leadToRegister(sound ? certification : "");
      const alone = this.typed("recognition.stackability") === "stand-alone";
      this.note("stackability", alone && (this.says("bloc") || this.says("towards")) ? this.texts.alone : "");
    }

    blocHint(certification, bloc) {
      if (!bloc) return "";
      if (certification.startsWith("RS")) return this.texts.no_blocs;
      const fits = /^RNCP\d{1,6}BC\d{2}$/.test(bloc) && bloc.startsWith(certification + "BC");
      return fits ? "" : filled(this.texts.bloc, { certification: certification || "RNCP38596" });
    }

    /* Why a number is not counted, and would be refused when it is saved. */
    unread(name) {
      const typed = this.typed("recognition." + name);
      const { most, range } = this.args.elements[name];
      if (typed && Number.isNaN(this.editor.number(typed))) return this.texts.number;
      return !typed || certified(this.editor.number(typed), most) ? "" : range;
    }

    /* ECTS points are never computed from the hours; a rare proportion is only pointed out. */
    ratio() {
      const points = this.editor.number(this.typed("recognition.ects"));
      const taken = this.state("workload_hours") === "taken" ? this.args.hours : "";
      const hours = this.editor.number(this.typed("recognition.workload_hours") || taken);
      if (!(points > 0) || !(hours > 0)) return "";
      const each = hours / points;
      if (each >= 25 && each <= 30) return "";
      const language = this.editor.root.lang || undefined;
      const shown = new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(each);
      return filled(this.texts.ects, { hours: shown });
    }

    field() {
      const code = this.typed("recognition.isced_f");
      if (!code) return "";
      if (this.fields.has(code)) return filled(this.texts.field, { name: this.fields.get(code), code });
      return /^\d/.test(code) ? this.texts.no_field : "";
    }

    /* Whether the registration that the pill counts towards is over, or soon will be. */
    ending() {
      const date = this.state("bloc") === "taken" ? this.args.until : this.typed("recognition.bloc.valid_until");
      const last = Date.parse(date + "T23:59:59");
      if (!date || Number.isNaN(last)) return "";
      if (last < Date.now()) return this.texts.past;
      return last < Date.now() + this.args.soon * DAY ? this.texts.soon : "";
    }

    /* Where the certification's page in the public register is. */
    leadToRegister(code) {
      const link = this.editor.part("register");
      const [, register, number] = /^(RNCP|RS)(\d+)$/.exec(code) || [];
      link.hidden = !register;
      if (register) link.href = link.dataset.address + register.toLowerCase() + "/" + number + "/";
    }

    measure() {
      const done = { mandatory: 0, optional: 0 };
      const total = { mandatory: 0, optional: 0 };
      this.editor.parts("[data-meter]").forEach((item) => {
        const kind = "mandatory" in item.dataset ? "mandatory" : "optional";
        const judged = this.judge(item.dataset.meter);
        if (judged) this.mark(item, judged);
        total[kind] += 1;
        if (item.dataset.state !== "missing") done[kind] += 1;
      });
      const of = (kind) => filled(this.texts.of, { done: done[kind], total: total[kind] });
      const text = filled(this.texts.summary, { mandatory: of("mandatory"), optional: of("optional") });
      const line = this.editor.part("meter-text");
      if (line.textContent !== text) line.textContent = text; // said only where it changed
      this.editor.part("meter-bar").style.inlineSize = (100 * done.mandatory) / total.mandatory + "%";
    }

    mark(item, judged) {
      item.dataset.state = judged.done ? "complete" : "missing";
      const note = item.querySelector('[data-part="note"]');
      note.textContent = judged.note || "";
      note.hidden = !judged.note;
    }

    /* Whether an element is there that the author gives; null for those that others give. */
    judge(code) {
      if (code === "title") return { done: Boolean(this.typed("title")) };
      if (code === "outcomes") return { done: this.promises() };
      const names = this.args.meter[code];
      if (!names) return null;
      const found = names.find((name) => this.complete(name));
      if (found) {
        const source = this.state(found) === "taken" ? this.args.elements[found].source : "";
        return { done: true, note: (code === "stackability" && this.ending()) || source };
      }
      const none = code === "level" && this.state("eqf_level") === "unsaid";
      return { done: none, note: none ? this.texts.none_applies : "" };
    }

    complete(name) {
      const element = this.args.elements[name];
      const state = this.state(name);
      if (state !== "own") return state === "taken";
      if (element.most) return certified(this.editor.number(this.typed(element.controls[0])), element.most);
      return element.needed.every((control) => this.typed(control));
    }

    promises() {
      const cards = this.editor.cards();
      const outcomes = this.editor.extras.get("outcomes");
      return cards.length > 0 && cards.every(
        (card) => this.typed(card.dataset.card + ".title") && outcomes.assessing(card).length > 0,
      );
    }
  }

  /* Above nothing, with two decimals at most. */
  function certified(number, most) {
    return number > 0 && number <= most && Math.abs(number * 100 - Math.round(number * 100)) < 1e-6;
  }

  function filled(text, values) {
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  }

  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).recognition = Recognition;
})();
