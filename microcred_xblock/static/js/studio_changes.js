/* Unsaved changes: said in the form's foot, and nobody leaves them behind without meaning to. */
(function () {
  "use strict";

  const PAUSE = 250; // milliseconds without another change

  class Changes {
    constructor(editor) {
      this.editor = editor;
      this.warn = (event) => this.pageLeft(event);
      window.addEventListener("beforeunload", this.warn);
      editor.root.addEventListener("keydown", (event) => this.pressed(event));
    }

    /* The form is as it is stored: what differs from now on is unsaved. */
    settled() {
      clearTimeout(this.timer);
      this.abandoned = false;
      this.stored = this.now();
      this.ask(false);
      this.tell();
    }

    now() {
      return JSON.stringify({ ...this.editor.draft(), digest: "" });
    }

    unsaved() {
      return !this.abandoned && this.stored !== undefined && this.now() !== this.stored;
    }

    /* Said of the form as it stands: the next change makes it untrue. */
    claim(text) {
      this.editor.say(text);
      this.claimed = text;
    }

    touched() {
      if (this.claimed && this.editor.part("status").textContent === this.claimed) this.editor.say("");
      this.claimed = "";
      this.abandoned = false;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.tell(), PAUSE);
    }

    tell() {
      const note = this.editor.part("unsaved");
      const text = this.unsaved() ? this.editor.texts.unsaved : "";
      if (note.textContent !== text) note.textContent = text;
    }

    /* Cancel was pressed. True: she is asked first. */
    leaving() {
      return this.first(this.editor.root.querySelector('[data-action="cancel"]'), () => this.editor.leave());
    }

    /* So is who wants the stored version in place of her own. */
    dropping(button) {
      return this.first(button, () => this.editor.reload());
    }

    first(asker, go) {
      if (!this.unsaved()) return false;
      Object.assign(this, { asker, go });
      this.ask(true);
      this.editor.part("keep").focus();
      return true;
    }

    ask(asking) {
      this.editor.part("leaving").hidden = !asking;
      this.editor.part("foot").hidden = asking;
    }

    clicked(action) {
      const actions = {
        "changes-keep": () => this.keep(),
        "changes-discard": () => this.discard(),
      };
      if (!actions[action]) return false;
      actions[action]();
      return true;
    }

    keep() {
      this.ask(false);
      this.asker.focus();
    }

    /* What could not be left is unsaved as before. */
    async discard() {
      this.abandoned = true; // nobody is asked again
      this.ask(false);
      if (await this.go()) return;
      this.abandoned = false;
      this.tell();
      this.asker.focus();
    }

    pressed(event) {
      if (event.key !== "Escape" || this.editor.part("leaving").hidden) return;
      event.preventDefault();
      event.stopPropagation();
      this.keep();
    }

    pageLeft(event) {
      if (!this.editor.root.isConnected) {
        window.removeEventListener("beforeunload", this.warn); // Studio closed the window the form was in
      } else if (this.unsaved()) {
        event.preventDefault();
        event.returnValue = "";
      }
    }
  }

  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).changes = Changes;
})();
