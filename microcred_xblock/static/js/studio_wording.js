/*
 * Advice on wording, below what is being typed: never an error, never in a language without data.
 * The rule is that of authoring/wording.py; a test holds the two against each other.
 */
(function () {
  "use strict";

  const PAUSE = 500; // milliseconds without a keystroke

  class Wording {
    constructor(editor) {
      this.editor = editor;
      this.timers = new Map();
    }

    start(args) {
      this.args = args;
      this.adviseTitle();
    }

    card(card) {
      this.adviseOutcome(card.dataset.card);
    }

    changed(control) {
      const name = control.dataset.control;
      if (!name) return;
      if (name === "title") this.later(name, () => this.adviseTitle());
      else if (name === "language") this.adviseAll();
      else if (name.endsWith(".title") && control.closest("[data-card]")) {
        const key = control.closest("[data-card]").dataset.card;
        this.later(name, () => this.adviseOutcome(key));
      } else if (name.endsWith(".kind")) this.adviseAll();
    }

    later(name, advise) {
      clearTimeout(this.timers.get(name));
      this.timers.set(name, setTimeout(advise, PAUSE));
    }

    adviseAll() {
      this.editor.cards().forEach((card) => this.adviseOutcome(card.dataset.card));
    }

    adviseTitle() {
      const title = this.editor.value("title").trim();
      const copy = new RegExp(this.args.copy, "i").test(title);
      const unchanged = this.args.defaults.some((text) => text.toLowerCase() === title.toLowerCase());
      this.show("title", copy ? [this.args.texts.copy] : unchanged ? [this.args.texts.default] : []);
    }

    adviseOutcome(key) {
      const language = this.editor.value("language");
      const kind = this.editor.value(key + ".kind") === "knowledge" ? "knowledge" : "skill";
      const found = advice(this.editor.value(key + ".title"), language, this.args);
      const words = this.args.languages[base(language)];
      const texts = found.map(([code, word]) =>
        this.editor.fill(this.args.texts[code], {
          word: isolated(word),
          examples: words.examples[kind].map(isolated).join(this.args.and),
        })
      );
      this.show(key + ".title", texts);
    }

    /* Below the control, and read with it. */
    show(name, texts) {
      const control = this.editor.control(name);
      if (!control) return;
      const id = this.editor.id(name) + "-advice";
      const known = document.getElementById(id);
      if (known) known.remove();
      const others = (control.getAttribute("aria-describedby") || "").split(" ").filter((item) => item && item !== id);
      if (texts.length) {
        const list = document.createElement("div");
        list.id = id;
        list.className = "mcp-studio__advice";
        texts.forEach((text) => {
          const line = document.createElement("p");
          line.className = "mcp-studio__hint";
          line.textContent = text;
          list.append(line);
        });
        control.after(list);
        others.push(id);
      }
      if (others.length) control.setAttribute("aria-describedby", others.join(" "));
      else control.removeAttribute("aria-describedby");
    }
  }

  function base(language) {
    return language.toLowerCase().replaceAll("_", "-").split("-")[0];
  }

  function isolated(text) {
    return "\u2068" + text + "\u2069";
  }

  function plain(text) {
    return text
      .normalize("NFC")
      .toLowerCase()
      .replaceAll("’", "'")
      .replace(/[\u064b-\u065f\u0670\u0640]/g, "")
      .replace(/[\u0622\u0623\u0625\u0671]/g, "\u0627")
      .replace(/\s+/g, " ")
      .trim();
  }

  /* [code, word] of what could be worded better in an outcome's title. */
  function advice(title, language, data) {
    const words = data.languages[base(language)];
    const text = plain(title);
    if (!words || !text) return [];
    const found = [];
    const rest = afterLeads(text, words);
    const vague = begins(rest, words.vague);
    if (vague) found.push(["vague", vague]);
    const second = secondVerb(rest, words);
    if (second) found.push(["joined", second]);
    if (Array.from(title.trim()).length > data.long) found.push(["long", ""]);
    const blank = title.match(new RegExp(data.blank));
    if (blank) found.push(["blank", blank[0]]);
    return found;
  }

  function afterLeads(text, words) {
    let rest = text;
    for (let lead = begins(rest, words.leads); lead; lead = begins(rest, words.leads)) {
      rest = rest.slice(lead.length).trim();
    }
    return rest;
  }

  /* The longest of the phrases that the text begins with, as whole words. */
  function begins(text, phrases) {
    return phrases
      .filter((phrase) => starts(text, phrase))
      .reduce((longest, phrase) => (phrase.length > longest.length ? phrase : longest), "");
  }

  function starts(text, phrase) {
    if (!text.startsWith(phrase)) return false;
    const after = text.slice(phrase.length, phrase.length + 1);
    return phrase.endsWith("'") || !/[\p{L}\p{N}'-]/u.test(after);
  }

  function secondVerb(text, words) {
    const verbs = words.verbs.concat(words.vague);
    const first = begins(text, verbs);
    if (!first) return "";
    for (const [place, rest] of joined(text, words)) {
      const verb = begins(rest, verbs);
      const after = trimmed(rest.slice(verb.length));
      const direct = !trimmed(text.slice(first.length, place));
      if (verb && (direct || !words.objects.length || begins(after, words.objects))) return verb;
    }
    return "";
  }

  function trimmed(text) {
    return text.replace(/^[ ,]+|[ ,]+$/g, "");
  }

  function joined(text, words) {
    return Array.from(text.matchAll(/(?<= )\S+/g)).flatMap((match) => {
      const rest = text.slice(match.index);
      const join = begins(rest, words.joins);
      if (join) return [[match.index, rest.slice(join.length).trim()]];
      if (words.prefix && rest.startsWith(words.prefix)) return [[match.index, rest.slice(words.prefix.length)]];
      return [];
    });
  }

  Wording.advice = advice;
  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).wording = Wording;
})();
