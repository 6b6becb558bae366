// Leads back to the panel after a while, unless the person stops it. The link beside it does the same by hand.
(() => {
  "use strict";
  const notice = document.querySelector("[data-return]");
  const link = notice && document.getElementById(notice.dataset.return);
  if (!link) return;
  // Who asked for less motion is not moved; who came back to this page does not want to be sent away again.
  const key = `returned ${location.pathname}`;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches || sessionStorage.getItem(key)) return;
  const [words, button] = [notice.querySelector("[role=status]"), notice.querySelector("button")];

  const go = () => {
    sessionStorage.setItem(key, "yes");
    link.click();
  };
  const timer = setTimeout(go, Number(notice.dataset.seconds) * 1000);

  const stay = () => {
    clearTimeout(timer);
    sessionStorage.setItem(key, "yes");
    words.textContent = notice.dataset.stopped;
    button.hidden = true;
  };

  button.addEventListener("click", stay);
  link.addEventListener("click", () => clearTimeout(timer));
  notice.hidden = false;
  words.textContent = notice.dataset.words;
})();
