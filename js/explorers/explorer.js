// An explorer: knobs, pictures and one sentence, drawn from a table that Python filled.
import { element } from "../element.js";
import { addressOf, positionsIn, valuesIn } from "./address.js";
import { makeKnob, positionOf } from "./knobs.js";
import { Picture } from "./picture.js";
import { Reading } from "./reading.js";
import { SavedModel } from "./saved.js";
import { aligned } from "./table.js";
import { TICKS, placeTicks } from "./ticks.js";

const PAUSE = 1200; // milliseconds after which another key begins another move
let count = 0;

const keyOf = ({ color, label, mark }) =>
  element(
    "span",
    { className: "vg-key" },
    element("i", { className: `vg-${mark} vg-${color}` }),
    label,
  );

class Explorer {
  constructor(model, el) {
    this.model = model;
    this.prefix = `vg-${(count += 1)}`;
    this.width = 640;
    this.controls = element("div", { className: "vg-controls" });
    this.readout = element("p", { className: "vg-readout", id: `${this.prefix}-says` });
    this.readout.setAttribute("aria-live", "polite");
    this.figures = element("div", { className: "vg-pictures" });
    this.reset = this.#button("Reset", () => this.move(this.start));
    this.pin = this.#button("Pin", () => this.#pin());
    this.pin.setAttribute("aria-pressed", "false");
    const tools = element("div", { className: "vg-tools" }, this.pin, this.reset);
    const top = element("div", { className: "vg-top" }, this.controls, this.readout);
    this.root = element(
      "div",
      { className: "vg-explorer-live", role: "group" },
      top,
      this.figures,
      tools,
    );
    this.pictures = new Map();
    this.settled = () => {}; // what is done when a move has ended
    this.onKnob = () => this.#knobChanged();
    this.onTable = () => this.load();
    // A hand on a slider holds the frame still; what was there before stays as a ghost.
    this.controls.addEventListener("pointerdown", () => this.#begin(true));
    this.controls.addEventListener("keydown", () => {
      if (performance.now() - this.moved > PAUSE) this.#begin(false);
    });
    this.controls.addEventListener("change", () => this.#release());
    this.onRelease = () => this.#release();
    for (const kind of ["pointerup", "pointercancel"])
      addEventListener(kind, this.onRelease);
    this.figures.addEventListener("pointermove", (event) => this.#pointAt(event));
    this.figures.addEventListener("pointerdown", (event) => this.#pointAt(event));
    // What a finger has read stays when it is gone.
    this.figures.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType !== "touch") this.#read();
    });
    this.figures.addEventListener("keydown", (event) => this.#key(event));
    this.figures.addEventListener("focusout", () => this.#read());
    el.replaceChildren(this.root);
    this.width = this.figures.clientWidth || this.width;
    this.load();
    // Asking for the width at each move would lay the page out twice.
    this.observer = new ResizeObserver(
      ([
        {
          contentRect: { width },
        },
      ]) => {
        if (width === this.width || !width) return;
        this.width = width;
        this.draw();
      },
    );
    this.observer.observe(this.figures);
  }

  #button(text, act) {
    const button = element("button", { type: "button", className: "vg-tool" }, text);
    button.addEventListener("click", act);
    return button;
  }

  // A table is new: at first, and after Re-run.
  load() {
    const spec = this.model.get("spec");
    for (const knob of this.reading?.spec.knobs ?? [])
      this.model.off(`change:${knob.name}`, this.onKnob);
    if (!this.reading) {
      this.model.on("change:spec", this.onTable);
      this.model.on("change:table", this.onTable);
    }
    this.reading = new Reading(spec, aligned(this.model.get("table")));
    this.root.setAttribute("aria-label", spec.title);
    this.knobs = spec.knobs.map((knob) =>
      makeKnob(knob, `${this.prefix}-${knob.name}`, (position, isWhole) =>
        this.turn(knob, position, isWhole),
      ),
    );
    this.controls.replaceChildren(...this.knobs.map(({ node }) => node));
    this.at = {};
    for (const knob of spec.knobs) {
      this.model.on(`change:${knob.name}`, this.onKnob);
      this.at[knob.name] = positionOf(knob, this.model.get(knob.name));
    }
    this.start = { ...this.at };
    this.ghost = this.pinned = undefined;
    this.moved = -Infinity;
    this.pictures.clear();
    this.figures.replaceChildren();
    this.draw();
  }

  // One knob goes to a position, by hand.
  turn(knob, position, isWhole = false) {
    if (isWhole && !this.isHeld) this.#begin(false);
    this.moved = performance.now();
    this.model.set(knob.name, knob.values[position]);
    this.model.save_changes();
    if (isWhole) this.#release();
  }

  // Several knobs go to positions at once.
  move(positions) {
    this.#begin(false);
    for (const knob of this.reading.spec.knobs)
      if (knob.name in positions)
        this.model.set(knob.name, knob.values[positions[knob.name]]);
    this.model.save_changes();
    this.#release();
  }

  #knobChanged() {
    const { spec } = this.reading;
    // New knobs come with a new table; until it is there, the old ones stay.
    if (this.model.get("spec") !== spec) return;
    for (const knob of spec.knobs) {
      const value = this.model.get(knob.name);
      if (knob.values[this.at[knob.name]] !== value)
        this.at[knob.name] = positionOf(knob, value);
    }
    this.draw();
  }

  #begin(isHeld) {
    this.isHeld = isHeld;
    this.ghost = { ...this.at };
    this.ghostKey = undefined;
  }

  #release() {
    const wasHeld = this.isHeld;
    this.isHeld = false;
    if (wasHeld) this.draw();
    this.settled();
  }

  #pin() {
    this.pinned = this.pinned ? undefined : { ...this.at };
    this.pin.setAttribute("aria-pressed", String(Boolean(this.pinned)));
    this.pin.textContent = this.pinned ? `Pinned: ${this.#named(this.pinned)}` : "Pin";
    this.ghostKey = undefined;
    this.draw();
  }

  #named(at) {
    const { knobs } = this.reading.spec;
    return knobs
      .map(({ name, label, labels }) => `${label} ${labels[at[name]]}`)
      .join(", ");
  }

  draw() {
    const { reading, at } = this;
    const { knobs } = reading.spec;
    knobs.forEach(({ name }, i) => this.knobs[i].show(at[name]));
    this.#say(reading.sentence(at));
    for (const picture of this.pictures.values()) picture.read();
    const width = Math.max(260, Math.min(Math.round(this.width), 900));
    const panels = reading.panels(at);
    const names = panels.map(({ name }) => name).join();
    panels.forEach((panel) => {
      if (!this.pictures.has(panel.name))
        this.pictures.set(panel.name, new Picture(panel, this.readout.id));
      const figure = this.pictures.get(panel.name);
      const picture = reading.picture(panel, at);
      // The frame waits until the hand lets go.
      if (this.isHeld && figure.panel) {
        if (panel.view !== "network") picture.x_domain = figure.panel.x_domain;
        picture.y_domain = figure.panel.y_domain;
      }
      figure.draw(picture, width);
    });
    if (names !== this.names || !this.figures.firstChild) {
      this.names = names;
      this.figures.replaceChildren(...panels.flatMap(({ name }) => this.#placed(name)));
    }
    this.#remember(panels);
    this.reset.disabled = knobs.every(({ name }) => at[name] === this.start[name]);
  }

  #placed(name) {
    const { caption, node, panel } = this.pictures.get(name);
    const keys = panel.series.filter(({ label }) => label).map(keyOf);
    return keys.length
      ? [caption, element("div", { className: "vg-legend" }, ...keys), node]
      : [caption, node];
  }

  // The state before the last move, and a pinned one, in the frames of today.
  #remember(panels) {
    const earlier = { ghost: this.ghost, pinned: this.pinned };
    const figures = panels.map(({ name }) => this.pictures.get(name));
    const key = figures.map((figure) => figure.key).join(";");
    if (key === this.ghostKey) return;
    this.ghostKey = key;
    panels.forEach((panel, i) => {
      const kept = Object.entries(earlier).filter(
        ([, at]) => at && this.reading.holds(panel.when, at),
      );
      figures[i].remember(
        kept.map(([name, at]) => ({
          name,
          panel: {
            ...this.reading.picture(panel, at),
            x_domain: figures[i].panel.x_domain,
            y_domain: figures[i].panel.y_domain,
          },
        })),
      );
    });
  }

  #say(text) {
    this.said = text;
    if (this.readout.textContent !== text) this.readout.textContent = text;
  }

  // A value is read where the pointer or the arrow keys are.
  #read(figure, place) {
    for (const other of this.pictures.values()) if (other !== figure) other.read();
    const words = figure?.read(place);
    const text = words || this.said;
    if (this.readout.textContent !== text) this.readout.textContent = text;
  }

  #figureOf(target) {
    return [...this.pictures.values()].find(({ node }) => node.contains(target));
  }

  #pointAt({ target, clientX }) {
    const figure = this.#figureOf(target);
    if (!figure || !figure.isRead) return;
    const { left, width } = figure.node.getBoundingClientRect();
    const pixel = ((clientX - left) / width) * figure.node.viewBox.baseVal.width;
    const places = figure.places();
    this.readout.setAttribute("aria-live", "off"); // the eye is there already
    this.#read(figure, places[figure.nearest(pixel)]);
    this.readout.setAttribute("aria-live", "polite");
  }

  #key(event) {
    const figure = this.#figureOf(event.target);
    if (!figure || !figure.isRead) return;
    const places = figure.places();
    const last = places.length - 1;
    const now = figure.place ?? -1;
    const next = {
      ArrowRight: Math.min(last, now + 1),
      ArrowLeft: now < 0 ? last : Math.max(0, now - 1),
      Home: 0,
      End: last,
      Escape: undefined,
    };
    if (!(event.key in next)) return;
    event.preventDefault();
    figure.place = next[event.key];
    this.#read(figure, places[figure.place]);
  }

  close() {
    this.observer.disconnect();
    for (const kind of ["pointerup", "pointercancel"])
      removeEventListener(kind, this.onRelease);
    for (const { name } of this.reading.spec.knobs)
      this.model.off(`change:${name}`, this.onKnob);
    this.model.off("change:spec", this.onTable);
    this.model.off("change:table", this.onTable);
  }
}

export function render({ model, el }) {
  const explorer = new Explorer(model, el);
  return () => explorer.close();
}

// Let a knob run once, from its first value to the one it has, in about three seconds:
// a page may show that its picture moves. The reader's first touch ends it, and one who
// asked for less motion never sees it.
function play(node, explorer, name) {
  const knob = explorer.reading.knobs[name];
  const last = explorer.at[name];
  const begin = performance.now() + 600;
  const turn = (position) => explorer.model.set(name, knob.values[position]);
  let isTouched = false;
  const touch = ({ target }) => {
    isTouched = true;
    if (target.dataset?.knob !== name) turn(last);
  };
  const kinds = ["pointerdown", "keydown", "focusin"];
  kinds.forEach((kind) =>
    node.addEventListener(kind, touch, { once: true, capture: true }),
  );
  const step = (now) => {
    const done = Math.min(1, Math.max(0, (now - begin) / 2600));
    if (!isTouched) turn(Math.round(done * last));
    if (!isTouched && done < 1) return requestAnimationFrame(step);
    kinds.forEach((kind) => node.removeEventListener(kind, touch, { capture: true }));
    explorer.readout.setAttribute("aria-live", "polite");
  };
  explorer.readout.setAttribute("aria-live", "off"); // one sentence, not fifty
  requestAnimationFrame(step);
}

// The state in the page's address goes to the knobs, and that of the knobs there.
function follow(node, explorer) {
  const obey = () => {
    const values = valuesIn(location.hash, node.id);
    if (!values) return false;
    explorer.move(positionsIn(values, explorer.reading.spec.knobs));
    const { top, bottom } = node.getBoundingClientRect();
    if (top < 0 || bottom > innerHeight) node.scrollIntoView({ block: "nearest" });
    return true;
  };
  const isAimed = obey();
  explorer.settled = () => {
    const { reading, at, start } = explorer;
    const address = addressOf(node.id, reading.spec.knobs, at, start);
    const isOurs = valuesIn(location.hash, node.id) !== undefined;
    if (!address && !isOurs) return;
    history.replaceState(history.state, "", address || location.href.split("#")[0]);
  };
  addEventListener("hashchange", obey);
  return isAimed;
}

// Called by the saved state's script.
export function mount(state) {
  const node = document.getElementById(document.currentScript.dataset.for);
  const explorer = new Explorer(new SavedModel(state), node);
  node.dataset.ready = "true";
  const isAimed = follow(node, explorer);
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (node.dataset.play && !isCalm && !isAimed) play(node, explorer, node.dataset.play);
}

export { Reading, TICKS, placeTicks };
export default { render };
