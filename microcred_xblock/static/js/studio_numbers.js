/* Numbers as a person writes them. The rule is that of authoring/values.py; a test holds the two against each other. */
(function () {
  "use strict";

  const WRITTEN = /^[+-]?(?:\p{Nd}{1,12}[.,]?\p{Nd}{0,12}|[.,]\p{Nd}{1,12})$/u;
  const GROUPED = /,\p{Nd}{3}$/u;

  /* NaN of what is no number. ``comma``: whether the reader's language writes decimals with one. */
  function number(text, comma) {
    const bare = text.trim().replaceAll("٫", ".");
    if (!WRITTEN.test(bare) || (GROUPED.test(bare) && !comma)) return NaN;
    return Number(Array.from(bare.replace(",", "."), latin).join(""));
  }

  function latin(letter) {
    return isDigit(letter.codePointAt(0)) ? String(value(letter.codePointAt(0))) : letter;
  }

  /* Each script has its ten digits in one row; two rows may be neighbours. */
  function value(code) {
    let start = code;
    while (isDigit(start - 1)) start -= 1;
    return (code - start) % 10;
  }

  function isDigit(code) {
    return /^\p{Nd}$/u.test(String.fromCodePoint(code));
  }

  window.MicrocredStudioTools = Object.assign(window.MicrocredStudioTools || {}, { number });
})();
