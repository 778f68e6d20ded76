/*
 * Back from the wallet: tell the course's page, in whichever tab or frame it is. A pop-up closes
 * itself, unless there is something to read.
 */
(function () {
  "use strict";
  const { wallet, problem } = document.body.dataset;
  const popup = window.name === "microcred-wallet";
  if (problem !== undefined) forget(wallet);
  if (window.BroadcastChannel) {
    const channel = new BroadcastChannel("microcred-learning-pill");
    channel.postMessage({ wallet: wallet || true, problem: problem });
    channel.close();
  }
  if (!popup) return;
  const [back, close] = ["back", "close"].map((name) => document.querySelector('[data-mcp="' + name + '"]'));
  if (back) back.hidden = true;
  close.hidden = false;
  close.querySelector("button").addEventListener("click", () => window.close());
  if (problem === undefined) setTimeout(() => window.close(), 300);

  /* Where the course's page was left for the wallet's in this tab: nothing is to be sent any more. */
  function forget(wallet) {
    try {
      Object.keys(sessionStorage)
        .filter((key) => key.startsWith("microcred-pending-") && (!wallet || sessionStorage.getItem(key) === wallet))
        .forEach((key) => sessionStorage.removeItem(key));
    } catch (error) {
      // storage is closed in some frames; then nothing was kept
    }
  }
})();
