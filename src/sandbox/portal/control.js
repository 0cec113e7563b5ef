// Keeps the page up to date: takes the part that changes from a fresh copy of the page, which the server has written and
// escaped. Without this script the page works by reloading.
(function () {
  "use strict";
  var interval_ms = 2000;
  var failures = 0;

  function say(text) {
    var liveness = document.getElementById("liveness");
    if (liveness) liveness.textContent = text;
  }

  function take(text) {
    var fresh = new DOMParser().parseFromString(text, "text/html").getElementById("live");
    var live = document.getElementById("live");
    if (!fresh) throw new Error("not the page");
    fresh.querySelector("#liveness").textContent = "Updates by itself.";
    // A focused button keeps its focus, and a page that shows the same is left alone.
    if (fresh.innerHTML === live.innerHTML) return;
    var focused = document.activeElement;
    var label = focused && live.contains(focused) && focused.getAttribute("aria-label");
    var scrolled = live.querySelector(".scroll");
    var left = scrolled ? scrolled.scrollLeft : 0;
    live.replaceWith(document.importNode(fresh, true));
    var region = document.querySelector("#live .scroll");
    if (region) region.scrollLeft = left;
    if (label) {
      document.querySelectorAll("#live button").forEach(function (button) {
        if (button.getAttribute("aria-label") === label) button.focus();
      });
    }
  }

  function update() {
    fetch(location.pathname, { credentials: "same-origin", cache: "no-store" })
      .then(function (answer) {
        if (!answer.ok) throw new Error("status " + answer.status);
        return answer.text();
      })
      .then(function (text) {
        take(text);
        failures = 0;
      })
      .catch(function () {
        failures += 1;
        say("The sandbox does not answer; trying again.");
      })
      .then(function () {
        setTimeout(update, Math.min(interval_ms * (1 + failures), 15000));
      });
  }

  say("Updates by itself.");
  setTimeout(update, interval_ms);
})();
