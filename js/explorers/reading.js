// What a description shows at some position of its knobs: rows, frames, the sentence.
// The twin of vgcourse/explorers/reading.py; tests/test_reading.py compares the two.
import { Table } from "./table.js";
import { FORMATS, counted } from "./words.js";

const MARGIN = 0.04; // around what no frame holds

export class Reading {
  constructor(spec, buffer) {
    this.spec = spec;
    this.knobs = Object.fromEntries(spec.knobs.map((knob) => [knob.name, knob]));
    this.table = new Table(spec.arrays, buffer);
  }

  value(knob, at) {
    return this.knobs[knob].values[at[knob]];
  }

  holds(condition, at) {
    return Object.entries(condition ?? {}).every(([name, wanted]) =>
      wanted.includes(this.value(name, at)),
    );
  }

  // The panels that are there.
  panels(at) {
    return this.spec.panels.filter((panel) => this.holds(panel.when, at));
  }

  // A panel with its numbers: what a view needs to draw.
  picture(panel, at) {
    const series = panel.series
      .filter((trace) => this.holds(trace.when, at))
      .map((trace) => this.#series(panel, trace, at));
    const rules = panel.rules.flatMap(({ array, labels, inside }) =>
      Array.from(this.table.row(array, at), (y, i) => ({
        y,
        label: labels[i],
        inside,
      })),
    );
    return {
      ...panel,
      series,
      rules,
      edges: panel.edges && this.table.row(panel.edges, at),
      x_domain: this.#xDomain(panel, series, at),
      y_domain: frame(panel, series, rules),
    };
  }

  #series(panel, trace, at) {
    const last = panel.last && this.value(panel.last, at);
    const shown = (name) => {
      const row = this.table.row(name, at);
      return !panel.last || trace.whole ? row : row.subarray(0, last + 1 - trace.first);
    };
    let y = shown(trace.array);
    let x;
    if (trace.x) {
      x = shown(trace.x).filter((place) => !Number.isNaN(place));
    } else {
      const isFlipped = panel.flip && this.holds(panel.flip, at);
      x = y.map((_, i) => (isFlipped ? last - i - trace.first : i + trace.first));
    }
    if (trace.mark !== "heat") {
      const all = y;
      y = all.filter((height) => !Number.isNaN(height));
      if (x.length === all.length && y.length < all.length)
        x = x.filter((_, i) => !Number.isNaN(all[i]));
    }
    return { ...trace, x, y, slope: trace.slope && shown(trace.slope) };
  }

  #xDomain(panel, series, at) {
    if (panel.view === "network") {
      const [{ x }] = series; // as wide as it is deep
      return [x[0] - 0.5, x.at(-1) + 0.5];
    }
    if (panel.x_domain || !panel.x_steps) return panel.x_domain;
    const last = this.value(panel.last, at);
    const end = panel.x_steps.find((step) => last <= step) ?? last;
    return [panel.x_first - panel.pad, end + panel.pad];
  }

  // What the picture shows, in words and numbers.
  sentence(at) {
    return this.spec.readout
      .filter(
        (part) =>
          this.holds(part.when, at) &&
          (!part.where || this.#number(part.where, part, at) === part.equals),
      )
      .map((part) => this.#filled(part, at))
      .join(" ");
  }

  #number(array, part, at) {
    const row = this.table.row(array, at);
    const layer = part.at ? this.value(part.at, at) - part.first : 0;
    return row.length > 1 ? row[layer] : row[0];
  }

  #filled(part, at) {
    return part.text.replace(/\{([^}|]+)(?:\|(\w+))?\}/g, (_, name, form) => {
      const knob = this.knobs[name];
      if (!knob) return FORMATS[form](this.#number(name, part, at));
      const label = (knob.words ?? knob.labels)[at[name]];
      return form ? counted(label, form) : label;
    });
  }
}

// The first frame that holds what is drawn, or one with room around it.
function frame({ cells, y_frames: frames }, series, rules) {
  let low = Infinity;
  let high = -Infinity;
  for (const { y } of cells ? series.slice(0, 1) : series)
    for (const height of y)
      if (Number.isFinite(height)) {
        if (height < low) low = height;
        if (height > high) high = height;
      }
  for (const { y, inside } of rules)
    if (inside) {
      low = Math.min(low, y);
      high = Math.max(high, y);
    }
  const isHeld = ([least, most]) => (least <= low && high <= most) || low > high;
  const found = frames.length === 1 ? frames[0] : frames.find(isHeld);
  if (found) return found;
  low = Math.min(low, frames.at(-1)[0]);
  high = Math.max(high, frames.at(-1)[1]);
  const margin = MARGIN * (high - low);
  return [low - margin, high + margin];
}
