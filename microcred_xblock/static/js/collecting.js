/*
 * An offer that a wallet app collects: its QR code and link in a dialog, and what becomes of it, without a reload.
 * How to use an offer is told once; this page keeps it until it is left.
 */
(function () {
  "use strict";

  const SOON = 2000; // while the QR code is shown
  const LATER = 6000; // while it is not
  const TICK = 10000; // how long it is still good, in words
  const OPEN = ["open", "started"];

  class Collecting {
    constructor(pill) {
      this.pill = pill;
      this.channel = null; // whose offer the dialog holds
    }

    start() {
      this.pill.listen(document, "visibilitychange", () => this.look());
      const dialog = this.pill.part("collecting");
      if (!dialog) return;
      this.pill.listen(dialog, "change", (event) => event.target.matches("[data-way-choice]") && this.choose());
      this.pill.listen(dialog, "close", () => this.closed());
      this.look();
    }

    stop() {
      clearTimeout(this.timer);
      clearInterval(this.clock);
      this.timer = null;
    }

    async make(channel) {
      const pill = this.pill;
      const wanted = channel || this.channel;
      this.complain("");
      const answer = await pill.call("offer", { channel: wanted });
      if (!answer.ok) return this.opened() ? this.complain(answer.message) : pill.complain("problem", answer.message);
      this.channel = wanted;
      this.ends = new Date(answer.ends);
      this.state = null;
      pill.say("");
      pill.apply(answer);
      pill.localiseTimes(pill.part("collect"));
      this.part("offer-said").textContent = "";
      return this.show();
    }

    show() {
      const dialog = this.pill.part("collecting");
      if (!dialog.open) this.pill.open(dialog);
      dialog.querySelector(".mcp-dialog__title").focus();
      this.tick();
      clearInterval(this.clock);
      this.clock = setInterval(() => this.tick(), TICK);
      this.look();
    }

    /* The button that opened the dialog may be another one by now. */
    closed() {
      clearInterval(this.clock);
      this.look();
      const active = document.activeElement; // browsers leave the focus on what has just been hidden
      if (active && active !== document.body && !this.part("collecting").contains(active)) return;
      const buttons = Array.from(this.part("panel").querySelectorAll('[data-action="offer"]'));
      const same = buttons.find((button) => button.dataset.channel === this.channel);
      (same || this.part("panel")).focus({ preventScroll: true });
    }

    part(name) {
      return this.pill.part(name);
    }

    opened() {
      const dialog = this.part("collecting");
      return Boolean(dialog && dialog.open);
    }

    /* What the panel says of each offer decides whether there is anything to wait for. */
    look() {
      clearTimeout(this.timer);
      this.timer = null;
      if (!this.pill.root.isConnected) return this.stop();
      this.pill.root.querySelectorAll('[data-action="offer-show"]').forEach((button) => {
        button.hidden = button.dataset.channel !== this.channel;
      });
      if (this.opened() && this.state === null) this.told();
      const shown = Array.from(this.pill.root.querySelectorAll("[data-offer]"), (item) => item.dataset.state);
      if (this.opened()) shown.push(this.state); // the panel may show it no more, when another tab ended it
      const waits = shown.some((state) => OPEN.includes(state));
      if (waits && !document.hidden) this.timer = setTimeout(() => this.ask(), this.opened() ? SOON : LATER);
      return undefined;
    }

    /* What the dialog says, from the panel behind it. */
    told() {
      const place = this.pill.root.querySelector('[data-offer="' + this.channel + '"]');
      if (place) this.tell({ state: place.dataset.state, html: place.innerHTML });
    }

    async ask() {
      const asked = this.channel;
      const answer = await this.pill.call("offers", {});
      if (!this.pill.root.isConnected) return;
      if (!answer.ok) return this.look();
      if (this.opened() && asked === this.channel && answer.offers[this.channel]) this.tell(answer.offers[this.channel]);
      let over = false;
      this.pill.root.querySelectorAll("[data-offer]").forEach((place) => {
        const now = answer.offers[place.dataset.offer] || { state: "over" };
        if (now.state === place.dataset.state) return;
        place.dataset.state = now.state;
        place.innerHTML = now.html || "";
        this.pill.localiseTimes(place);
        over = over || !OPEN.includes(now.state);
        if (!this.opened()) this.pill.say(place.textContent.trim().replace(/\s+/g, " "));
      });
      this.look();
      if (over) this.pill.refresh();
    }

    tell(offer) {
      if (offer.state === this.state) return;
      this.state = offer.state;
      const place = this.part("offer-state");
      place.innerHTML = offer.html;
      place.dataset.state = offer.state;
      this.pill.localiseTimes(place);
      const good = OPEN.includes(offer.state);
      const lost = this.part("collect").contains(document.activeElement);
      this.part("offer-again").hidden = good || offer.state === "collected";
      if (good) return;
      clearInterval(this.clock);
      this.part("collect").textContent = ""; // nobody must scan what is good no more
      if (lost) this.part("collecting").querySelector(".mcp-dialog__title").focus();
    }

    choose() {
      const chosen = this.part("collect").querySelector("[data-way-choice]:checked").value;
      this.part("collect").querySelectorAll("[data-way]").forEach((way) => (way.hidden = way.dataset.way !== chosen));
    }

    /* In words, in the reader's language: “in 9 minutes”. */
    tick() {
      const place = this.pill.root.querySelector('[data-mcp="offer-left"]');
      if (!place || !window.Intl || !Intl.RelativeTimeFormat) return;
      const left = Math.round((this.ends - Date.now()) / 1000);
      if (left <= 0) return;
      const language = place.closest("[lang]") ? place.closest("[lang]").lang : undefined;
      const words = new Intl.RelativeTimeFormat(language, { numeric: "always" });
      const when = left < 90 ? words.format(left, "second") : words.format(Math.floor(left / 60), "minute");
      place.textContent = this.pill.args.texts.ends.replace("{when}", () => when);
    }

    async copy(button) {
      const field = document.getElementById(button.dataset.address);
      const texts = this.pill.args.texts;
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
        this.part("offer-said").textContent = texts.copied;
        button.textContent = texts.copied;
      } catch (error) {
        field.focus();
        this.complain(texts.copy_failed);
      }
    }

    complain(message) {
      this.pill.complain("offer-problem", message || null);
    }
  }

  window.MicrocredCollecting = Collecting;
})();
