// Keeps what is typed on a page, so that a closed tab or a dead battery loses nothing. The page works without it.
(() => {
  "use strict";
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const DELAY = 800;
  const PATIENCE = 10_000;
  const AGAIN = 5_000;
  // A server waits for its database for less; some networks take a message and never say that it is lost.
  const LONGEST = 20_000;
  // So many tries in vain, where the browser itself says that it is offline.
  const SURELY_OFFLINE = 3;
  const TOKEN = "csrfmiddlewaretoken";
  // What is given back as it was sent: only other words can change that.
  const UNFIT = [400, 413];
  // What is answered where no draft is kept any more, and what the page says then.
  const OVER = { 409: "past", 410: "ended", 423: "late" };
  const notices = document.querySelectorAll("[data-notice]");
  let sequence = Number(form.dataset.sequence) || 0;
  let timer = 0;
  let isUnsaved = false;
  let isPast = false;
  let submittedAt = 0;
  // What the page says of a draft: '' where it is kept, 'away' where nobody answers, 'refused' where it was not taken,
  // 'past' where the page was answered before, 'ended' where the person's part ended without it, 'late' where the page
  // can be sent all the same, 'another' where somebody else came in this browser.
  let trouble = "";
  let isExpired = false;
  let retry = 0;
  let waitingButton = null;
  let isLetThrough = false;
  // How often nobody answered since somebody wanted to go on.
  let tries = 0;

  // As a plain form is sent, which costs the server less to read than the parts that a FormData is sent as.
  const typed = () => new URLSearchParams(new FormData(form));

  // Clocks differ between devices: a draft always comes after the one that this page began with.
  const count = () => {
    sequence = Math.max(sequence + 1, Date.now());
    // A page that cannot be taken is kept as a draft, but not in the place of a newer one of another tab.
    form.elements._sequence.value = sequence;
  };

  const address = () => {
    count();
    return `${form.dataset.draft}&sequence=${sequence}`;
  };

  // Older browsers have no signal that goes off by itself.
  const limited = () => {
    if (AbortSignal.timeout) return AbortSignal.timeout(LONGEST);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), LONGEST);
    return controller.signal;
  };

  const ask = (where, how = {}) => fetch(where, { credentials: "same-origin", signal: limited(), ...how });

  // A form's token can expire while somebody writes; the page as it is now has a fresh one.
  const renew = async () => {
    // Whom a redirect would lead to the debriefing has not seen it yet.
    const page = await ask(location.pathname, { redirect: "manual" });
    const fresh = new DOMParser().parseFromString(await page.text(), "text/html").querySelector(`input[name="${TOKEN}"]`);
    if (fresh) form.elements[TOKEN].value = fresh.value;
  };

  // What a draft is answered with; as a server in trouble would, where nobody answers.
  const attempt = async () => {
    try {
      if (isExpired) await renew();
      // A redirect leads to another page, whose answer would say nothing of the draft.
      const { status, type } = await ask(address(), { method: "POST", body: typed(), redirect: "manual" });
      isExpired = type === "opaqueredirect";
      return status;
    } catch {
      return 503;
    }
  };

  // Filters in a browser or a network can keep drafts from the server, and let forms through.
  const isThere = async () => {
    try {
      return (await ask(location.pathname, { method: "HEAD", redirect: "manual" })).status < 500;
    } catch {
      return false;
    }
  };

  const troubleOf = async (status) => {
    if (status === 204) return "";
    // The answer to a draft can come while the page that was sent already leads on.
    if (status in OVER) return submittedAt ? "" : OVER[status];
    if (status === 412) return "another";
    return status < 500 || (await isThere()) ? "refused" : "away";
  };

  const save = async () => {
    if (!(isUnsaved || trouble) || (isPast && !waitingButton)) return;
    isUnsaved = false;
    const status = await attempt();
    isPast = status in OVER;
    // What was typed meanwhile is unsaved in any case.
    if (status !== 204 && !isPast) isUnsaved = true;
    tell(await troubleOf(status), !isPast && !UNFIT.includes(status));
    if (trouble === "away") tries += waitingButton ? 1 : 0;
    else goOn();
  };

  // Whoever was held back goes on. That the browser believes to be offline counts for nothing where a draft was answered.
  const goOn = () => {
    const button = waitingButton;
    waitingButton = null;
    tries = 0;
    if (!button) return;
    isLetThrough = true;
    // A press does the same in browsers that cannot send by a call.
    if (form.requestSubmit) form.requestSubmit(button);
    else button.click();
    isLetThrough = false;
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
    isUnsaved = !navigator.sendBeacon(address(), typed()) || trouble !== "";
  };

  // A double click sends once. Somebody who waited in vain may send again: the server records a page only once.
  const submit = (event) => {
    if (!isLetThrough && submittedAt && event.timeStamp - submittedAt < PATIENCE) {
      event.preventDefault();
      return;
    }
    clearTimeout(timer);
    if (isUnsaved) count();
    // Of a page that can be sent after its part has ended no drafts are sent by which a lost network would be noticed.
    const isDoubtful = trouble === "away" || trouble === "late" || !navigator.onLine;
    if (isLetThrough || !isDoubtful) {
      submittedAt = event.timeStamp;
      return;
    }
    if (tries >= (navigator.onLine ? 1 : SURELY_OFFLINE)) {
      // Whatever keeps the script from the server may let the form through. If not, the browser's own error stands in
      // another tab, and this page keeps all that was typed.
      form.target = "_blank";
      setTimeout(() => form.removeAttribute("target"));
      return;
    }
    // Sent now, the browser could put its own error in the place of the page.
    event.preventDefault();
    waitingButton = event.submitter ?? form.querySelector("button[type=submit]:enabled");
    isUnsaved = true;
    save();
  };

  const shown = () => {
    submittedAt = 0;
  };

  const isTouched = (control) => {
    if (!control.name || control.type === "hidden") return false;
    if (!control.options) return control.checked !== control.defaultChecked || control.value !== control.defaultValue;
    const first = [...control.options].findIndex((option) => option.defaultSelected);
    return control.selectedIndex !== Math.max(first, 0);
  };

  // On a slow network the page is read and answered before this script is there. Who came back by the browser's button
  // sees what was sent before, which is no news.
  const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";

  form.addEventListener("input", changed);
  // A radio button passes Enter on to the next button that works, behind the form's first (enter_sends_nothing.html).
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing && event.target.matches("input")) event.preventDefault();
  });
  form.addEventListener("submit", submit);
  document.addEventListener("visibilitychange", hide);
  window.addEventListener("pageshow", shown);
  window.addEventListener("online", save);
  if (!isBack && [...form.elements].some(isTouched)) changed();
})();
