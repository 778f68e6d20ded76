/*
 * The pill in Studio. On its own page the overview follows what is done to the blocks inside: Studio draws those anew,
 * but never the block whose page it is.
 */
(function () {
  "use strict";

  const PAUSE = 500; // after the last change of the page
  const PASSED_ON = ["page-shown", "deleted-child"]; // Studio tells the outermost block only

  class AuthorView {
    constructor(runtime, element, args) {
      this.runtime = runtime;
      this.element = element;
      this.host = element.jquery ? element[0] : element;
      this.args = args;
      if (typeof runtime.listenTo === "function") PASSED_ON.forEach((name) => this.passOn(name));
      if (args.in_studio) this.watch();
      if (args.untried) this.judge();
    }

    /* Whether its credentials could be issued was not known when the page was made: the answer takes a moment. */
    async judge() {
      const answer = await this.call();
      const shown = document.getElementById(this.args.uid);
      if (!shown || !this.host.contains(shown)) return;
      if (!answer || !answer.ok) return this.unchecked(shown);
      const holder = document.createElement("div");
      holder.innerHTML = answer.html;
      const [state, fresh] = [shown, holder].map((root) => root.querySelector('[data-mcp="state"]'));
      state.replaceChildren(...fresh.childNodes);
    }

    /* Nobody answers, or not to this person: the page must not say for ever that it is at work. */
    unchecked(shown) {
      const [checking, unchecked] = ["checking", "unchecked"].map((name) => shown.querySelector(`[data-mcp="${name}"]`));
      if (!checking) return; // the page was drawn anew meanwhile
      checking.hidden = true;
      unchecked.hidden = false;
    }

    passOn(name) {
      this.runtime.listenTo(name, (data) => {
        (this.host.xblock_children || []).forEach((child) => {
          if (child.runtime && child.runtime !== this.runtime) child.runtime.notify(name, data);
        });
        if (name === "deleted-child") this.soon();
      });
    }

    /* Blocks that come, go, are drawn anew or moved away (then Studio only hides them). */
    watch() {
      const list = Array.from(this.host.children).find((item) => item.matches(".reorderable-container"));
      if (!list || !window.MutationObserver) return;
      this.observer = new MutationObserver((records) => {
        if (!this.host.isConnected) return this.observer.disconnect();
        records.forEach((record) => this.follow(record.addedNodes));
        return this.soon();
      });
      this.observer.observe(list, { childList: true });
      this.follow(list.children);
    }

    follow(items) {
      Array.from(items)
        .filter((item) => item instanceof Element)
        .forEach((item) => this.observer.observe(item, { attributeFilter: ["style"] }));
    }

    soon() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.refresh(), PAUSE);
    }

    async refresh() {
      const shown = document.getElementById(this.args.uid);
      if (!shown || !this.host.contains(shown)) return;
      const answer = await this.call();
      if (!answer || !answer.ok || !shown.isConnected) return; // what is shown is no worse than before; a reload tells
      const holder = document.createElement("div");
      holder.innerHTML = answer.html;
      const fresh = holder.firstElementChild;
      if (fresh.innerHTML !== shown.innerHTML) shown.replaceChildren(...fresh.childNodes);
    }

    async call() {
      try {
        const response = await fetch(this.runtime.handlerUrl(this.element, "overview"), {
          method: "POST",
          credentials: "same-origin",
          headers: { "Content-Type": "application/json", "X-CSRFToken": cookie("csrftoken") },
          body: "{}",
        });
        return await response.json();
      } catch (error) {
        return null;
      }
    }
  }

  function cookie(name) {
    const found = document.cookie.split("; ").find((item) => item.startsWith(name + "="));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  window.MicrocredAuthorView = function (runtime, element, args) {
    return new AuthorView(runtime, element, args);
  };
})();
