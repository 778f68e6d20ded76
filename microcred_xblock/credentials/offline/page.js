/* The page: checks its own copies, tells the outcome in the reader's language, and checks files it is given. */
"use strict";

(() => {
  const held = JSON.parse(document.getElementById("archive").textContent);
  const checks = globalThis.microcredChecks;
  const ORDER = ["bad", "revoked", "suspended", "expired", "good"];
  const outcomes = []; // what the archive's own copies came to
  let language = held.language;

  const place = (id) => document.getElementById(id);
  const isolated = (text) => `\u2068${text}\u2069`; // a name or a date keeps its direction within a sentence

  function say(key, params = {}) {
    return Object.entries(params).reduce(
      (text, [name, value]) => text.replaceAll(`{${name}}`, () => isolated(value)), held.texts[language][key]
    );
  }

  function when(value) {
    const moment = new Date(value);
    return Number.isNaN(moment.getTime()) ? String(value) : new Intl.DateTimeFormat(
      language, { dateStyle: "long", timeStyle: "short", timeZone: "UTC" }
    ).format(moment) + " UTC";
  }

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    made.textContent = text;
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    return made;
  }

  /* One of ORDER. */
  function verdict(found) {
    if (found.code || found.statusCode === "status-broken") {
      return "bad";
    }
    const set = found.status.filter((entry) => entry.set).map((entry) => entry.purpose);
    if (set.length) {
      return set.includes("revocation") ? "revoked" : "suspended";
    }
    return found.expired ? "expired" : "good";
  }

  /* The sentences about one file. */
  function sentences(found) {
    if (found.code) {
      return [say(`code-${found.code}`)];
    }
    const told = [say(`fits-${found.form}`)];
    if (found.expired) {
      told.push(say("expired-on", { date: when(found.document.validUntil) }));
    }
    found.status.forEach((entry) => {
      told.push(say(`${entry.set ? "is" : "not"}-${entry.purpose}`, { date: when(entry.at) }));
    });
    if (found.statusCode) {
      told.push(say(`code-${found.statusCode}`));
    } else if (found.form === "elm") {
      told.push(say("status-twin"));
    } else if (!found.status.length) {
      told.push(say("code-no-list"));
    }
    return told;
  }

  function row(name, found) {
    const outcome = verdict(found);
    const item = element("li", "", { class: `row row--${outcome}`, "data-outcome": outcome });
    const heading = element("p", "", { class: "row__name" });
    heading.append(
      element("bdi", name), element("span", found.form ? say(`form-${found.form}`) : "", { class: "row__form" }),
      element("strong", say(outcome === "good" ? "mark-good" : `verdict-${outcome}`), { class: "mark" })
    );
    item.append(heading, ...sentences(found).map((text) => element("p", text)));
    return item;
  }

  /* What a verified file says, in its own words. */
  function facts(found) {
    const list = element("dl", "");
    const add = (key, ...values) => {
      const given = values.filter((value) => value !== undefined && value !== "");
      if (given.length) {
        const said = given.map((value) => {
          const item = element("dd", "");
          item.append(element("bdi", value)); // its own direction, but where the page's lines begin
          return item;
        });
        list.append(element("dt", say(key)), ...said);
      }
    };
    const source = found.document;
    const subject = source.credentialSubject || {};
    const achievement = subject.achievement || {};
    add("fact-title", achievement.name || source.name);
    add("fact-description", achievement.description);
    add("fact-issuer", (source.issuer || {}).name);
    add("fact-from", source.validFrom && when(source.validFrom));
    add("fact-until", source.validUntil && when(source.validUntil));
    const described = new Map((achievement.resultDescription || []).map((item) => [item.id, item]));
    add("fact-results", ...[subject.result || []].flat().map((result) => {
      const { name, resultType } = described.get(result.resultDescription) || {};
      const value = result.value && resultType === "Percent" ? `${result.value}\u00a0%` : result.value;
      return [name, value].filter(Boolean).join(" · ");
    }));
    return list;
  }

  function show() {
    document.documentElement.lang = language;
    document.documentElement.dir = held.rightToLeft.includes(language) ? "rtl" : "ltr";
    const params = { date: when(held.madeAt), issuer: held.issuer };
    document.querySelectorAll("[data-text]").forEach((item) => {
      item.textContent = say(item.dataset.text, params);
    });
    document.title = `${say("title")} – ${held.title}`;
    if (!checks.able) {
      tell("bad", "cannot");
      return;
    }
    if (outcomes.length < Object.keys(held.files).length) {
      return;
    }
    const worst = ORDER.find((name) => outcomes.some(({ found }) => verdict(found) === name));
    tell(worst, `verdict-${worst}`, `note-${worst}`);
    place("rows").replaceChildren(...outcomes.map(({ name, found }) => row(name, found)));
    const badge = outcomes.find(({ found }) => !found.code && found.form !== "elm");
    place("says").hidden = !badge || worst === "bad";
    if (badge) {
      place("facts").replaceChildren(facts(badge.found));
    }
  }

  function tell(outcome, title, note = "") {
    place("verdict").className = `verdict verdict--${outcome}`;
    place("verdict").dataset.outcome = outcome;
    place("verdict").replaceChildren(element("h2", say(title)));
    if (note) {
      place("verdict").append(element("p", say(note, { date: when(held.madeAt) })));
    }
  }

  let latest = null;

  async function given(file) {
    const found = await checks.check(new Uint8Array(await file.arrayBuffer()), held, new Date());
    latest = { name: file.name, found };
    showGiven();
  }

  function showGiven() {
    place("given").replaceChildren(...(latest ? [row(latest.name, latest.found)] : []));
  }

  function listen() {
    const drop = place("drop");
    const choose = place("choose");
    choose.addEventListener("change", () => choose.files.length && given(choose.files[0]));
    ["dragover", "drop"].forEach((name) => document.addEventListener(name, (event) => event.preventDefault()));
    drop.addEventListener("dragover", () => drop.classList.add("drop--over"));
    drop.addEventListener("dragleave", () => drop.classList.remove("drop--over"));
    drop.addEventListener("drop", (event) => {
      drop.classList.remove("drop--over");
      if (event.dataTransfer.files.length) {
        given(event.dataTransfer.files[0]);
      }
    });
    place("language").addEventListener("change", (event) => {
      language = event.target.value;
      show();
      showGiven();
    });
  }

  async function start() {
    listen();
    show();
    if (!checks.able) {
      return;
    }
    for (const [name, content] of Object.entries(held.files)) {
      const bytes = new TextEncoder().encode(content);
      outcomes.push({ name, found: await checks.check(bytes, held, new Date()) });
    }
    show();
  }

  start();
})();
