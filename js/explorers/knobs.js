// Native inputs for knobs; a knob calls `turn` with the new position in its values.
import { element } from "../element.js";

const FEW = 5; // of as many values, each gets a button

export const positionOf = ({ values }, value) => {
  const exact = values.indexOf(value);
  if (exact >= 0 || typeof value !== "number") return exact;
  return values.findIndex((known) => Math.abs(known - value) < 1e-9);
};

export function makeKnob(knob, id, turn) {
  if (knob.values.length <= FEW) return makeButtons(knob, id, turn);
  return knob.kind === "range" ? makeSlider(knob, id, turn) : makeList(knob, id, turn);
}

// JupyterLab's own shortcuts take the arrow keys.
const ours = (node, { name }) =>
  Object.assign(node.dataset, { knob: name, lmSuppressShortcuts: "true" });

function makeSlider(knob, id, turn) {
  const last = knob.values.length - 1;
  const input = element("input", { type: "range", id, min: 0, max: last, step: 1 });
  ours(input, knob);
  input.addEventListener("input", () => turn(Number(input.value)));
  const output = element("output", { for: id });
  // Beside the keyboard's arrows: for a finger, which cannot hit one value of hundreds.
  const step = (text, by, words) => {
    const button = element(
      "button",
      { type: "button", tabIndex: -1, className: "vg-step" },
      text,
    );
    button.setAttribute("aria-label", `${knob.label}: ${words}`);
    button.addEventListener("click", () => {
      turn(Math.min(last, Math.max(0, Number(input.value) + by)), true);
    });
    return button;
  };
  const slide = element(
    "div",
    { className: "vg-slide" },
    step("−", -1, "less"),
    input,
    step("+", 1, "more"),
  );
  const stops = element("div", { className: "vg-stops" });
  for (const [position, text] of Object.entries(knob.stops ?? {})) {
    const stop = element(
      "button",
      { type: "button", tabIndex: -1, className: "vg-stop" },
      text,
    );
    stop.style.setProperty("--vg-at", String(Number(position) / last));
    stop.addEventListener("click", () => turn(Number(position), true));
    stops.append(stop);
  }
  const node = element(
    "div",
    { className: "vg-knob vg-range" },
    element("label", { htmlFor: id }, knob.label),
    output,
    slide,
  );
  if (knob.stops) node.append(stops);
  return {
    node,
    show(position) {
      input.value = position;
      output.textContent = knob.labels[position];
      input.setAttribute("aria-valuetext", knob.labels[position]);
    },
  };
}

function makeList(knob, id, turn) {
  const options = knob.labels.map((label, i) => element("option", { value: i }, label));
  const input = element("select", { id }, ...options);
  ours(input, knob);
  input.addEventListener("change", () => turn(Number(input.value), true));
  const label = element("label", { htmlFor: id }, knob.label);
  return {
    node: element("div", { className: "vg-knob vg-select" }, label, input),
    show: (position) => (input.value = position),
  };
}

function makeButtons(knob, id, turn) {
  const inputs = knob.labels.map((_, i) =>
    element("input", { type: "radio", name: id, value: i }),
  );
  const labels = inputs.map((input, i) =>
    element("label", {}, input, element("span", {}, knob.labels[i])),
  );
  const node = element(
    "fieldset",
    { className: "vg-knob vg-choice" },
    element("legend", {}, knob.label),
    ...labels,
  );
  ours(node, knob);
  for (const input of inputs) {
    input.dataset.lmSuppressShortcuts = "true";
    input.addEventListener("change", () => turn(Number(input.value), true));
  }
  return { node, show: (position) => (inputs[position].checked = true) };
}
