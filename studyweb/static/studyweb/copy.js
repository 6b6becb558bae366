// Copies the text that a button with data-copy names by its id, and says so in the status beside the button.
(() => {
  "use strict";
  if (!navigator.clipboard) return;
  document.documentElement.classList.add("can-copy");

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    const status = button.parentElement.querySelector("[role=status]");
    let said = button.dataset.done;
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
    } catch {
      // The browser refused: select the text, so that the person can copy it by hand.
      getSelection().selectAllChildren(source);
      said = button.dataset.refused;
    }
    if (status) status.textContent = said;
  });
})();
