/* What is taken away leaves a note in its place that brings it back, until the form is saved or loaded again. */
(function () {
  "use strict";

  class Gone {
    constructor(editor) {
      this.editor = editor;
      this.notes = new Map(); // by note: the element it stands for, and what to do once that is back
    }

    start() {
      this.notes.clear();
    }

    /* The note is said and has the focus. ``title`` is what the element is called; ``back`` is called after an undo. */
    take(element, text, title, back) {
      const note = document.createElement(element.localName);
      note.className = "mcp-studio__gone";
      note.dataset.gone = "";
      note.append(this.editor.part("removed").content.cloneNode(true));
      note.querySelector('[data-part="text"]').textContent = text;
      this.notes.set(note, { element, title, back });
      element.replaceWith(note);
      this.editor.touch();
      note.querySelector("button").focus();
      this.editor.say(text);
    }

    clicked(action, button) {
      if (action !== "undo") return false;
      const note = button.closest("[data-gone]");
      const { element, title, back } = this.notes.get(note);
      this.notes.delete(note);
      note.replaceWith(element);
      back();
      this.editor.touch();
      this.editor.say(this.editor.fill(this.editor.texts.restored, { title }));
      return true;
    }

    /* The elements that notes inside ``place`` stand for. */
    inside(place) {
      return Array.from(this.notes).filter(([note]) => place.contains(note)).map(([, gone]) => gone.element);
    }

    /* For good, with the note that may stand for it. */
    drop(element) {
      this.notes.forEach((gone, note) => {
        if (gone.element !== element) return;
        this.notes.delete(note);
        note.remove();
      });
      element.remove();
    }
  }

  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).gone = Gone;
})();
