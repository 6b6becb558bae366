// Measures how a page is taken: times, counts and sizes, never what is typed or pasted. The page works without it.
(() => {
  "use strict";
  const form = document.querySelector("form[data-paradata]");
  if (!form) return;
  // In ms; each later report waits for twice as long, so that an hour's reading makes seven.
  const FIRST_BEAT = 30_000;
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => (n % 36).toString(36));
  const view = letters.join("");
  const methods = new Set();
  let sequence = 0;
  let firstInteraction = "";
  let submitted = "";
  let visible = 0;
  let visibleSince = document.visibilityState === "visible" ? performance.now() : null;
  let hiddenSince = null;
  let timesAway = 0;
  let away = 0;
  let longestAway = 0;
  let scrolled = 0;
  let pastes = 0;
  let pasted = 0;
  let isSent = false;

  const now = () => Math.round(performance.now());
  const whole = (number) => Math.max(0, Math.round(number));

  const look = () => {
    const height = document.documentElement.scrollHeight || 1;
    scrolled = Math.max(scrolled, Math.min(100, Math.round((100 * (scrollY + innerHeight)) / height)));
    isSent = false;
  };

  const touched = (event) => {
    if (!event.isTrusted) return;
    if (firstInteraction === "") firstInteraction = now();
    if (event.type === "keydown") methods.add("keyboard");
    else if (["mouse", "touch", "pen"].includes(event.pointerType)) methods.add(event.pointerType);
    isSent = false;
  };

  // How much was pasted, and into a question of this page only.
  const paste = (event) => {
    if (!event.target.closest("textarea, input")) return;
    pastes += 1;
    pasted += (event.clipboardData ? event.clipboardData.getData("text") : "").length;
    isSent = false;
  };

  const report = () => {
    const seen = visible + (visibleSince === null ? 0 : performance.now() - visibleSince);
    return new URLSearchParams({
      csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value,
      _person: form.elements._person.value,
      step: form.dataset.step,
      view,
      sequence,
      first_interaction_ms: firstInteraction,
      submitted_ms: submitted,
      visible_ms: whole(seen),
      times_away: timesAway,
      away_ms: whole(away),
      longest_away_ms: whole(longestAway),
      scroll_percent: scrolled,
      viewport_width: innerWidth,
      viewport_height: innerHeight,
      pastes,
      pasted_characters: pasted,
      device: document.documentElement.dataset.device,
      input_methods: [...methods].join(" "),
    });
  };

  // What a browser in a pocket, or a server with too much to do, lets go is in the reports before, but for its end.
  const beat = (wait) => {
    setTimeout(() => {
      if (visibleSince !== null) {
        isSent = false;
        send();
        isSent = false;
      }
      beat(2 * wait);
    }, wait);
  };

  // One batch when the page goes out of sight, whether for a moment or for good: the browser sends it when it can.
  const send = () => {
    if (isSent) return;
    sequence += 1;
    isSent = navigator.sendBeacon(form.dataset.paradata, report());
  };

  const seen = () => {
    const at = performance.now();
    if (document.visibilityState === "hidden") {
      if (visibleSince !== null) visible += at - visibleSince;
      visibleSince = null;
      hiddenSince ??= at;
      send();
      return;
    }
    if (hiddenSince !== null) {
      timesAway += 1;
      away += at - hiddenSince;
      longestAway = Math.max(longestAway, at - hiddenSince);
    }
    hiddenSince = null;
    visibleSince = at;
    isSent = false;
  };

  document.addEventListener("visibilitychange", seen);
  window.addEventListener("pagehide", send);
  window.addEventListener("scroll", look, { passive: true });
  window.addEventListener("resize", look);
  document.addEventListener("pointerdown", touched, { passive: true });
  document.addEventListener("keydown", touched);
  document.addEventListener("paste", paste);
  // On the document, after the form's own listeners: a second press that they stopped is no submit.
  document.addEventListener("submit", (event) => {
    if (event.target !== form || event.defaultPrevented) return;
    submitted = now();
    isSent = false;
  });
  look();
  beat(FIRST_BEAT);
})();
