// What questions do more where scripts run. Every one of them can be answered without: the server decides what counts.
(() => {
  "use strict";
  const form = document.querySelector("form.questions");
  if (!form) return;

  const changed = (control) => control.dispatchEvent(new Event("input", { bubbles: true }));
  const named = (name) => [...form.elements].filter((control) => control.name === name && !control.disabled);

  // Scripts have their digits in whole rows from 0 to 9, one behind the other.
  const digit = (character) => {
    const code = character.codePointAt(0);
    let zero = code;
    while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
    return (code - zero) % 10;
  };

  // The number that the server reads in a text (_number in surveys/items/reading.py): digits of any script, the minus
  // and the decimal sign that phones type beside '-', '.' and ','. NaN where the server would ask again, as for what can
  // be a thousand or a decimal; with the stops of a slider it is clear.
  const numberIn = (text, stops = "") => {
    const plain = text.trim().replace("\u2212", "-").replace("\u066b", ".").replace(/\p{Nd}/gu, digit);
    const number = /^[+-]?(\d{1,20}([.,]\d{1,9})?|[.,]\d{1,9})$/.test(plain) ? Number(plain.replace(",", ".")) : NaN;
    const isUnclear = /[.,]\d{3}$/.test(plain) && Math.abs(number) >= 1 && !/\.\d{3}/.test(stops);
    return isUnclear ? NaN : number;
  };

  const stopsOf = (control) => {
    const { minimum, step } = control.closest(".slider")?.dataset ?? {};
    return step ? `${minimum} ${step}` : "";
  };

  // Questions that an answer on this page brings up (surveys/items/rules.py says the same on the server).
  const dependent = [...form.querySelectorAll("[data-show-if]")].map((box) => ({
    box,
    conditions: JSON.parse(box.dataset.showIf),
    mark: box.querySelector("input[name='_shown']"),
  }));

  const values = (name) =>
    named(name)
      .filter((control) => !["radio", "checkbox"].includes(control.type) || control.checked)
      .map((control) => control.value.trim())
      .filter((value) => value);

  const isHidden = (name) => named(name).every((control) => control.closest("[data-show-if][hidden]"));

  const isMet = (condition) => {
    if (isHidden(condition.item)) return false;
    const given = values(condition.item);
    if (condition.at_least !== undefined || condition.at_most !== undefined) {
      // One that can be read in two ways may have the one that was chosen beside it.
      const stops = stopsOf(named(condition.item)[0]);
      const number = given.map((text) => numberIn(text, stops)).find((each) => !Number.isNaN(each)) ?? NaN;
      const least = condition.at_least === undefined ? -Infinity : Number(condition.at_least);
      const most = condition.at_most === undefined ? Infinity : Number(condition.at_most);
      return number >= least && number <= most;
    }
    if (!given.length) {
      if (!condition.optional) return false;
      given.push("skipped");
    }
    if (condition.any_of) return given.some((value) => condition.any_of.includes(value));
    return !given.some((value) => condition.none_of.includes(value));
  };

  const bringUp = () => {
    // In the order of the page, since one question may rest on another that has just gone.
    for (const { box, conditions, mark } of dependent) {
      // What the server complains about stays in sight: hidden, it could never be answered.
      box.hidden = !conditions.every(isMet) && !box.querySelector(".field-error");
      mark.disabled = box.hidden;
    }
  };

  // 'None of these' and 'prefer not to say' stand alone.
  const standAlone = (event) => {
    const { target } = event;
    if (target.type !== "checkbox" || !target.checked) return;
    const group = named(target.name).filter((other) => other.type === "checkbox" && other !== target);
    for (const other of group) {
      if ("exclusive" in target.dataset || "exclusive" in other.dataset) other.checked = false;
    }
  };

  // A slider on which nothing is set until it is touched; the field beside it holds the answer.
  const slide = (box) => {
    const field = box.querySelector("input");
    const range = document.createElement("input");
    range.type = "range";
    range.min = box.dataset.minimum;
    range.max = box.dataset.maximum;
    range.step = box.dataset.step;
    range.setAttribute("aria-labelledby", `${field.id}_wording`);
    range.setAttribute("aria-describedby", field.getAttribute("aria-describedby"));
    const show = () => {
      const number = numberIn(field.value, stopsOf(field));
      const isSet = number >= Number(range.min) && number <= Number(range.max);
      if (isSet) range.value = number;
      range.classList.toggle("untouched", !isSet);
      if (isSet) range.removeAttribute("aria-valuetext");
      else range.setAttribute("aria-valuetext", box.dataset.untouched);
    };
    const take = () => {
      field.value = range.value;
      show();
      changed(field);
    };
    range.addEventListener("input", (event) => {
      event.stopPropagation();
      take();
    });
    // A press on the very middle, or Space and Enter, changes no value and is an answer all the same.
    range.addEventListener("pointerup", take);
    range.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      take();
    });
    field.addEventListener("input", show);
    box.classList.add("has-range");
    box.querySelector(".slider-ends").before(range);
    show();
  };

  // Things to rank become buttons: pressing one gives it the next free place, pressing it again takes it out.
  const rank = (box) => {
    const selects = [...box.querySelectorAll("select")];
    const status = document.createElement("p");
    status.className = "visually-hidden";
    status.setAttribute("role", "status");
    const help = document.createElement("p");
    help.className = "help";
    help.textContent = box.dataset.help;
    const buttons = selects.map((select) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "rank-button";
      const badge = document.createElement("span");
      badge.className = "rank-badge";
      const words = document.createElement("span");
      words.append(...select.labels[0].cloneNode(true).childNodes);
      for (const name of ["lang", "dir"]) {
        if (select.labels[0].hasAttribute(name)) words.setAttribute(name, select.labels[0].getAttribute(name));
      }
      button.append(badge, words);
      select.parentElement.hidden = true;
      return button;
    });
    const order = selects
      .filter((select) => select.selectedIndex > 0)
      .sort((one, other) => one.selectedIndex - other.selectedIndex);
    const show = () => {
      selects.forEach((select, number) => {
        const place = order.indexOf(select) + 1;
        select.selectedIndex = place;
        buttons[number].setAttribute("aria-pressed", place > 0);
        buttons[number].firstChild.textContent = place || "";
      });
    };
    const press = (number) => {
      const select = selects[number];
      const at = order.indexOf(select);
      if (at < 0) order.push(select);
      else order.splice(at, 1);
      show();
      const words = buttons[number].lastChild.textContent;
      status.textContent = at < 0 ? `${words}: ${box.dataset.placed} ${order.length}` : `${words}: ${box.dataset.takenOut}`;
      changed(select);
    };
    buttons.forEach((button, number) => button.addEventListener("click", () => press(number)));
    // The links of the error summary lead to the first control that can be seen.
    buttons[0].id = selects[0].id;
    selects[0].removeAttribute("id");
    box.append(help, ...buttons, status);
    show();
  };

  // Sentences can be pressed in the article as well; its words stay exactly as they were.
  const mark = (box) => {
    const body = document.querySelector(".article-body");
    if (!body) return;
    const squeezed = (text) => text.replace(/\s+/g, " ").trim();
    const texts = [...body.querySelectorAll("p")].filter((paragraph) => squeezed(paragraph.textContent));
    const lists = [...box.querySelectorAll("p")];
    if (texts.length !== lists.length) return;
    texts.forEach((text, number) => {
      const labels = [...lists[number].querySelectorAll("label")];
      let rest = squeezed(text.textContent);
      const pieces = [];
      for (const label of labels) {
        const words = squeezed(label.textContent);
        if (!rest.startsWith(words)) return;
        const piece = document.createElement("span");
        piece.className = "pressable";
        piece.textContent = words;
        const control = label.querySelector("input");
        const show = () => piece.classList.toggle("is-marked", control.checked);
        control.addEventListener("input", show);
        piece.addEventListener("click", () => {
          if (String(window.getSelection())) return;
          control.checked = !control.checked;
          changed(control);
        });
        show();
        const after = rest.slice(words.length);
        rest = after.trimStart();
        pieces.push(piece, after.slice(0, after.length - rest.length));
      }
      text.replaceChildren(...pieces);
    });
  };

  form.querySelectorAll(".slider").forEach(slide);
  form.querySelectorAll(".ranking").forEach(rank);
  form.querySelectorAll(".sentences").forEach(mark);
  form.addEventListener("input", standAlone);
  form.addEventListener("input", bringUp);
  bringUp();
})();
