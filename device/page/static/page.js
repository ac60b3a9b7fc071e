// Keeps the live page up to date, and waits for a sensor that starts itself afresh. Without it all still works.
"use strict";

(() => {
  const put = (name, html) => {
    const place = document.getElementById(name);
    if (!place) return;
    if (name === "summary") {
      // A screen reader reads it out, so it only changes when it says something else.
      if (place.textContent !== html) place.textContent = html;
      return;
    }
    const held = place.contains(document.activeElement) ? document.activeElement : null;
    place.innerHTML = html;
    if (held) (place.querySelector(held.tagName === "BUTTON" ? "button" : "[tabindex]") || place).focus();
  };

  const live = document.querySelector("main[data-live]");
  if (live && window.EventSource) {
    const away = document.getElementById("away");
    const stream = new EventSource("/stream");
    let refusals = 0;
    stream.onmessage = (event) => {
      refusals = 0;
      away.hidden = true;
      for (const [name, html] of Object.entries(JSON.parse(event.data))) put(name, html);
    };
    stream.onerror = () => {
      away.hidden = false;
      document.getElementById("stage").dataset.old = "";
      if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), Math.min(30000, 3000 * ++refusals));
    };
    stream.onopen = () => delete document.getElementById("stage").dataset.old;
    // A page that the browser keeps for "back" would keep its place among the viewers, too.
    addEventListener("pagehide", () => stream.close());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  const awaiting = document.querySelector("[data-await]");
  if (awaiting) {
    let wasAway = false;
    const began = Date.now();
    const ask = async () => {
      try {
        await fetch("/alive", { cache: "no-store" });
        if (wasAway || Date.now() - began > 9000) return location.replace(awaiting.dataset.await);
      } catch {
        wasAway = true;
      }
      setTimeout(ask, 400);
    };
    setTimeout(ask, 800);
  }
})();
