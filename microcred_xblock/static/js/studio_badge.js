/*
 * The badge image in the author's form: drawn from the title, designed, or a picture of her own. What she chooses is
 * sent with the next save and not before; until then the other two ways stay as they were.
 */
(function () {
  "use strict";

  const WAIT = 250;
  const SHOWN = ["title", "language", "recognition.eqf_level"]; // what a drawn badge shows of the pill

  class Badge {
    constructor(editor) {
      this.editor = editor;
    }

    start(args) {
      this.args = args;
      this.section = this.editor.part("badge");
      if (!this.section || !args.texts) return;
      this.upload = null; // the answer to the last upload
      this.captions = { design: args.mode === "design" ? args.caption : "", file: args.mode === "file" ? args.caption : "" };
      this.proposed = args.proposed;
      this.asked = (this.asked || 0) + 1; // what was asked for the form before is not shown in this one
      if (this.taking) this.busy(false);
      this.shownFor = null;
      this.now = args.mode;
      this.listen();
      this.fill(this.part("first").getAttribute("src"));
      this.show();
      if (args.mode !== "none") this.draw();
    }

    listen() {
      const drop = this.part("drop");
      const mark = (on) => (event) => {
        event.preventDefault();
        const within = event.type === "dragleave" && drop.contains(event.relatedTarget);
        drop.classList.toggle("mcp-badge__drop--over", on || within);
      };
      ["dragenter", "dragover"].forEach((name) => drop.addEventListener(name, mark(true)));
      ["dragleave", "drop"].forEach((name) => drop.addEventListener(name, mark(false)));
      drop.addEventListener("drop", (event) => this.dropped(event.dataTransfer));
      // A file that misses its place must not replace the page, and with it what she typed.
      ["dragover", "drop"].forEach((name) => this.section.addEventListener(name, (event) => event.preventDefault()));
    }

    part(name) {
      return this.editor.part("badge-" + name, this.section);
    }

    boxes(name) {
      return this.editor.parts('[data-badge="' + name + '"]', this.section);
    }

    chosen(name) {
      const box = this.boxes(name).find((item) => item.checked);
      return box ? box.value : "";
    }

    mode() {
      return this.chosen("mode");
    }

    hasPicture() {
      return Boolean(this.upload) || this.args.mode === "file";
    }

    /* The design as it stands in the form. */
    design() {
      return {
        kind: "design", shape: this.chosen("shape"), colour: this.chosen("colour"), icon: this.chosen("icon"),
        level: this.boxes("level")[0].checked, title: this.boxes("title")[0].checked,
      };
    }

    /* What a save sends. A picture that is still to be chosen changes nothing. */
    value() {
      const mode = this.mode();
      if (mode === "design") return this.design();
      if (mode === "file") return this.upload ? { kind: "upload", data: this.upload.data } : this.kept();
      return { kind: "none" };
    }

    /* The stored picture, if it is still the one that is shown. */
    kept() {
      return { kind: "kept", of: this.args.made_from };
    }

    collect(submission) {
      if (!this.section) return;
      const mode = this.mode();
      this.keepCaption();
      submission.image = this.value();
      if (mode === "none") submission.caption = "";
      else if (mode === "file" && !this.hasPicture()) submission.caption = this.args.caption;
      else submission.caption = this.captions[mode];
    }

    changed(control) {
      if (!this.section || !control.dataset) return;
      const name = control.dataset.badge;
      if (name === "file") this.take(control.files);
      else if (name === "mode") this.turn(control.value);
      else if (name) this.draw();
      else if (SHOWN.includes(control.dataset.control) && this.mode() !== "file") this.draw();
      else if (control.dataset.control === "image.caption") this.keepCaption();
    }

    clicked(action) {
      if (action === "badge-remove") {
        this.choose("none");
        this.editor.say(this.args.texts.given_up);
        this.section.querySelector('[data-action="badge-back"]').focus();
        return true;
      }
      if (action === "badge-again") {
        this.editor.say(""); // or the same words would not be said twice
        this.draw();
        return true;
      }
      if (action === "badge-back") {
        this.choose("file");
        this.editor.say(this.args.texts.back);
        this.boxes("mode").find((box) => box.checked).focus();
        return true;
      }
      return false;
    }

    choose(mode) {
      this.boxes("mode").forEach((box) => (box.checked = box.value === mode));
      this.turn(mode);
      this.editor.touch();
    }

    /* To another of the three ways; each keeps what was chosen in it. */
    turn(mode) {
      if (mode === this.now) return;
      this.keepCaption();
      this.now = mode;
      const caption = this.editor.control("image.caption");
      this.editor.forget(caption);
      if (mode === "design") caption.value = this.captions.design || this.proposed;
      else if (mode === "file") caption.value = this.captions.file;
      this.show();
      this.draw();
    }

    /* A caption that only repeats the proposal goes on following the title. */
    keepCaption() {
      const typed = this.editor.value("image.caption");
      const own = typed !== this.proposed || typed === this.args.caption;
      if (this.now === "design") this.captions.design = own ? typed : "";
      else if (this.now === "file") this.captions.file = typed;
    }

    show() {
      const mode = this.mode();
      this.editor.parts("[data-badge-panel]", this.section).forEach((panel) => {
        panel.hidden = panel.dataset.badgePanel !== mode;
      });
      this.part("caption").hidden = mode === "none" || (mode === "file" && !this.hasPicture());
      this.part("given-up").hidden = mode === "file" || !this.hasPicture();
      this.part("remove").hidden = !this.hasPicture();
    }

    /* The picture for what stands in the form now; an answer that comes late is not shown. */
    draw() {
      clearTimeout(this.timer);
      this.asked += 1;
      const mode = this.mode();
      if (mode === "file" && this.upload) return this.picture(this.upload.url, this.upload.notes);
      this.timer = setTimeout(() => this.ask(this.asked), WAIT);
      return undefined;
    }

    async ask(number) {
      const image = this.value();
      const answer = await this.editor.ask("draw_badge", {
        image, title: this.editor.value("title"), language: this.editor.value("language"),
        eqf_level: this.editor.value("recognition.eqf_level"),
      });
      if (number !== this.asked || !this.section.isConnected) return;
      if (!answer.ok) return this.old(this.why(answer));
      this.propose(answer.caption);
      return this.picture(answer.url, answer.notes);
    }

    why(answer) {
      const { old, signed_out } = this.args.texts;
      const more = answer.code ? answer.message : answer.message === this.editor.texts.signed_out && signed_out;
      return more ? old + " " + more : old;
    }

    /* Why what is shown is not of the form as it stands; nothing once it is. */
    old(text) {
      const note = this.part("old");
      if (!text && note.contains(document.activeElement)) this.boxes("mode").find((box) => box.checked).focus();
      this.part("old-text").textContent = text;
      note.hidden = !text;
      this.part("pictures").classList.toggle("mcp-badge__grounds--old", Boolean(text));
      if (text) this.editor.say(text);
    }

    propose(text) {
      const caption = this.editor.control("image.caption");
      if (this.now === "design" && !this.captions.design) caption.value = text;
      this.proposed = text;
    }

    /* The first of the pictures says what they all show. */
    refresh() {
      if (!this.section || !this.args.texts) return;
      this.part("first").alt = this.mode() === "none" ? this.proposed : this.editor.value("image.caption");
    }

    /* The page has the picture once, however large it is. */
    fill(url) {
      this.editor.parts("[data-badge-picture]", this.section).forEach((picture) => (picture.src = url || "data:,"));
    }

    picture(url, notes) {
      this.old("");
      this.fill(url);
      this.part("pictures").hidden = !url;
      this.part("none").hidden = Boolean(url);
      const list = this.part("notes");
      const blank = this.part("note").content.firstElementChild;
      list.replaceChildren(...notes.map((text) => {
        const item = blank.cloneNode(true);
        item.querySelector("span").textContent = text;
        return item;
      }));
      list.hidden = !notes.length;
      this.refresh();
    }

    dropped(transfer) {
      const files = transfer ? transfer.files : [];
      if (files.length > 1) this.refuse(this.args.texts.one);
      else this.take(files);
    }

    /* One file to the server and back. The one before stays until the new one is known to be good. */
    async take(files) {
      const file = files && files[0];
      if (!file || this.taking) return undefined;
      this.refuse("");
      if (file.size > this.args.limit) {
        this.refuse(this.args.texts.size.replace("{size}", () => String(Math.ceil(file.size / 1e6))));
        return undefined;
      }
      const form = new FormData();
      form.append("file", file);
      const section = this.section;
      this.busy(true);
      const answer = await this.editor.send("upload_badge", form);
      if (section !== this.section || !section.isConnected) return undefined; // the form was made anew meanwhile
      this.busy(false);
      this.boxes("file")[0].value = ""; // the same file may be chosen again once it is mended
      if (this.mode() !== "file") return this.editor.say(""); // and she has chosen another way
      if (!answer.ok) this.refuse(answer.message);
      else this.taken(file.name, answer);
      return undefined;
    }

    taken(name, answer) {
      const before = this.editor.value("image.caption").trim();
      if (before) answer.notes.unshift(this.args.texts.caption);
      this.upload = answer;
      const now = this.part("file");
      now.textContent = this.args.texts.file
        .replace("{name}", () => "\u2068" + name + "\u2069")
        .replace("{width}", String(answer.width))
        .replace("{height}", String(answer.height));
      now.hidden = false;
      this.show();
      this.draw();
      this.editor.touch();
      this.editor.say([this.args.texts.taken, ...answer.notes].join(" "));
      const caption = this.editor.control("image.caption");
      if (!caption.value.trim()) caption.focus({ preventScroll: true });
    }

    refuse(message) {
      const problem = this.part("problem");
      problem.textContent = message;
      problem.hidden = !message;
      if (message) this.editor.say(message);
    }

    /* While a picture is on its way, a save would go without it. */
    busy(on) {
      this.taking = on;
      this.part("working").hidden = !on;
      this.part("drop").setAttribute("aria-busy", String(on));
      this.boxes("file")[0].disabled = on;
      const save = this.editor.root.querySelector('[data-action="save"]');
      if (on) save.setAttribute("aria-disabled", "true");
      else save.removeAttribute("aria-disabled");
      if (on) this.editor.say(this.args.texts.working);
    }
  }

  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).badge = Badge;
})();
