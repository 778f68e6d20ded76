/*
 * What a save would change for those who hold the pill: told beside Save while the author writes, and the button says
 * so too. Nobody is asked anything where nobody holds it.
 */
(function () {
  "use strict";

  const PAUSE = 600; // after the last change

  class Versions {
    constructor(editor) {
      this.editor = editor;
      this.turn = 0; // counts questions, so that a late answer is not taken for the last one
      editor.root.addEventListener("click", (event) => this.before(event), true);
    }

    start(args) {
      this.args = args;
      this.turn += 1;
      clearTimeout(this.timer);
      this.known = undefined; // what was told last is about this; the form as it is stored, once it is filled
      this.told = false; // whether she has been told of a new version
      this.show({ html: "", renews: false });
    }

    changed() {
      this.soon();
    }

    /* Also after what no control tells: cards moved, removed, brought back, added. */
    refresh() {
      if (this.args && this.known === undefined) this.known = this.sent();
      else this.soon();
    }

    soon() {
      if (!this.args || !this.args.held) return;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), PAUSE);
    }

    sent() {
      return this.args.held ? JSON.stringify(this.editor.draft()) : "";
    }

    /* What the present draft would change; what could not be asked is not told. */
    async ask() {
      clearTimeout(this.timer);
      if (!this.editor.root.isConnected) return;
      const draft = this.sent();
      if (draft === this.known) return;
      this.turn += 1;
      const turn = this.turn;
      const answer = await this.editor.ask("compare", JSON.parse(draft));
      if (turn !== this.turn || !this.editor.root.isConnected) return;
      this.known = answer.ok ? draft : null;
      if (answer.ok) this.show(answer);
    }

    show(answer) {
      const place = this.editor.part("versions");
      if (place.dataset.html !== answer.html) {
        place.innerHTML = answer.html;
        place.dataset.html = answer.html;
      }
      this.told = answer.renews;
      const button = this.editor.root.querySelector('[data-action="save"]');
      button.textContent = answer.renews ? this.args.texts.save_new : this.args.texts.save;
      if (answer.html) button.setAttribute("aria-describedby", place.id);
      else button.removeAttribute("aria-describedby");
      if (answer.html) this.uncover();
    }

    /* The notice takes room above the buttons: what has the focus stays in sight. */
    uncover() {
      const active = document.activeElement;
      const foot = this.editor.part("versions").parentElement;
      if (!this.editor.part("form").contains(active)) return;
      if (active.getBoundingClientRect().bottom > foot.getBoundingClientRect().top) active.scrollIntoView({ block: "center" });
    }

    /* Who saves before she could be told of a new version is told first, once; what was told is saved at once. */
    before(event) {
      const button = event.target.closest('[data-action="save"]');
      if (!button || !this.args || !this.args.held || this.sent() === this.known) return;
      if (button.getAttribute("aria-disabled") === "true") return;
      event.preventDefault();
      event.stopPropagation();
      this.first(button);
    }

    async first(button) {
      const told = this.told;
      button.setAttribute("aria-disabled", "true");
      await this.ask();
      button.removeAttribute("aria-disabled");
      if (this.told && !told) this.editor.say(this.args.texts.look);
      else this.editor.save();
    }
  }

  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).versions = Versions;
})();
