// The box under an exercise: an answer, what it shows, and the solution on request.
import { element } from "../element.js";
import { check } from "./answers.js";
import { all } from "./page.js";

/** @typedef {import("./answers.js").Exercise} Exercise */

/**
 * @param {Exercise} exercise
 * @param {string} name for the elements' ids
 */
function numberField({ asks, unit }, name) {
  const input = element("input", {
    type: "text",
    id: name,
    autocomplete: "off",
    spellcheck: false,
    "aria-describedby": `${name}-says`,
  });
  const label = element("label", { htmlFor: name }, `Your answer: ${asks}`);
  const field = element("div", { className: "vg-field" }, label, input);
  if (unit) field.append(element("span", { className: "vg-unit" }, unit));
  return { field, answer: () => input.value };
}

/**
 * @param {Exercise} exercise
 * @param {string} name
 */
function choiceField({ asks, options }, name) {
  const legend = element("legend", {}, `Your answer: ${asks}`);
  const field = element("fieldset", { className: "vg-field" }, legend);
  field.setAttribute("aria-describedby", `${name}-says`);
  const inputs = options.map((option) => {
    const input = element("input", { type: "radio", name, value: option });
    field.append(element("label", { className: "vg-option" }, input, option));
    return input;
  });
  return { field, answer: () => inputs.find((input) => input.checked)?.value ?? "" };
}

/** @param {HTMLElement} place */
function mount(place) {
  /** @type {Exercise} */
  const exercise = JSON.parse(place.dataset.exercise ?? "{}");
  const line = place.querySelector("p");
  if (!line) return;
  const makers = { number: numberField, choice: choiceField };
  if (exercise.kind !== "number" && exercise.kind !== "choice") {
    line.textContent = "Answer this one in the notebook, run here or elsewhere.";
    return;
  }
  const name = `exercise-${exercise.id.replace(".", "-")}`;
  const { field, answer } = makers[exercise.kind](exercise, name);
  const button = element("button", { type: "submit", className: "vg-button" }, "Check");
  const says = element("p", {
    id: `${name}-says`,
    className: "vg-says",
    role: "status",
  });
  const form = element(
    "form",
    { className: "vg-answer", noValidate: true },
    field,
    button,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const verdict = check(exercise, answer());
    says.textContent = verdict.says;
    says.dataset.state = verdict.state;
    const solved = place.querySelector(".vg-solved input");
    if (
      verdict.state === "right" &&
      solved instanceof HTMLInputElement &&
      !solved.checked
    ) {
      solved.click();
    }
  });
  line.replaceWith(form, says);
}

export function askExercises() {
  all(".vg-exercise").forEach(mount);
}
