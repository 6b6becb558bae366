// What kind of device this is and how wide its window: for what is reported of a page, and for a consent that asks.
(() => {
  "use strict";
  const kind = () => {
    if (Math.min(screen.width, screen.height) < 600) return "phone";
    return matchMedia("(pointer: coarse)").matches ? "tablet" : "computer";
  };
  document.documentElement.dataset.device = kind();

  const measure = () => {
    for (const field of document.querySelectorAll("[data-measured]")) {
      field.value = field.dataset.measured === "width" ? innerWidth : kind();
    }
  };

  document.addEventListener("submit", measure);
  measure();
})();
