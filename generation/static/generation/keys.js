// Single keys press what carries them in data-keys, and put the cursor where that is a text field. All of it can be
// done without them; they can be switched off on a device, and rest while somebody types or a dialog is open.
(() => {
  "use strict";
  const STORE = "studyweb-single-keys";
  // Keys that come closer than this to each other are words. On a slow line the key that was to put the cursor into the
  // field for a reason may come before these lines listen: what is typed then must decide nothing.
  const WORD = 150;
  const help = document.querySelector("[data-keys-switch]");
  const box = help && help.querySelector("input");
  let on = true;
  try {
    on = localStorage.getItem(STORE) !== "off";
  } catch (refused) {
    // A browser that stores nothing keeps the keys on.
  }
  if (box) {
    help.hidden = false;
    box.checked = on;
    box.addEventListener("change", () => {
      on = box.checked;
      try {
        localStorage.setItem(STORE, on ? "on" : "off");
      } catch (refused) {
        // Then the choice holds for this page.
      }
    });
  }

  // The overlay that lists the keys.
  for (const button of document.querySelectorAll("[data-dialog]")) {
    button.hidden = false;
    button.addEventListener("click", () => document.getElementById(button.dataset.dialog).showModal());
  }

  const typing = (element) =>
    element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio])");
  const saving = (element) => element.closest("form[data-save-keys]");

  let last = -Infinity;
  let deciding = null;

  addEventListener("pagehide", () => clearTimeout(deciding));

  document.addEventListener("keydown", (event) => {
    // Whatever comes next, a word's other letters or another key, the one before it decides nothing any more.
    clearTimeout(deciding);
    if (event.target.closest("dialog") || document.querySelector("dialog[open]")) {
      return; // The dialog's own keys: Escape closes it.
    }
    const form = saving(event.target);
    if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    const away = document.querySelector("[data-escape]");
    if (event.key === "Escape") {
      last = -Infinity;
      if (away && !document.querySelector("form[data-save-keys] textarea[data-changed]")) {
        away.click();
      } else if (typing(event.target)) {
        event.target.blur();
      }
      return;
    }
    const arrow = event.key.startsWith("Arrow") && event.target.matches("input");
    if (!on || event.ctrlKey || event.metaKey || event.altKey || event.repeat || arrow || typing(event.target)) {
      return;
    }
    const inWord = event.key.length === 1 && event.timeStamp - last < WORD;
    if (event.key.length === 1) {
      last = event.timeStamp;
    }
    const target = [...document.querySelectorAll("[data-keys]")].find((element) =>
      element.dataset.keys.split(" ").includes(event.key),
    );
    if (!target || inWord) {
      return;
    }
    event.preventDefault();
    if (typing(target)) {
      target.focus();
    } else if (target.type === "submit") {
      // Not the first letter of a word, once no other has followed.
      deciding = setTimeout(() => target.click(), WORD);
    } else {
      target.click();
    }
  });

  // A text that was changed is not thrown away by one key.
  for (const text of document.querySelectorAll("form[data-save-keys] textarea")) {
    text.addEventListener("input", () => text.setAttribute("data-changed", ""));
  }
  // A page that is about one text begins in it, or at the first place to cut it; not where something is wrong with it.
  const first = document.querySelector("form[data-save-keys] :is(textarea, input[type=radio])");
  if (first && document.querySelector("[data-escape]") && !document.querySelector(".error-summary")) {
    first.focus();
  }
})();
