/*
 * The Preview tab of the author's form: asks the server for both credentials of the form as it stands, shows them with
 * what is wrong, and says when the form has changed since.
 */
(function () {
  "use strict";

  const SETTLED = 300; // milliseconds after the last keystroke

  class Preview {
    constructor(editor) {
      this.editor = editor;
      this.run = 0;
    }

    /* The form's HTML is new: what was shown of the former is gone, and an answer on its way is for nobody. */
    start(args) {
      this.texts = args.texts || {};
      this.run += 1;
      this.sent = null;
      this.files = {};
      this.checking = false;
      if (this.editor.opened === "preview") this.check(true); // “Saved” is not talked over
    }

    shown(tab) {
      this.tellOnce();
      if (tab === "preview" && this.texts && !this.checking && this.isStale()) this.check();
    }

    settled() {
      this.tellOnce();
    }

    /* The list above the tabs is of the stored pill. Beside the pre-flight, which is of the form, it is in the way. */
    tellOnce() {
      const problems = this.editor.part("problems");
      const told = this.editor.opened === "preview" && this.part("failed").hidden;
      problems.hidden = told || !this.editor.part("problem-list").childElementCount;
    }

    changed() {
      this.look();
    }

    refresh() {
      this.look();
    }

    /* Once typing rests: whether what is shown is still of this form. */
    look() {
      if (this.sent === null) return;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.tellStale(), SETTLED);
    }

    isStale() {
      return this.sent === null || this.sent !== JSON.stringify(this.editor.draft());
    }

    tellStale() {
      if (this.sent === null || this.checking) return;
      this.part("stale").hidden = !this.isStale();
    }

    part(name) {
      return this.editor.part("preview-" + name);
    }

    clicked(action, button) {
      if (action === "preview-check") this.check();
      else if (action === "preview-part") this.turn(button);
      else if (action === "preview-copy") this.copy(button.dataset.target);
      else if (action === "preview-download") this.download(button.dataset.target);
      else return false;
      return true;
    }

    /* One request at a time; a form that changes meanwhile makes its answer stale, not wrong. Quietly: only shown. */
    async check(quietly = false) {
      if (this.checking) return;
      this.checking = true;
      const run = (this.run += 1);
      const draft = this.editor.draft();
      const sent = JSON.stringify(draft);
      this.busy(true);
      const answer = await this.editor.ask("rehearse", draft);
      if (run !== this.run) return; // the form was loaded anew
      this.checking = false;
      this.busy(false);
      this.part("failed").hidden = answer.ok;
      this.part("failed").textContent = answer.ok ? "" : this.why(answer);
      this.tellOnce();
      if (!answer.ok) {
        this.sent = null;
        return;
      }
      this.sent = sent;
      this.files = answer.files;
      this.keepingView(() => (this.part("result").innerHTML = answer.html));
      this.tellStale();
      if (!quietly && !this.isStale()) this.editor.extras.get("changes").claim(answer.verdict);
    }

    why(answer) {
      if (answer.code) return answer.message;
      const { signed_out, signed_out_again } = this.editor.texts;
      return answer.message === signed_out ? signed_out_again : this.texts.failed;
    }

    busy(on) {
      this.part("progress").hidden = !on;
      this.part("result").setAttribute("aria-busy", String(on));
      if (on) {
        this.part("stale").hidden = true;
        this.part("failed").hidden = true;
      }
      const button = this.part("result").closest("[data-mcp='preview']").querySelector('[data-action="preview-check"]');
      button.setAttribute("aria-disabled", String(on));
    }

    /* What the author had opened stays open, and the chosen part of the European credential stays chosen. */
    keepingView(replace) {
      const result = this.part("result");
      const open = () => Array.from(result.querySelectorAll("details"));
      const before = new Map(open().map((item) => [name(item), item.open]));
      const chosen = result.querySelector('[data-action="preview-part"][aria-current]');
      replace();
      open().forEach((item) => before.has(name(item)) && (item.open = before.get(name(item))));
      const again = chosen && result.querySelector('[data-action="preview-part"][data-target="' + chosen.dataset.target + '"]');
      if (again) this.turn(again);
    }

    turn(button) {
      const result = this.part("result");
      result.querySelectorAll('[data-action="preview-part"]').forEach((item) => {
        if (item === button) item.setAttribute("aria-current", "true");
        else item.removeAttribute("aria-current");
      });
      result.querySelectorAll("[data-europass]").forEach((section) => {
        section.hidden = section.dataset.europass !== button.dataset.target;
      });
    }

    async copy(target) {
      const file = this.files[target];
      if (!file) return;
      try {
        await navigator.clipboard.writeText(file.copy || file.text);
        this.editor.say(this.texts.copied);
      } catch (error) {
        this.editor.say(this.texts.not_copied); // not in a secure context, or not allowed
      }
    }

    download(target) {
      const file = this.files[target];
      if (!file) return;
      const address = URL.createObjectURL(new Blob([file.text], { type: file.type }));
      const link = document.createElement("a");
      Object.assign(link, { href: address, download: file.file });
      this.part("result").append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(address), 1000);
    }
  }

  function name(details) {
    return details.querySelector("summary").textContent;
  }

  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).preview = Preview;
})();
