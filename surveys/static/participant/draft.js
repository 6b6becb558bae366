// Keeps what is typed on a page, so that a closed tab or a dead battery loses nothing. The page works without it.
(() => {
  "use strict";
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const DELAY = 800;
  const PATIENCE = 10_000;
  const AGAIN = 5_000;
  const notice = document.querySelector("[data-away] > *");
  let sequence = Number(form.dataset.sequence) || 0;
  let timer = 0;
  let isUnsaved = false;
  let isPast = false;
  let submittedAt = 0;
  let isAway = false;
  let retry = 0;
  let waitingButton = null;

  // As a plain form is sent, which costs the server less to read than the parts that a FormData is sent as.
  const typed = () => new URLSearchParams(new FormData(form));

  // Clocks differ between devices: a draft always comes after the one that this page began with.
  const address = () => {
    sequence = Math.max(sequence + 1, Date.now());
    return `${form.dataset.draft}&sequence=${sequence}`;
  };

  const save = async () => {
    if (!(isUnsaved || isAway) || isPast) return;
    isUnsaved = false;
    try {
      const response = await fetch(address(), { method: "POST", body: typed(), credentials: "same-origin" });
      if (response.status === 409) isPast = true;
      else if (!response.ok) isUnsaved = true;
      away(response.status >= 500);
    } catch {
      isUnsaved = true;
      away(true);
    }
    if (!isAway && waitingButton) {
      const button = waitingButton;
      waitingButton = null;
      form.requestSubmit(button);
    }
  };

  // A lost network: the page says so, keeps everything, and asks again until somebody answers.
  const away = (value) => {
    isAway = value;
    if (notice) notice.hidden = !value;
    clearTimeout(retry);
    if (value) retry = setTimeout(save, AGAIN);
  };

  const changed = () => {
    isUnsaved = true;
    clearTimeout(timer);
    timer = setTimeout(save, DELAY);
  };

  // A page that is going away has no time for an answer.
  const hide = () => {
    if (document.visibilityState !== "hidden" || !isUnsaved || isPast) return;
    isUnsaved = !navigator.sendBeacon(address(), typed());
  };

  // A double click sends once. Somebody who waited in vain may send again: the server records a page only once.
  const submit = (event) => {
    if (submittedAt && event.timeStamp - submittedAt < PATIENCE) {
      event.preventDefault();
      return;
    }
    clearTimeout(timer);
    if (isAway || !navigator.onLine) {
      // Sent now, the browser would put its own error in the place of the page.
      event.preventDefault();
      waitingButton = event.submitter;
      isUnsaved = true;
      away(true);
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
