/* Outcomes are put into order by mouse, pen or finger. The keyboard has the cards' own buttons. */
(function () {
  "use strict";

  const FAR = 5; // pixels that make a press a drag
  const EDGE = 64; // pixels from the visible edge within which the form scrolls
  const PACE = 14; // pixels a frame at most

  class Drag {
    constructor(editor) {
      this.editor = editor;
      this.drag = null;
      editor.root.addEventListener("pointerdown", (event) => this.pressed(event));
    }

    start(_args) {
      this.texts = this.editor.args.parts.outcomes;
    }

    pressed(event) {
      const handle = event.target.closest('[data-part="handle"]');
      if (!handle || event.button !== 0 || this.drag) return;
      event.preventDefault(); // no text is selected, no focus moves
      const card = handle.closest("[data-card]");
      const stop = new AbortController();
      const options = { signal: stop.signal };
      this.drag = { card, handle, stop, from: event.clientY, y: event.clientY, begun: false, before: null };
      handle.setPointerCapture(event.pointerId);
      handle.addEventListener("pointermove", (move) => this.moved(move), options);
      handle.addEventListener("pointerup", () => this.end(true), options);
      handle.addEventListener("pointercancel", () => this.end(false), options);
      window.addEventListener("blur", () => this.end(false), options);
      document.addEventListener("keydown", (key) => this.key(key), { capture: true, signal: stop.signal });
    }

    moved(event) {
      const drag = this.drag;
      drag.y = event.clientY;
      if (!drag.begun && Math.abs(drag.y - drag.from) < FAR) return;
      if (!drag.begun) this.begin();
      this.follow();
    }

    /* The cards fold for as long as one is dragged; the one that is keeps its place under the pointer. */
    begin() {
      const drag = this.drag;
      const list = this.editor.part("cards");
      drag.begun = true;
      drag.list = list;
      drag.scroller = scroller(list);
      drag.mark = document.createElement("li");
      drag.mark.className = "mcp-studio__drop";
      drag.mark.setAttribute("aria-hidden", "true");
      const top = drag.handle.getBoundingClientRect().top;
      list.classList.add("mcp-studio__cards--dragging");
      drag.card.classList.add("mcp-studio__card--dragged");
      drag.scroller.scrollTop += drag.handle.getBoundingClientRect().top - top;
      drag.rest = drag.card.getBoundingClientRect().top + drag.scroller.scrollTop;
      drag.grip = drag.from - drag.card.getBoundingClientRect().top;
      drag.frame = requestAnimationFrame(() => this.scroll());
      const title = this.editor.title(drag.card);
      this.editor.say(this.editor.fill(this.texts.dragged, { title }));
    }

    /* The card goes with the pointer, and a mark shows where it would be dropped. */
    follow() {
      const drag = this.drag;
      const others = this.editor.cards().filter((card) => card !== drag.card);
      drag.before = others.find((card) => {
        const box = card.getBoundingClientRect();
        return drag.y < box.top + box.height / 2;
      }) || null;
      const place = drag.before || null;
      if (drag.mark.parentNode !== drag.list || drag.mark.nextElementSibling !== place) {
        drag.list.insertBefore(drag.mark, place);
      }
      drag.card.style.transform = "none";
      const top = drag.card.getBoundingClientRect().top;
      drag.card.style.transform = "translateY(" + (drag.y - drag.grip - top) + "px)";
    }

    /* While the pointer rests at the visible edge, the form goes on scrolling. */
    scroll() {
      const drag = this.drag;
      if (!drag || !drag.begun) return;
      const [top, bottom] = this.window();
      const over = drag.y < top + EDGE ? drag.y - top - EDGE : Math.max(0, drag.y - bottom + EDGE);
      const step = Math.max(-PACE, Math.min(PACE, (over / EDGE) * PACE));
      if (Math.abs(step) >= 1) {
        const before = drag.scroller.scrollTop;
        drag.scroller.scrollTop += step;
        if (drag.scroller.scrollTop !== before) this.follow();
      }
      drag.frame = requestAnimationFrame(() => this.scroll());
    }

    /* What is seen of the form between its tabs and its foot. */
    window() {
      const tabs = this.editor.root.querySelector('[role="tablist"]').getBoundingClientRect();
      const foot = this.editor.root.querySelector(".mcp-studio__foot").getBoundingClientRect();
      return [Math.max(0, tabs.bottom), Math.min(window.innerHeight, foot.top)];
    }

    key(event) {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.end(false);
    }

    end(drop) {
      const drag = this.drag;
      this.drag = null;
      drag.stop.abort();
      if (!drag.begun) return;
      cancelAnimationFrame(drag.frame);
      drag.mark.remove();
      drag.card.style.transform = "";
      drag.card.classList.remove("mcp-studio__card--dragged");
      const cards = this.editor.cards();
      const next = cards[cards.indexOf(drag.card) + 1] || null;
      if (drop && drag.before !== next) {
        this.editor.extras.get("cards").put(drag.card, drag.before);
      } else {
        this.editor.say(this.editor.fill(this.texts.put_back, { title: this.editor.title(drag.card) }));
      }
      const top = drag.card.getBoundingClientRect().top;
      drag.list.classList.remove("mcp-studio__cards--dragging");
      drag.scroller.scrollTop += drag.card.getBoundingClientRect().top - top;
    }
  }

  /* What scrolls when the element is to come into view. */
  function scroller(element) {
    for (let node = element.parentElement; node && node !== document.body; node = node.parentElement) {
      const style = getComputedStyle(node);
      if (/auto|scroll/.test(style.overflowY) && node.scrollHeight > node.clientHeight) return node;
    }
    return document.scrollingElement;
  }

  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).drag = Drag;
})();
