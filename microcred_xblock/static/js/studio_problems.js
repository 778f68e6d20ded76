/* What is wrong in the author's form: the list on top, the notes beside the controls, the way there. */
(function () {
  "use strict";

  class Problems {
    constructor(editor) {
      this.editor = editor;
    }

    /* Problems in a list on top, and each beside its control. Those of an earlier save make way. */
    show(problems, kind) {
      this.editor.parts("[data-problem]").forEach((note) => note.remove());
      this.editor.parts("[aria-invalid]").forEach((control) => {
        control.removeAttribute("aria-invalid");
        describe(control, (id) => !id.endsWith("-problem"));
      });
      if (kind === "wanting") this.listProblems(problems);
      problems.forEach((problem) => this.mark(problem, kind));
      this.countProblems(problems);
      this.editor.tell("marked");
    }

    /* Each tab says how much waits behind it. */
    countProblems(problems) {
      const places = problems.map((problem) => this.editor.place(problem.control)).filter(Boolean);
      const panels = places.map((place) => place.closest("[data-tab]")).filter(Boolean);
      this.editor.parts('[role="tab"]').forEach((tab) => {
        const count = panels.filter((panel) => panel.dataset.tab === tab.dataset.target).length;
        const badge = this.editor.part("tab-count", tab);
        badge.hidden = !count;
        badge.textContent = count ? String(count) : "";
        const label = this.editor.part("tab-problems", tab);
        label.textContent = count ? this.editor.fill(this.editor.texts.to_mend, { count }) : "";
      });
    }

    listProblems(problems) {
      const items = problems.map((problem) => {
        const item = document.createElement("li");
        item.className = "mcp-studio__item";
        const button = document.createElement("button");
        Object.assign(button, { type: "button", className: "mcp-studio__link", textContent: problem.place });
        Object.assign(button.dataset, { action: "go", target: problem.control });
        item.append(button, " ", problem.text);
        return item;
      });
      this.editor.part("problem-list").replaceChildren(...items);
      this.editor.part("problems").hidden = !items.length;
    }

    mark(problem, kind) {
      const control = this.editor.control(problem.control);
      const group = control ? null : this.editor.parts("[data-set]").find((item) => item.dataset.set === problem.control);
      const target = control || group;
      if (!target) return;
      const note = document.createElement("p");
      const id = this.editor.id(problem.control) + "-problem";
      const known = document.getElementById(id);
      if (known) return known.append(" ", problem.text);
      Object.assign(note, { id, className: "mcp-studio__note mcp-studio__note--" + kind, textContent: problem.text });
      note.dataset.problem = kind;
      if (control) control.closest(".mcp-studio__control, .mcp-studio__block").append(note);
      else group.append(note);
      if (control) control.setAttribute("aria-invalid", "true");
      describe(target, () => true, id);
      return undefined;
    }

    /* To the control, card or section of that name. */
    go(name) {
      const target = this.editor.place(name);
      if (!target) return;
      const panel = target.closest("[data-tab]");
      if (panel) this.editor.tab(panel.dataset.tab);
      const card = target.closest("[data-card]");
      if (card) this.editor.fold(card, true);
      const details = target.closest("details");
      if (details) details.open = true;
      target.focus({ preventScroll: true });
      target.scrollIntoView({ block: "center" });
    }

    /* What was said of a control is about its former value. */
    forget(control) {
      const place = control.dataset.control ? control : control.closest("[data-set]");
      if (!place) return;
      const note = document.getElementById(this.editor.id(place.dataset.control || place.dataset.set) + "-problem");
      if (note) note.remove();
      place.removeAttribute("aria-invalid");
      describe(place, (id) => !id.endsWith("-problem"));
    }
  }

  /* Keep those ids of aria-describedby that may stay, and put one more in front. */
  function describe(element, stays, id) {
    const ids = (element.getAttribute("aria-describedby") || "").split(" ").filter((item) => item && stays(item));
    const all = id ? [id, ...ids] : ids;
    if (all.length) element.setAttribute("aria-describedby", all.join(" "));
    else element.removeAttribute("aria-describedby");
  }

  (window.MicrocredStudioParts = window.MicrocredStudioParts || {}).problems = Problems;
})();
