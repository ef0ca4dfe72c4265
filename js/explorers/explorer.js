// An explorer: knobs, pictures and one sentence, drawn from a table that Python filled.
import { Table, aligned } from "./table.js";
import { FORMATS } from "./words.js";
import { VIEWS } from "./views.js";

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const positionOf = (knob, value) =>
  knob.values.findIndex((v) => (typeof v === "number" ? Math.abs(v - value) < 1e-9 : v === value));

// A native input for one knob; `changed` receives the new position in knob.values.
function makeKnob(knob, id, changed) {
  const output = element("output", { for: id, class: "vg-value" });
  let input;
  if (knob.kind === "range") {
    input = element("input", { type: "range", id, min: 0, max: knob.values.length - 1, step: 1 });
    input.addEventListener("input", () => changed(Number(input.value)));
  } else {
    input = element("select", { id });
    knob.labels.forEach((label, i) => input.append(element("option", { value: i }, label)));
    input.addEventListener("change", () => changed(Number(input.value)));
  }
  input.dataset.knob = knob.name;
  input.dataset.lmSuppressShortcuts = "true"; // JupyterLab's, which take the arrow keys
  const label = element("label", { for: id }, knob.label);
  const node = element("div", { class: `vg-knob vg-${knob.kind}` }, label, input);
  if (knob.kind === "range") node.append(output);
  return {
    node,
    show(position) {
      input.value = position;
      if (knob.kind === "range") {
        output.textContent = knob.labels[position];
        input.setAttribute("aria-valuetext", knob.labels[position]);
      }
    },
  };
}

const keyOf = ({ color, label, mark }) =>
  element("span", { class: "vg-key" }, element("i", { class: `vg-${mark} vg-${color}` }), label);

const holds = (condition, spec, positions) =>
  !condition ||
  Object.entries(condition).every(([name, wanted]) => {
    const knob = spec.knobs.find((k) => k.name === name);
    return [wanted].flat().includes(knob.values[positions[name]]);
  });

// The panel with its rows looked up: what a view needs to draw.
function resolve(panel, spec, table, positions) {
  const value = (name) => spec.knobs.find((k) => k.name === name).values[positions[name]];
  const last = panel.last ? value(panel.last) : undefined;
  const flipped = panel.flip && holds(panel.flip, spec, positions);
  const series = panel.series
    .filter((s) => holds(s.when, spec, positions))
    .map((s) => {
      const shown = (name) =>
        last === undefined || s.whole ? table.row(name, positions) : table.row(name, positions).slice(0, last + 1 - s.first);
      const y = shown(s.array);
      const x = s.x ? shown(s.x) : y.map((_, i) => (flipped ? last - s.first - i : s.first + i));
      const isThere = (_, i) => s.mark === "heat" || !Number.isNaN(y[i]);
      return { ...s, x: x.filter(isThere), y: y.filter(isThere), slope: s.slope && shown(s.slope) };
    });
  const rules = (panel.rules ?? []).flatMap((r) =>
    table.row(r.array, positions).map((y, i) => ({ y, label: r.labels[i], color: r.color })),
  );
  return { ...panel, series, rules, edges: panel.edges && table.row(panel.edges, positions), yDomain: domainOf(panel, series), xDomain: xDomainOf(panel, last) };
}

function xDomainOf(panel, last) {
  if (panel.xDomain || panel.edges) return panel.xDomain;
  return [panel.xFirst - panel.pad, Math.max(last ?? 1, 1) + panel.pad];
}

// Room for what is drawn, and never less than the panel's own least range.
function domainOf(panel, series) {
  if (panel.yDomain) return panel.yDomain;
  let [low, high] = panel.yLeast;
  for (const s of series)
    for (const y of s.y)
      if (Number.isFinite(y)) {
        if (y < low) low = y;
        if (y > high) high = y;
      }
  if (panel.ySteps) {
    const most = Math.max(0, ...series.flatMap((s) => s.y.filter(Number.isFinite).map(Math.abs)));
    const step = panel.ySteps.find((s) => most <= s) ?? panel.ySteps.at(-1);
    return [-step, step];
  }
  const margin = 0.04 * (high - low);
  return [low - margin, high + margin];
}

// The sentence under the picture; {knob} and {array|format} are filled in.
function sentence(spec, table, positions) {
  return spec.readout
    .filter((part) => holds(part.when, spec, positions) && (!part.where || number(part.where, part) === part.equals))
    .map((part) =>
      part.text.replace(/\{([^}|]+)(?:\|(\w+))?\}/g, (_, name, format) => {
        const knob = spec.knobs.find((k) => k.name === name);
        if (knob) {
          const label = knob.words?.[positions[name]] ?? knob.labels[positions[name]];
          return format ? `${label} ${label === "1" ? format.slice(0, -1) : format}` : label;
        }
        return FORMATS[format](number(name, part));
      }),
    )
    .join(" ");

  // At the layer that a knob shows; a row of one number as it is.
  function number(name, part) {
    const row = table.row(name, positions);
    if (row.length === 1 || !part.at) return row[0];
    const knob = spec.knobs.find((k) => k.name === part.at);
    return row[knob.values[positions[part.at]] - part.first];
  }
}

export function render({ model, el }) {
  const prefix = `vg-${Math.random().toString(36).slice(2)}`;
  const controls = element("div", { class: "vg-controls" });
  const pictures = element("div", { class: "vg-pictures" });
  const readout = element("p", { class: "vg-readout", "aria-live": "polite" });
  const root = element("div", { class: "vg-explorer-live", role: "group" }, controls, pictures, readout);
  const legend = element("div", { class: "vg-legend" });
  let source;
  let spec, table, knobs, positions;
  let width = 640;

  function draw() {
    const text = sentence(spec, table, positions);
    const shown = new Map();
    const plots = spec.panels
      .filter((p) => holds(p.when, spec, positions))
      .flatMap((panel) => {
        const picture = resolve(panel, spec, table, positions);
        picture.series.forEach((s) => s.label && shown.set(s.label, s));
        const plot = VIEWS[panel.view](picture, Math.max(260, Math.min(width, 900)));
        // Its style element would make the browser restyle the whole page at each move;
        // explorer.css says the same once.
        plot.querySelector("style").remove();
        // The picture has one name, in words; that of a mark is not for a reader.
        for (const mark of plot.querySelectorAll("[aria-label]")) {
          mark.dataset.mark = mark.getAttribute("aria-label");
          mark.removeAttribute("aria-label");
        }
        plot.setAttribute("role", "img");
        plot.setAttribute("aria-label", `${panel.y}. ${text}`);
        plot.dataset.panel = panel.name;
        return [element("p", { class: "vg-caption" }, panel.y), plot];
      });
    pictures.replaceChildren(...plots);
    legend.replaceChildren(...[...shown.values()].map(keyOf));
    readout.textContent = text;
  }

  function show() {
    for (const knob of spec.knobs) {
      positions[knob.name] = positionOf(knob, model.get(knob.name));
      knobs[knob.name].show(positions[knob.name]);
    }
    draw();
  }

  function load() {
    spec = model.get("spec");
    table = new Table(spec, aligned(model.get("table")));
    positions = {};
    knobs = {};
    root.setAttribute("aria-label", spec.title);
    controls.replaceChildren();
    for (const knob of spec.knobs) {
      knobs[knob.name] = makeKnob(knob, `${prefix}-${knob.name}`, (position) => {
        model.set(knob.name, knob.values[position]);
        model.save_changes();
        if (positions[knob.name] !== position) show();
      });
      controls.append(knobs[knob.name].node);
    }
    controls.append(legend);
    show();
  }

  const names = model.get("spec").knobs.map((k) => k.name);
  // New knobs come with a new table; until it is there, the old ones stay.
  const changed = () => model.get("spec") === spec && names.some((n) => positionOf(spec.knobs.find((k) => k.name === n), model.get(n)) !== positions[n]) && show();
  names.forEach((name) => model.on(`change:${name}`, changed));
  model.on("change:spec", load);
  model.on("change:table", load);
  el.replaceChildren(root);
  width = pictures.clientWidth || width;
  load();

  // Asking for the width at each move would lay the page out twice.
  const observer = new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width || !contentRect.width) return;
    width = contentRect.width;
    draw();
  });
  observer.observe(pictures);
  return () => {
    observer.disconnect();
    names.forEach((name) => model.off(`change:${name}`, changed));
    model.off("change:spec", load);
    model.off("change:table", load);
  };
}

// A widget model without a kernel: the state that the book saved with the page.
class SavedModel {
  constructor({ values, spec, table }) {
    const bytes = Uint8Array.fromBase64?.(table) ?? Uint8Array.from(atob(table), (c) => c.charCodeAt(0));
    this.state = { ...values, spec, table: new DataView(bytes.buffer) };
  }
  get(name) {
    return this.state[name];
  }
  set(name, value) {
    this.state[name] = value;
  }
  on() {}
  off() {}
  save_changes() {}
}

// Let a knob run once, from its first value to the one it has, in about three seconds:
// a page may show that its picture moves. The reader's first touch ends it, and one who
// asked for less motion never sees it.
function play(node, name) {
  const knob = node.querySelector(`[data-knob="${name}"]`);
  const readout = node.querySelector(".vg-readout");
  const last = Number(knob.value);
  const begin = performance.now() + 600;
  const turn = (position) => {
    knob.value = position;
    knob.dispatchEvent(new Event("input"));
  };
  let touched = false;
  const touch = ({ target }) => {
    touched = true;
    if (target !== knob) turn(last);
  };
  const kinds = ["pointerdown", "keydown", "focusin"];
  kinds.forEach((kind) => node.addEventListener(kind, touch, { once: true }));
  const step = (now) => {
    const done = Math.min(1, Math.max(0, (now - begin) / 2600));
    if (!touched) turn(Math.round(done * last));
    if (!touched && done < 1) return requestAnimationFrame(step);
    kinds.forEach((kind) => node.removeEventListener(kind, touch));
    readout.setAttribute("aria-live", "polite");
  };
  readout.setAttribute("aria-live", "off"); // one sentence, not fifty
  requestAnimationFrame(step);
}

// Called by the saved state's script.
export function mount(state) {
  const node = document.getElementById(document.currentScript.dataset.for);
  render({ model: new SavedModel(state), el: node });
  node.dataset.ready = "true";
  if (node.dataset.play && !matchMedia("(prefers-reduced-motion: reduce)").matches) play(node, node.dataset.play);
}

export default { render };
