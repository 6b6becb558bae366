// Keeps what is typed on the server while it is typed, and counts the seconds that the page was in view. Without it
// nothing is lost that was saved, and no time is measured.
(() => {
  "use strict";
  const WAIT = 700;

  // Seconds in view, handed over with whatever form is sent.
  let seen = 0;
  let since = document.visibilityState === "visible" ? performance.now() : null;
  const count = () => {
    if (since !== null) {
      seen += performance.now() - since;
      since = performance.now();
    }
    return (seen / 1000).toFixed(1);
  };
  document.addEventListener("visibilitychange", () => {
    count();
    since = document.visibilityState === "visible" ? performance.now() : null;
  });
  document.addEventListener("submit", (event) => {
    for (const field of event.target.querySelectorAll("[data-seconds]")) {
      field.value = count();
    }
  });

  for (const form of document.querySelectorAll("form[data-keep]")) {
    const text = form.querySelector("textarea");
    const said = form.querySelector("[data-keeping]");
    let timer = null;
    let kept = text.value;
    let leaving = false;
    // The server's number of what it keeps; a device's clock may be behind another's.
    let sequence = Number(form.dataset.sequence) || 0;

    const keep = async (whenGone) => {
      clearTimeout(timer);
      timer = null;
      if (text.value === kept) {
        return;
      }
      const value = text.value;
      const body = new URLSearchParams({
        csrfmiddlewaretoken: form.querySelector("[name=csrfmiddlewaretoken]").value,
        sequence: String((sequence += 1)),
        revision: form.dataset.revision,
        [text.dataset.keepAs || "text"]: value,
        ...(whenGone ? { leaving: "1" } : {}),
      });
      try {
        const answer = await fetch(form.dataset.keep, { method: "POST", body, keepalive: Boolean(whenGone) });
        if (!answer.ok || answer.redirected) {
          throw new Error(String(answer.status));
        }
        const told = await answer.json();
        sequence = Math.max(sequence, told.sequence);
        if (!told.kept) {
          // Another window or device kept something since: what is typed here last comes behind it.
          timer = setTimeout(keep, WAIT);
          return;
        }
        kept = value;
        said.textContent = form.dataset.kept;
      } catch (refused) {
        if (!leaving) {
          said.textContent = form.dataset.notKept;
          timer = setTimeout(keep, 5000);
        }
      }
    };
    text.addEventListener("input", () => {
      said.textContent = "";
      clearTimeout(timer);
      timer = setTimeout(keep, WAIT);
    });
    form.addEventListener("submit", () => {
      // What is being saved needs no second copy, which could arrive behind it.
      leaving = true;
      clearTimeout(timer);
      kept = text.value;
    });
    addEventListener("pagehide", () => {
      leaving = true;
      keep(true);
    });
  }
})();
