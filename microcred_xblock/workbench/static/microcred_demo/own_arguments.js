/* The workbench parses a block's JSON arguments together with those of the blocks inside it, which fails as soon as
   two of them have any. Here each block's function is bound to exactly its own arguments before the workbench runs. */
(() => {
  "use strict";
  document.querySelectorAll(".xblock-v1[data-init]").forEach((element, number) => {
    const own = [...element.children].find((child) => child.classList.contains("xblock_json_init_args"));
    const initialise = window[element.dataset.init];
    if (!initialise || initialise.length !== 3) return;
    const name = `demoBlock${number}`;
    const data = own ? JSON.parse(own.textContent) : {};
    window[name] = function (runtime, block) {
      return new initialise(runtime, block, data);
    };
    element.dataset.init = name;
  });
})();
