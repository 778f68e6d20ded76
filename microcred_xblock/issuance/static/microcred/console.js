/* The console works without this file: it only saves reloading and double clicks. */
(function () {
  "use strict";

  document.querySelectorAll("form[data-once]").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
    });
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-once]").forEach(function (form) { delete form.dataset.sent; });
  });

  var filters = document.querySelector("[data-filters]");
  if (filters && window.matchMedia("(max-width: 60rem)").matches && !filters.querySelector("[aria-invalid]")) {
    filters.open = false;
  }

  var job = document.querySelector("[data-progress]");
  if (!job) {
    return;
  }
  var bar = job.querySelector("[role=progressbar]");
  var fill = bar.querySelector("rect");
  var label = job.querySelector("[data-label]");
  var text = job.querySelector("[data-text]");
  var wait = 1000;

  function show(news) {
    bar.setAttribute("aria-valuenow", news.percent);
    bar.setAttribute("aria-valuetext", news.text);
    fill.setAttribute("width", news.percent);
    label.textContent = news.label;
    label.className = "chip chip--" + news.tone;
    if (text.textContent !== news.text) {
      text.textContent = news.text;
    }
  }

  function ask() {
    fetch(job.dataset.progress, {credentials: "same-origin", headers: {Accept: "application/json"}})
      .then(function (answer) {
        if (answer.status === 401 || answer.status === 403 || answer.status === 404) {
          window.location.reload();
        }
        if (!answer.ok) {
          throw new Error(String(answer.status));
        }
        return answer.json();
      })
      .then(function (news) {
        show(news);
        if (!news.open) {
          window.location.reload();
          return;
        }
        wait = 1000;
        window.setTimeout(ask, wait);
      })
      .catch(function () {
        wait = Math.min(wait * 2, 30000);
        window.setTimeout(ask, wait);
      });
  }

  window.setTimeout(ask, wait);
}());
