// A guess is made before its answer shows: set on an axis, chosen, or drawn.
import { element } from "../element.js";
import { fromLog10, power } from "../explorers/words.js";
import { guessed, noteGuess, whenMemoryChanges } from "./memory.js";
import { all, pageName } from "./page.js";
import { curveView } from "./draw.js";

/** @typedef {import("./memory.js").Guess} Guess */
/**
 * @typedef {object} Question
 * @property {string} id
 * @property {"number" | "choice" | "curve"} kind
 * @property {"log10" | "linear"} scale
 * @property {number} low
 * @property {number} high
 * @property {[number, string][]} marks
 * @property {string} unit
 * @property {string[]} options
 * @property {Record<string, string>} why
 * @property {number | string | number[]} truth
 * @property {number[]} x
 * @property {string} x_label
 * @property {string} y_label
 */
/**
 * A way to ask: the control, what was answered, and the picture of guess and truth with
 * the distance in words.
 *
 * @typedef {object} View
 * @property {HTMLElement} control
 * @property {() => Guess | undefined} answer
 * @property {(guess: Guess | null) => { picture?: HTMLElement, says: string }} told
 */

const STEPS = 240; // of a slider

/**
 * A number as a reader would say it.
 *
 * @param {number} value
 * @param {{ scale: string, unit?: string }} question
 */
export function spoken(value, { scale, unit }) {
  const number =
    value > 0 && scale === "log10"
      ? fromLog10(Math.log10(value))
      : String(Number(value.toPrecision(3))).replace("-", "−");
  return unit ? `${number} ${unit}` : number;
}

/**
 * How far apart two positive numbers are.
 *
 * @param {number} decades
 */
export function apart(decades) {
  const size = Math.abs(decades);
  if (size < 1) return `a factor of ${fromLog10(size)}`;
  const rounded = Number(size.toFixed(size < 9.95 ? 1 : 0));
  return `${rounded} ${rounded === 1 ? "decade (a factor" : "decades (factors"} of ten)`;
}

/**
 * The distance between guess and truth, in words.
 *
 * @param {number} guess
 * @param {Question} question
 */
export function distance(guess, question) {
  const truth = Number(question.truth);
  const side = guess > truth ? "too large" : "too small";
  if (question.scale === "log10" && truth > 0) {
    const decades = Math.log10(guess) - Math.log10(truth);
    if (Math.abs(decades) < 0.05) return "That is it.";
    return `You were off by ${apart(decades)}: ${side}.`;
  }
  if (question.scale === "log10") {
    return "The truth is 0: below every number on this axis.";
  }
  const range = question.high - question.low;
  if (Math.abs(guess - truth) < range / 80) return "That is it.";
  return `You were off by ${spoken(Math.abs(guess - truth), question)}: ${side}.`;
}

/**
 * Where a number lies on the axis, from 0 to 1, and the number that lies there.
 *
 * @param {Question} question
 */
export function axisOf({ scale, low, high }) {
  /** @param {number} value */
  const turned = (value) => (scale === "log10" ? Math.log10(value) : value);
  const [from, to] = [turned(low), turned(high)];
  return {
    /** @param {number} value */
    at: (value) => {
      const share = (turned(value) - from) / (to - from);
      return Number.isNaN(share) ? 0 : Math.min(1, Math.max(0, share));
    },
    /** @param {number} share */
    value: (share) => {
      const value = from + share * (to - from);
      return scale === "log10" ? 10 ** value : value;
    },
  };
}

/**
 * @param {Question} question
 * @returns {[number, string][]}
 */
function ticks(question) {
  const { scale, low, high, marks, unit } = question;
  if (marks.length) return marks;
  if (scale !== "log10") {
    return [low, (low + high) / 2, high].map((v) => [v, spoken(v, { scale, unit })]);
  }
  const from = Math.ceil(Math.log10(low) - 1e-9);
  const to = Math.floor(Math.log10(high) + 1e-9);
  const step = Math.max(1, Math.ceil((to - from) / 5));
  /** @type {[number, string][]} */
  const found = [];
  for (let decade = from; decade <= to; decade += step) {
    const isFar = decade < -2 || decade > 3;
    found.push([10 ** decade, isFar ? power(decade) : String(Number(`1e${decade}`))]);
  }
  return found;
}

/**
 * @param {Question} question
 * @returns {View}
 */
function numberView(question) {
  const axis = axisOf(question);
  /** @type {(share: number, className: string, text: string) => HTMLElement} */
  const mark = (share, className, text) => {
    const made = element("span", { className }, text);
    made.style.setProperty("--at", String(share));
    made.classList.toggle("vg-end", share > 0.8);
    made.classList.toggle("vg-start-end", share < 0.2);
    return made;
  };
  const scale = () =>
    element(
      "div",
      { className: "vg-ticks", "aria-hidden": "true" },
      ...ticks(question).map(([value, name]) => mark(axis.at(value), "vg-tick", name)),
    );
  const input = element("input", {
    type: "range",
    min: "0",
    max: String(STEPS),
    // At the end that is farther from the truth: what nobody set is no guess.
    value: axis.at(Number(question.truth)) < 0.5 ? String(STEPS) : "0",
    "aria-label": "Your guess",
  });
  const value = () => axis.value(Number(input.value) / STEPS);
  const output = element("output", { className: "vg-value" });
  const show = () => {
    output.textContent = spoken(value(), question);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", show);
  show();
  return {
    control: element("div", { className: "vg-axis" }, output, input, scale()),
    answer: () => Number(value().toPrecision(4)),
    told(guess) {
      const truth = Number(question.truth);
      const line = element("div", { className: "vg-rail" });
      const picture = element("div", { className: "vg-axis vg-marked" }, line, scale());
      line.append(
        mark(axis.at(truth), "vg-truth", `truth: ${spoken(truth, question)}`),
      );
      if (typeof guess !== "number") return { picture, says: "" };
      line.append(mark(axis.at(guess), "vg-yours", `you: ${spoken(guess, question)}`));
      return { picture, says: distance(guess, question) };
    },
  };
}

/**
 * @param {Question} question
 * @returns {View}
 */
function choiceView({ id, options, truth, why }) {
  const legend = element("legend", { className: "vg-aside" }, "Your guess");
  const control = element("fieldset", { className: "vg-options" }, legend);
  const inputs = options.map((option) => {
    const input = element("input", {
      type: "radio",
      name: `guess-${id}`,
      value: option,
    });
    control.append(element("label", { className: "vg-option" }, input, option));
    return input;
  });
  return {
    control,
    answer: () => inputs.find((input) => input.checked)?.value,
    told(guess) {
      const items = options.map((option) => {
        const item = element("li", {}, option);
        if (option === truth)
          item.append(element("b", { className: "vg-truth" }, "truth"));
        if (option === guess)
          item.append(element("b", { className: "vg-yours" }, "you"));
        return item;
      });
      const picture = element("ul", { className: "vg-chosen" }, ...items);
      if (guess === null) return { picture, says: "" };
      if (guess === truth) return { picture, says: "That is it." };
      return { picture, says: why[String(guess)] ?? `You said ${String(guess)}.` };
    },
  };
}

/**
 * What follows and gives the answer away, up to the next guess.
 *
 * @param {HTMLElement} place
 */
function givenAway(place) {
  const found = all(".vg-guess, .tag_after-guess");
  const after = found.slice(found.indexOf(place) + 1);
  const next = after.findIndex((each) => each.classList.contains("vg-guess"));
  return next < 0 ? after : after.slice(0, next);
}

/** @param {HTMLElement} place */
function mount(place) {
  const page = pageName(location.href);
  /** @type {Question} */
  const question = JSON.parse(place.dataset.guess ?? "{}");
  const details = place.querySelector("details");
  if (!details) return;
  const views = { number: numberView, choice: choiceView, curve: curveView };
  const view = views[question.kind](question);
  const later = givenAway(place);

  /** @type {(text: string, className: string, action: () => void) => HTMLElement} */
  const button = (text, className, action) => {
    const made = element("button", { type: "button", className }, text);
    made.addEventListener("click", action);
    return made;
  };
  const complaint = element("p", { className: "vg-says", role: "status" });
  const commit = button("This is my guess", "vg-button", () => {
    const answer = view.answer();
    if (answer === undefined) complaint.textContent = "Choose one first.";
    else settle(answer);
  });
  const show = button("Show me", "vg-plain", () => settle(null));
  const asked = element(
    "div",
    { className: "vg-asked" },
    view.control,
    element("div", { className: "vg-buttons" }, commit, show),
    complaint,
  );
  const says = element("p", { className: "vg-says", role: "status" });
  const picture = element("div", { className: "vg-picture" });
  const answer = element("div", { className: "vg-answer-text" });
  for (const child of [...details.children]) {
    if (child.tagName !== "SUMMARY") answer.append(child.cloneNode(true));
  }
  const again = button("Guess again", "vg-plain", () => {
    noteGuess(page, question.id, undefined);
    render(undefined);
    view.control.querySelector("input")?.focus();
  });
  const told = element(
    "div",
    { className: "vg-told-answer", tabIndex: -1 },
    picture,
    says,
    answer,
    again,
  );
  place.append(asked, told);
  place.classList.add("vg-live");

  /** @param {Guess | null} guess */
  function settle(guess) {
    noteGuess(page, question.id, guess);
    render(guess);
    told.focus({ preventScroll: true });
  }

  /** @param {Guess | null | undefined} guess */
  function render(guess) {
    const open = guess !== undefined;
    asked.hidden = open;
    told.hidden = !open;
    complaint.textContent = "";
    for (const cell of later) cell.classList.toggle("vg-revealed", open);
    if (guess === undefined) return;
    const shown = view.told(guess);
    picture.replaceChildren(...(shown.picture ? [shown.picture] : []));
    says.textContent = shown.says;
    says.hidden = !shown.says;
  }
  render(guessed(page, question.id));
  whenMemoryChanges(() => {
    const now = guessed(page, question.id);
    if (now !== undefined || !told.hidden) render(now);
  });
}

export function askGuesses() {
  const places = all(".vg-guess");
  places.forEach(mount);
  if (places.length) return;
  for (const cell of all(".tag_after-guess")) cell.classList.add("vg-revealed");
}
