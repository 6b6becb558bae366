// Single keys press what carries them in data-keys, and put the cursor where that is a text field. All of it can be
// done without them; they can be switched off on a device, and rest while somebody types.
(() => {
  "use strict";
  const STORE = "studyweb-single-keys";
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

  const typing = (element) =>
    element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio])");

  document.addEventListener("keydown", (event) => {
    const form = document.querySelector("form[data-save-keys]");
    if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    const away = document.querySelector("[data-escape]");
    if (event.key === "Escape") {
      if (away && !form.querySelector("textarea").matches("[data-changed]")) {
        away.click();
      } else if (typing(event.target)) {
        event.target.blur();
      }
      return;
    }
    if (!on || event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing(event.target)) {
      return;
    }
    const target = [...document.querySelectorAll("[data-keys]")].find((element) =>
      element.dataset.keys.split(" ").includes(event.key),
    );
    if (!target) {
      return;
    }
    event.preventDefault();
    if (typing(target)) {
      target.focus();
    } else {
      target.click();
    }
  });

  // A text that was changed is not thrown away by one key.
  const text = document.querySelector("form[data-save-keys] textarea");
  if (text) {
    text.focus();
    text.addEventListener("input", () => text.setAttribute("data-changed", ""));
  }
})();
