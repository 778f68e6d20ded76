/* The tabs above and the buttons below stay in view while the form is scrolled: they cover nothing that is in use. */
(function () {
  "use strict";

  const ROOM = 12; // pixels between a bar and what it would cover

  class Sight {
    constructor(editor) {
      this.editor = editor;
      const listen = (name, handle) => editor.root.addEventListener(name, handle, true);
      listen("pointerdown", () => (this.pressing = true));
      ["pointerup", "pointercancel", "click", "keydown"].forEach((name) => listen(name, () => (this.pressing = false)));
      listen("focusin", (event) => this.focused(event.target));
    }

    bars() {
      return [this.editor.root.querySelector('[role="tablist"]'), this.editor.root.querySelector(".mcp-studio__foot")];
    }

    /* What a pointer is pressing must not move away under it. */
    focused(element) {
      if (this.pressing || !element.closest("[data-tab]")) return;
      const place = element.getBoundingClientRect();
      const covered = this.bars().some((bar) => {
        const { top, bottom } = bar.getBoundingClientRect();
        return place.top < bottom && place.bottom > top;
      });
      if (covered) this.reveal(element);
    }

    /* An element that was opened, or has the focus, between the two bars. */
    reveal(element) {
      const [above, below] = this.bars().map((bar) => bar.offsetHeight + ROOM);
      element.style.scrollMarginBlock = above + "px " + below + "px";
      element.scrollIntoView({ block: "nearest" });
    }
  }

  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).sight = Sight;
})();
