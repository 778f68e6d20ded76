/* The mastery rule: which outcomes it can require, and the rule read back in plain words. */
(function () {
  "use strict";

  const TOLD = 4; // different thresholds that are told one by one; of more only the range

  class Mastery {
    constructor(editor) {
      this.editor = editor;
    }

    start(args) {
      this.texts = args;
      this.ticked = new Set(this.editor.args.required.filter((token) => token.startsWith("key:")));
    }

    changed(box) {
      if (!box.dataset.required) return;
      if (box.checked) this.ticked.add(box.dataset.required);
      else this.ticked.delete(box.dataset.required);
    }

    refresh() {
      this.list();
      const rule = this.editor.value("mastery.rule");
      const certain = rule === "required-plus-n";
      const set = this.editor.part("required-part");
      set.hidden = !certain && !set.querySelector('[data-required^="id:"]');
      this.editor.part("n-part").hidden = rule === "all";
      const sentence = this.editor.part("sentence");
      const told = this.sentence(rule, certain);
      if (sentence.textContent !== told) sentence.textContent = told;
    }

    /* The outcomes a rule may require follow the cards: their order, their titles. */
    list() {
      const place = this.editor.part("required");
      const cards = this.editor.cards();
      const keys = cards.map((card) => "key:" + card.dataset.card);
      const now = this.editor.parts("[data-required]", place).map((box) => box.dataset.required);
      if (now.join(" ") !== keys.join(" ")) place.replaceChildren(...keys.map((token) => this.row(token)));
      cards.forEach((card, number) => {
        place.children[number].querySelector("label").textContent = this.editor.title(card);
      });
    }

    row(token) {
      const row = this.editor.part("required-row").content.firstElementChild.cloneNode(true);
      const box = row.querySelector("input");
      box.id = this.editor.id("required." + token.slice(4));
      box.dataset.required = token;
      box.checked = this.ticked.has(token);
      row.querySelector("label").htmlFor = box.id;
      return row;
    }

    required() {
      return this.editor
        .parts("[data-required]")
        .filter((box) => box.checked)
        .map((box) => box.dataset.required);
    }

    collect(submission) {
      submission.mastery = {
        rule: this.editor.value("mastery.rule"),
        n: this.editor.value("mastery.n"),
        required: this.required(),
      };
    }

    /* The rule in words; or what is missing to say it, or why it cannot be met. */
    sentence(rule, certain) {
      const editor = this.editor;
      const texts = this.texts;
      const cards = editor.cards();
      const total = cards.length;
      if (!total) return texts.no_outcomes;
      if (rule === "all") return this.told(editor.plural(texts.all, total, { total }), cards);
      const required = new Set(certain ? this.required() : []);
      const wanted = cards.filter((card) => required.has("key:" + card.dataset.card));
      const most = total - wanted.length;
      const least = wanted.length ? 0 : 1;
      const typed = editor.value("mastery.n").trim();
      if (!typed) return editor.plural(texts.how_many, most, { least, most });
      const n = editor.number(typed);
      if (!Number.isInteger(n)) return texts.number;
      if (n < least || n > most) return editor.fill(texts.range, { n, least, most });
      if (!wanted.length && n === total) return this.told(editor.plural(texts.all, total, { total }), cards);
      if (!wanted.length) return this.told(editor.plural(texts.some, n, { n, total }), cards);
      const names = wanted.map((card) => editor.fill(texts.quoted, { title: isolated(editor.title(card)) }));
      const joined = { names: names.join(texts.and), n };
      return this.told(n ? editor.plural(texts.others, n, joined) : editor.fill(texts.only, joined), cards);
    }

    /* The rule, with what each outcome needs. */
    told(rule, cards) {
      const texts = this.texts;
      const needs = cards
        .map((card, place) => ({ number: place + 1, ...this.share(this.editor.value(card.dataset.card + ".threshold")) }))
        .filter((need) => need.share >= 0 && need.share <= 100);
      const open = cards.length - needs.length;
      const clauses = [rule];
      if (needs.length) clauses.push(...this.needs(needs));
      if (open) clauses.push(this.editor.plural(texts.open, open));
      const whole = clauses.reduce((first, second) => this.editor.fill(texts.clauses, { first, second }));
      return this.editor.fill(texts.sentence, { text: whole });
    }

    /* What was typed as a percentage, without its sign, and its number. */
    share(text) {
      const typed = this.editor.bare(text);
      return { typed, share: this.editor.number(typed) };
    }

    /* What the outcomes need: all the same, or by their numbers, or from the least to the most. */
    needs(needs) {
      const { editor, texts } = this;
      const groups = new Map();
      needs.forEach((need) => {
        groups.set(need.share, (groups.get(need.share) || []).concat(need));
      });
      const percent = (value) => editor.fill(texts.percent, { number: groups.get(value)[0].typed });
      const values = Array.from(groups.keys());
      if (values.length === 1) return [editor.plural(texts.each, needs.length, { threshold: percent(values[0]) })];
      if (values.length > TOLD) {
        return [editor.fill(texts.between, { least: percent(Math.min(...values)), most: percent(Math.max(...values)) })];
      }
      return values.map((value) => {
        const numbers = groups.get(value).map((need) => need.number);
        const told = { numbers: numbers.join(texts.and), threshold: percent(value) };
        return editor.plural(texts.apart, numbers.length, told);
      });
    }
  }

  /* With a direction of its own, or the quotes around it would go astray in the other direction. */
  function isolated(title) {
    return "\u2068" + title + "\u2069";
  }

  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).mastery = Mastery;
})();
