/*
 * The learning pill in the page: actions, dialogs, and progress without a reload.
 * All texts come from the server; the one global is the init function that XBlock asks for.
 */
(function () {
  "use strict";

  const AFTER_ANSWER = [150, 2000, 8000]; // a score may be stored a little after the answer
  const AFTER_CLICK = [3000]; // for children whose requests cannot be seen, e.g. in a frame
  const WHILE_BUSY = [800, 1500, 3000, 5000, 10000, 20000];
  const LOOK = 1000; // whether the wallet's window is still open
  const CHANNEL = "microcred-learning-pill";
  const FRAMED = window.self !== window.top;

  class Pill {
    constructor(runtime, element, args) {
      this.runtime = runtime;
      this.element = element;
      this.args = args;
      const host = element.jquery ? element[0] : element;
      this.root = host.id === args.uid ? host : host.querySelector("#" + args.uid);
      this.standing = new Map();
      this.timers = [];
      this.working = false;
      this.touched = false;
      this.turn = 0; // counts actions
      this.digest = null;
      this.stoppers = [];
      this.collecting = new window.MicrocredCollecting(this);
      if (!this.root) return;
      this.localiseTimes(this.root);
      if (args.learner) this.start();
    }

    part(name) {
      return this.root.querySelector('[data-mcp="' + name + '"]');
    }

    start() {
      this.rememberStanding();
      this.listen(this.root, "click", (event) => this.clicked(event));
      this.listen(this.root, "keydown", (event) => this.entered(event));
      this.listen(document, "visibilitychange", () => document.hidden || this.soon([0]));
      this.listen(window, "focus", () => this.soon([0]));
      this.watchChildren();
      this.openChannel();
      this.collecting.start();
      this.root.querySelectorAll("dialog").forEach((dialog) => {
        this.listen(dialog, "click", (event) => event.target === dialog && dialog.close());
        this.listen(window, "resize", () => this.place(dialog));
      });
      if (this.args.record || this.pending()) this.soon([0]);
      else if (this.args.busy) this.soon(WHILE_BUSY);
    }

    listen(target, name, handler, capture = false) {
      const guarded = (event) => (this.root.isConnected ? handler(event) : this.stop());
      target.addEventListener(name, guarded, capture);
      this.stoppers.push(() => target.removeEventListener(name, guarded, capture));
    }

    stop() {
      this.timers.forEach(clearTimeout);
      clearInterval(this.looking);
      this.collecting.stop();
      this.stoppers.forEach((stopper) => stopper());
      this.stoppers = [];
    }

    watchChildren() {
      const content = this.root.querySelector(".mcp-content");
      if (!content) return;
      const touch = () => (this.touched = true); // what children load by themselves is no answer
      ["pointerdown", "keydown", "dragstart"].forEach((name) => this.listen(content, name, touch, true));
      ["submit", "drop"].forEach((name) => this.listen(content, name, () => this.soon(AFTER_CLICK), true));
      this.listen(content, "click", (event) => {
        if (event.target.closest("button, input, [role=button]")) this.soon(AFTER_CLICK);
      }, true);
      this.listen(window, "blur", () => {
        if (content.contains(document.activeElement)) touch(); // into a frame of a child
      });
      if (!window.PerformanceObserver) return;
      const observer = new PerformanceObserver((list) => {
        if (!this.root.isConnected) this.stop();
        else if (this.touched && list.getEntries().some((entry) => this.isChildRequest(content, entry))) this.soon(AFTER_ANSWER);
      });
      observer.observe({ type: "resource" });
      this.stoppers.push(() => observer.disconnect());
    }

    isChildRequest(content, entry) {
      if (entry.initiatorType !== "xmlhttprequest" && entry.initiatorType !== "fetch") return false;
      const address = readable(entry.name);
      return Array.from(content.querySelectorAll("[data-usage-id], [data-usage]")).some((block) => {
        const usage = block.getAttribute("data-usage-id") || block.getAttribute("data-usage");
        return address.includes("/" + readable(usage) + "/");
      });
    }

    /* Ask for progress after each of these delays; a new cause starts the row again. */
    soon(delays) {
      const earlier = this.timers.length && delays === AFTER_CLICK;
      if (earlier) return; // a more precise row is already running
      this.timers.forEach(clearTimeout);
      this.timers = delays.map((delay, place) =>
        setTimeout(() => {
          if (place === delays.length - 1) this.timers = [];
          if (!this.root.isConnected) this.stop();
          else this.refresh();
        }, delay)
      );
    }

    async refresh() {
      if (this.working) return;
      const turn = this.turn;
      const answer = await this.call("progress", {});
      if (!answer.ok) return; // a background look-up never disturbs; the next one tells
      if (turn !== this.turn) return; // an action came between: this is older than what is shown
      this.apply(answer);
      await this.sendPending();
    }

    async call(handler, data) {
      try {
        const response = await fetch(this.runtime.handlerUrl(this.element, handler), {
          method: "POST",
          credentials: "same-origin",
          headers: { "Content-Type": "application/json", "X-CSRFToken": cookie("csrftoken") },
          body: JSON.stringify(data),
        });
        if ((response.headers.get("Content-Type") || "").includes("json")) return await response.json();
        const text = response.status === 403 ? this.args.texts.signed_out : this.args.texts.failed;
        return { ok: false, code: "no-answer", message: text };
      } catch (error) {
        return { ok: false, code: "no-answer", message: this.args.texts.failed };
      }
    }

    /* One action at a time: a second click while the first is under way does nothing. */
    async act(button, task) {
      if (this.working) return;
      this.working = true;
      this.turn += 1;
      this.timers.forEach(clearTimeout);
      this.timers = [];
      button.setAttribute("aria-disabled", "true");
      button.classList.add("mcp-button--busy");
      this.say(this.args.texts.working);
      this.complain("problem", null);
      try {
        await task();
      } finally {
        this.working = false;
        button.removeAttribute("aria-disabled");
        button.classList.remove("mcp-button--busy");
        if (this.args.busy) this.soon(WHILE_BUSY);
      }
    }

    async change(handler, data) {
      const answer = await this.call(handler, data);
      if (answer.ok) {
        this.apply(answer);
        if (this.channel) this.channel.postMessage({ uid: this.args.uid });
      } else {
        this.complain("problem", answer.message);
      }
      return answer.ok;
    }

    apply(answer) {
      const focus = this.rememberFocus();
      Object.keys(answer.html).forEach((name) => this.swap(name, answer.html[name]));
      this.restoreFocus(focus);
      this.args.busy = answer.busy;
      if (answer.busy && !this.timers.length && !this.working) this.soon(WHILE_BUSY);
      const news = answer.outcomes.filter(
        (outcome) => this.standing.has(outcome.id) && this.standing.get(outcome.id) !== outcome.status
      );
      answer.outcomes.forEach((outcome) => this.standing.set(outcome.id, outcome.status));
      const texts = news.map((outcome) => outcome.title + ": " + outcome.label);
      if (this.state !== undefined && this.state !== answer.state) {
        const title = this.part("panel").querySelector(".mcp-stage__title");
        if (title) texts.push(title.textContent.trim());
      }
      this.state = answer.state;
      texts.push(...this.freshNotices());
      this.say(texts.join(". "));
      this.highlight(news.map((outcome) => outcome.id));
    }

    swap(name, html) {
      const part = this.part(name);
      if (!part || part.mcpHtml === html) return;
      const open = Array.from(part.querySelectorAll("details")).map((details) => details.open);
      const typed = Array.from(part.querySelectorAll(".mcp-deposit__field")).map((field) => [field.id, field.value]);
      const told = this.problem && this.part("problem"); // what went wrong stays until the next action
      part.innerHTML = html;
      if (told && !told.isConnected && this.part("problem")) this.part("problem").replaceWith(told);
      part.mcpHtml = html;
      part.querySelectorAll("details").forEach((details, index) => (details.open = Boolean(open[index])));
      typed.forEach(([id, value]) => part.querySelectorAll("#" + id).forEach((field) => (field.value = value)));
      this.localiseTimes(part);
      if (name === "panel") {
        this.tellWaiting();
        this.collecting.look();
      }
    }

    rememberFocus() {
      const active = document.activeElement;
      const part = active && active.closest('[data-mcp="panel"], [data-mcp="outcomes"], [data-mcp="progress"]');
      if (!part || part === active || !this.root.contains(part)) return null;
      return { part, active, action: active.dataset.action, of: of(active) };
    }

    restoreFocus(focus) {
      if (!focus || focus.active.isConnected) return;
      const same = Array.from(focus.part.querySelectorAll("[data-action]")).find(
        (item) => item.dataset.action === focus.action && of(item) === focus.of
      );
      (same || this.part("panel")).focus({ preventScroll: true });
    }

    rememberStanding() {
      this.root.querySelectorAll("[data-outcome]").forEach((item) => {
        this.standing.set(item.dataset.outcome, item.dataset.status);
      });
      this.state = this.args.state;
      this.freshNotices();
    }

    /* The titles of the notices that are new since this was last asked. */
    freshNotices() {
      const known = this.notices || new Set();
      const shown = Array.from(this.root.querySelectorAll("[data-notice]"));
      this.notices = new Set(shown.map((notice) => notice.dataset.notice));
      return shown
        .filter((notice) => !known.has(notice.dataset.notice))
        .map((notice) => notice.querySelector(".mcp-told__title").textContent.trim());
    }

    highlight(ids) {
      this.root.querySelectorAll("[data-outcome]").forEach((item) => {
        if (ids.includes(item.dataset.outcome)) item.classList.add("mcp-outcome--new");
      });
    }

    say(text) {
      this.part("announcement").textContent = text;
    }

    complain(name, message, link, label) {
      if (name === "problem") this.problem = Boolean(message);
      const place = this.part(name);
      if (!place) return;
      place.textContent = message || "";
      place.hidden = !message;
      place.classList.toggle("mcp-message--bad", !link);
      place.classList.toggle("mcp-message--plain", Boolean(link));
      if (message) this.say("");
      if (message && link) {
        const anchor = document.createElement("a");
        Object.assign(anchor, { href: link, target: "_top", className: "mcp-link", textContent: label });
        place.append(" ", anchor);
      }
    }

    localiseTimes(part) {
      part.querySelectorAll("time[datetime]").forEach((time) => {
        const moment = new Date(time.dateTime);
        const language = time.closest("[lang]") ? time.closest("[lang]").lang : undefined;
        if (!Number.isNaN(moment.getTime())) {
          time.textContent = moment.toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
        }
      });
    }

    clicked(event) {
      const button = event.target.closest("[data-action]");
      if (!button || !this.root.contains(button) || button.closest(".mcp-content")) return;
      if (button.getAttribute("aria-disabled") === "true") return event.preventDefault();
      const wallet = button.dataset.wallet;
      const actions = {
        review: () => this.act(button, () => this.review()),
        agree: () => this.act(button, () => this.agree()),
        close: () => button.closest("dialog").close(),
        withdraw: () => this.open(this.part("withdrawal")),
        "withdraw-now": () => this.act(button, () => this.withdraw()),
        connect: () => this.connect(button, wallet),
        deposit: () => this.deposit(button, wallet, false),
        "deposit-email": () => this.deposit(button, wallet, true),
        send: () => this.act(button, () => this.change("send", { wallet })),
        dismiss: () => this.act(button, () => this.change("dismiss_notice", { notice: button.dataset.noticeId })),
        "mail-files": () => this.act(button, () => this.change("mail_files", {})),
        retry: () => this.act(button, () => this.change("retry", { wallet })),
        disconnect: () => this.act(button, () => this.change("disconnect", { wallet })),
        "wallet-window": () => this.away && this.away.popup.focus(),
        "wallet-cancel": () => this.cancelWallet(),
        offer: () => this.act(button, () => this.collecting.make(button.dataset.channel)),
        "offer-show": () => this.collecting.show(),
        "offer-copy": () => this.collecting.copy(button),
        download: () => {
          event.preventDefault();
          this.act(button, () => this.download(button));
        },
      };
      if (actions[button.dataset.action]) actions[button.dataset.action]();
      return undefined;
    }

    async review() {
      const answer = await this.call("payload", {});
      if (!answer.ok) return this.complain("problem", answer.message);
      this.digest = answer.digest;
      this.part("payload").innerHTML = answer.html.payload;
      this.localiseTimes(this.part("payload"));
      this.complain("consent-problem", null);
      this.say("");
      return this.open(this.part("consent"));
    }

    async agree() {
      const answer = await this.call("consent", { digest: this.digest });
      if (answer.ok) {
        this.part("consent").close();
        this.apply(answer);
        this.part("panel").focus({ preventScroll: true });
        if (this.channel) this.channel.postMessage({ uid: this.args.uid });
        return;
      }
      if (answer.code === "payload-changed") await this.review();
      this.complain("consent-problem", answer.message);
    }

    async withdraw() {
      this.part("withdrawal").close();
      if (await this.change("withdraw", {})) this.part("panel").focus({ preventScroll: true });
    }

    /* The window must open inside the click, or browsers block it; its address comes afterwards. */
    connect(button, wallet) {
      if (this.working) return;
      const popup = window.open("", "microcred-wallet", "popup,width=560,height=760");
      if (popup) {
        popup.document.title = this.args.texts.working;
        popup.document.body.textContent = this.args.texts.working;
      }
      const name = button.closest(".mcp-wallet").querySelector(".mcp-wallet__name").textContent;
      this.act(button, async () => {
        const answer = await this.call("connect", { wallet, page: window.location.href });
        if (!answer.ok) {
          if (popup) popup.close();
          this.complain("problem", answer.message);
          return;
        }
        this.pending(wallet);
        if (popup && !popup.closed) {
          popup.opener = null; // the wallet must not be able to steer this page
          popup.location.replace(answer.url);
          this.wait(popup, name);
        } else {
          const label = this.args.texts.open_wallet.replace("{wallet}", () => name);
          this.complain("problem", this.args.texts.popup, answer.url, label);
        }
      });
    }

    /* Enter in the field of a wallet's address is as good as the button beside it. */
    entered(event) {
      if (event.key !== "Enter" || event.isComposing || !event.target.matches('[data-action="address"]')) return;
      event.preventDefault();
      event.target.closest(".mcp-deposit").querySelector('[data-action="deposit"]').click();
    }

    /* Connect a wallet by its address, or by the learner's own e-mail address, and send at once. */
    deposit(button, wallet, mail) {
      const box = button.closest(".mcp-deposit");
      const field = box.querySelector('[data-action="address"]');
      this.act(button, async () => {
        this.fault(box, field, "");
        const answer = await this.call("connect_address", { wallet, address: field.value, own_email: mail });
        if (!answer.ok && answer.field === "address") return this.fault(box, field, answer.message);
        if (!answer.ok) return this.complain("problem", answer.message);
        field.value = "";
        this.apply(answer);
        return this.change("send", { wallet });
      });
    }

    fault(box, field, message) {
      const place = box.querySelector(".mcp-deposit__fault");
      place.textContent = message;
      place.hidden = !message;
      field.setAttribute("aria-invalid", String(Boolean(message)));
      if (!message) return;
      this.say("");
      field.focus();
    }

    /* The learner is in the wallet's window: say so here, and lead back to it, until it is over. */
    wait(popup, name) {
      this.away = { popup, name };
      clearInterval(this.looking);
      this.looking = setInterval(() => this.tellWaiting(), LOOK);
      this.tellWaiting();
      this.say(this.part("waiting-text").textContent);
    }

    /* This site or the wallet may shut their windows off from each other (Cross-Origin-Opener-Policy): then one looks
       closed though it is open, and cannot be led back to. So a closed window ends nothing here. */
    tellWaiting() {
      if (this.away && (!this.root.isConnected || !this.pending())) this.waited();
      const place = this.part("waiting");
      if (!place) return;
      place.hidden = !this.away;
      if (!this.away) return;
      this.part("waiting-text").textContent = this.args.texts.waiting.replace("{wallet}", () => this.away.name);
      place.querySelector('[data-action="wallet-window"]').hidden = this.away.popup.closed;
    }

    waited() {
      this.away = null;
      clearInterval(this.looking);
    }

    /* Its window is the wallet's by now: only the learner can close it. */
    cancelWallet() {
      const connect = this.root.querySelector('[data-action="connect"]');
      this.pending(null);
      this.tellWaiting();
      this.say(this.args.texts.given_up);
      (connect || this.part("panel")).focus({ preventScroll: true });
    }

    /* The wallet the learner went to connect; survives leaving this page for the wallet's. */
    pending(wallet) {
      const key = "microcred-pending-" + this.args.uid;
      try {
        if (wallet) sessionStorage.setItem(key, wallet);
        else if (wallet === null) sessionStorage.removeItem(key);
        return sessionStorage.getItem(key);
      } catch (error) {
        if (wallet !== undefined) this.kept = wallet; // storage is closed in some frames
        return this.kept || null;
      }
    }

    /* The way to the wallet ended without a connection: nothing is to be sent by itself later. */
    notConnected(news) {
      const wallet = this.pending();
      if (!wallet || (news.wallet !== true && news.wallet !== wallet)) return; // another page's errand
      this.pending(null);
      this.tellWaiting();
      this.complain("problem", news.problem);
    }

    async sendPending() {
      const wallet = this.pending();
      if (!wallet) return;
      const button = Array.from(this.root.querySelectorAll('[data-action="send"]')).find(
        (item) => item.dataset.wallet === wallet
      );
      if (!button) return;
      this.pending(null);
      this.tellWaiting();
      await this.act(button, () => this.change("send", { wallet }));
    }

    async download(link) {
      let response = null;
      try {
        response = await fetch(link.href, { credentials: "same-origin" });
      } catch (error) {
        response = null;
      }
      if (!response || !response.ok) {
        const answer = response ? await response.json().catch(() => null) : null;
        this.complain("problem", (answer && answer.message) || this.args.texts.failed);
        return;
      }
      const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") || "");
      const address = URL.createObjectURL(await response.blob());
      const anchor = document.createElement("a");
      Object.assign(anchor, { href: address, download: name ? name[1] : "credential" });
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(address), 10000);
      this.say("");
    }

    open(dialog) {
      dialog.classList.toggle("mcp-dialog--framed", FRAMED);
      dialog.showModal();
      this.place(dialog);
      dialog.scrollIntoView({ block: "nearest" });
    }

    /* In a frame as high as its content, "the middle of the window" may be far out of sight, and the part that
       can be seen is not known, only the screen's height. */
    place(dialog) {
      if (!FRAMED || !dialog.open) return;
      dialog.style.setProperty("--mcp-most", Math.round(window.screen.availHeight * 0.8) + "px");
      const wanted = window.scrollY + this.part("panel").getBoundingClientRect().top - 80;
      const lowest = document.documentElement.scrollHeight - dialog.offsetHeight - 24;
      dialog.style.setProperty("--mcp-top", Math.max(0, Math.min(wanted, lowest)) + "px");
    }

    openChannel() {
      if (!window.BroadcastChannel) return;
      this.channel = new BroadcastChannel(CHANNEL);
      this.channel.onmessage = (event) => {
        if (!this.root.isConnected) this.stop();
        else if (event.data && event.data.problem !== undefined) this.notConnected(event.data);
        else if (event.data && (event.data.uid === this.args.uid || event.data.wallet)) this.soon([0]);
      };
      this.stoppers.push(() => this.channel.close());
    }
  }

  /* What a button is about, if there are several of its kind. */
  function of(button) {
    return button.dataset.wallet || button.dataset.channel;
  }

  function readable(address) {
    try {
      return decodeURIComponent(address);
    } catch (error) {
      return address;
    }
  }

  function cookie(name) {
    const found = document.cookie.split("; ").find((item) => item.startsWith(name + "="));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  window.MicrocredLearningPill = function (runtime, element, args) {
    return new Pill(runtime, element, args);
  };
})();
