// Keeps what is typed on a page, so that a closed tab or a dead battery loses nothing. The page works without it.
(() => {
  "use strict";
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const DELAY = 800;
  const PATIENCE = 10_000;
  const AGAIN = 5_000;
  const TOKEN = "csrfmiddlewaretoken";
  // What is given back as it was sent: only other words can change that.
  const UNFIT = [400, 413];
  const notices = document.querySelectorAll("[data-notice]");
  let sequence = Number(form.dataset.sequence) || 0;
  let timer = 0;
  let isUnsaved = false;
  let isPast = false;
  let submittedAt = 0;
  // What the page says of a draft: '' where it is kept, 'away' where nobody answers, 'refused' where it was not taken.
  let trouble = "";
  let isExpired = false;
  let retry = 0;
  let waitingButton = null;

  // As a plain form is sent, which costs the server less to read than the parts that a FormData is sent as.
  const typed = () => new URLSearchParams(new FormData(form));

  // Clocks differ between devices: a draft always comes after the one that this page began with.
  const address = () => {
    sequence = Math.max(sequence + 1, Date.now());
    return `${form.dataset.draft}&sequence=${sequence}`;
  };

  // A form's token can expire while somebody writes; the page as it is now has a fresh one.
  const renew = async () => {
    const page = await fetch(location.pathname, { credentials: "same-origin" });
    const fresh = new DOMParser().parseFromString(await page.text(), "text/html").querySelector(`input[name="${TOKEN}"]`);
    if (fresh) form.elements[TOKEN].value = fresh.value;
  };

  const save = async () => {
    if (!(isUnsaved || trouble) || isPast) return;
    isUnsaved = false;
    try {
      if (isExpired) await renew();
      // A redirect leads to another page, whose answer would say nothing of the draft.
      const sent = { method: "POST", body: typed(), credentials: "same-origin", redirect: "manual" };
      const { ok, status, type } = await fetch(address(), sent);
      isExpired = type === "opaqueredirect";
      isPast = status === 409;
      isUnsaved = !ok && !isPast;
      tell(isUnsaved ? (status >= 500 ? "away" : "refused") : "", !UNFIT.includes(status));
    } catch {
      isUnsaved = true;
      tell("away");
    }
    if (trouble !== "away" && waitingButton) {
      const button = waitingButton;
      waitingButton = null;
      form.requestSubmit(button);
    }
  };

  // A lost network, or a draft that was not taken: the page says so, keeps everything, and tries again until it is.
  const tell = (value, again = true) => {
    trouble = value;
    for (const notice of notices) notice.hidden = notice.dataset.notice !== value;
    clearTimeout(retry);
    if (value && again) retry = setTimeout(save, AGAIN);
  };

  const changed = () => {
    isUnsaved = true;
    clearTimeout(timer);
    timer = setTimeout(save, DELAY);
  };

  // A page that is going away has no time for an answer.
  const hide = () => {
    if (document.visibilityState !== "hidden" || !isUnsaved || isPast) return;
    // Nobody hears what becomes of it: what was refused before counts as unsaved until an answer says otherwise.
    isUnsaved = !navigator.sendBeacon(address(), typed()) || trouble === "refused";
  };

  // A double click sends once. Somebody who waited in vain may send again: the server records a page only once.
  const submit = (event) => {
    if (submittedAt && event.timeStamp - submittedAt < PATIENCE) {
      event.preventDefault();
      return;
    }
    clearTimeout(timer);
    if (trouble === "away" || !navigator.onLine) {
      // Sent now, the browser would put its own error in the place of the page.
      event.preventDefault();
      waitingButton = event.submitter;
      isUnsaved = true;
      tell("away");
      save();
      return;
    }
    submittedAt = event.timeStamp;
  };

  const shown = () => {
    submittedAt = 0;
  };

  form.addEventListener("input", changed);
  form.addEventListener("submit", submit);
  document.addEventListener("visibilitychange", hide);
  window.addEventListener("pageshow", shown);
  window.addEventListener("online", save);
})();
