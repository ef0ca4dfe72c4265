// Pictures in SVG. A move of a knob changes the paths of the marks, nothing else; frame
// and labels are made anew when the frame changes. Each view is the twin of the function
// of the same name in vgcourse/plotting.
import * as network from "./network.js";
import { color, line, put, short, svg } from "./svg.js";
import { TICKS, placeTicks } from "./ticks.js";
import { fromLog10, minus, percent, size } from "./words.js";

const MARGIN = { left: 58, right: 14, top: 10, bottom: 38 };
const ROOM = 5; // beyond the frame, so that a mark on its edge is whole
export const NEUTRAL = 0.02; // as far from the neutral line, nothing grows or shrinks
const FATES = ["vanish", "neutral", "explode"];

let count = 0;

export class Picture {
  constructor(panel, describedBy) {
    const id = `vg-picture-${(count += 1)}`;
    this.caption = Object.assign(document.createElement("p"), {
      className: "vg-caption",
      id,
      textContent: panel.y,
    });
    this.clip = svg("rect");
    this.frame = svg("g", { class: "vg-frame" });
    this.ghosts = svg("g", { class: "vg-ghosts" });
    this.marks = svg("g");
    this.over = svg("g", { class: "vg-over" });
    this.reader = svg("g", { class: "vg-reader" });
    this.node = svg(
      "svg",
      {
        role: "img",
        tabindex: 0,
        "aria-labelledby": id,
        "aria-describedby": describedBy,
        "data-panel": panel.name,
        "data-lm-suppress-shortcuts": "true",
      },
      svg("clipPath", { id: `${id}-clip` }, this.clip),
      this.frame,
      svg("g", { "clip-path": `url(#${id}-clip)` }, this.ghosts, this.marks),
      this.over,
      this.reader,
    );
    this.node.scale = (name) => ({ invert: (pixel) => this[name].invert(pixel) });
    this.groups = [];
  }

  draw(panel, width) {
    this.panel = panel;
    this.#lay(panel, width);
    const view = VIEWS[panel.view];
    const drawn = view.marks(panel, this.x, this.y);
    drawn.forEach((mark, i) => this.#update(this.marks, this.groups, mark, i));
    for (const group of this.groups.slice(drawn.length)) group.node.remove();
    this.groups.length = drawn.length;
    this.#cliffs(panel);
  }

  // Earlier states, faint, in the present frame.
  remember(panels) {
    this.ghosts.replaceChildren(
      ...panels.map(({ panel, name }) => {
        const node = svg("g", { class: `vg-ghost vg-${name}` });
        const groups = [];
        VIEWS[panel.view]
          .marks(panel, this.x, this.y)
          .filter(({ paths }) => paths)
          .forEach((mark, i) => this.#update(node, groups, mark, i));
        return node;
      }),
    );
  }

  // Frame, grid and labels, when the frame is another one.
  #lay(panel, width) {
    const key = [
      width,
      panel.view,
      panel.x_domain,
      panel.y_domain,
      panel.rules?.map(({ y }) => y),
    ].join();
    if (key === this.key) return;
    this.key = key;
    const view = VIEWS[panel.view];
    const { height } = panel;
    const { left, right, top, bottom } = MARGIN;
    const rows = panel.rows_domain ?? panel.y_domain;
    this.x = line(panel.x_domain, [left, width - right]);
    this.y = line(rows, [height - bottom, top]);
    for (const [name, value] of Object.entries({
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
    }))
      this.node.setAttribute(name, value);
    const area = view.frame
      ? { x: 0, y: 0, width, height }
      : {
          x: left - ROOM,
          y: top - ROOM,
          width: width - left - right + 2 * ROOM,
          height: height - top - bottom + 2 * ROOM,
        };
    for (const [name, value] of Object.entries(area))
      this.clip.setAttribute(name, value);
    this.ruleNames = [];
    this.cliffKey = undefined;
    if (view.frame) {
      this.x = view.scale(panel.x_domain, width);
      return this.frame.replaceChildren(...view.frame(panel, width, this.x));
    }

    const xTicks = view.xTicks(panel, width);
    const yTicks = panel.rows_domain ? TICKS.linear(rows) : TICKS[panel.scale](rows);
    const grid = yTicks
      .map(([y]) => `M${left},${short(this.y(y))}H${width - right}`)
      .join("");
    const feet = xTicks
      .map(([x]) => `M${short(this.x(x))},${height - bottom}v5`)
      .join("");
    const text = (x, y, words, attributes) =>
      svg("text", { x: short(x), y: short(y), ...attributes }, words);
    const parts = [
      svg("path", { d: panel.cells ? "" : grid, class: "vg-grid" }),
      svg("path", { d: feet, class: "vg-feet" }),
      ...xTicks.map(([x, words]) =>
        text(this.x(x), height - bottom + 19, words, {
          class: "vg-tick",
          "text-anchor": "middle",
        }),
      ),
      ...yTicks.map(([y, words]) =>
        text(left - 7, this.y(y) + 4, words, {
          class: "vg-tick",
          "text-anchor": "end",
        }),
      ),
      text((left + width - right) / 2, height - 4, panel.x, {
        "text-anchor": "middle",
      }),
    ];
    if (panel.cells)
      parts.push(
        text(0, 0, panel.rows_label ?? "", {
          "text-anchor": "middle",
          transform: `translate(14,${(top + height - bottom) / 2})rotate(-90)`,
        }),
      );
    else if (panel.base > rows[0] && panel.base < rows[1])
      parts.push(
        svg("path", {
          class: "vg-base",
          d: `M${left},${short(this.y(panel.base))}H${width - right}`,
        }),
      );
    const inside = (panel.rules ?? []).filter(({ y }) => y >= rows[0] && y <= rows[1]);
    parts.push(
      svg("path", {
        class: "vg-rule",
        d: inside
          .map(({ y }) => `M${left},${short(this.y(y))}H${width - right}`)
          .join(""),
      }),
    );
    this.frame.replaceChildren(...parts);
    // Rules too close for their labels carry them at the left and right in turn.
    const heights = inside.map(({ y }) => this.y(y));
    this.ruleNames = inside.map(({ label }, i) => {
      const near = heights.some(
        (other, j) => j < i && Math.abs(other - heights[i]) < 15,
      );
      return text(near ? left + 6 : width - right - 4, heights[i] - 6, label, {
        class: "vg-rule-name",
        "text-anchor": near ? "start" : "end",
      });
    });
  }

  #update(parent, groups, mark, i) {
    if (groups[i]?.name !== mark.name || groups[i]?.kind !== mark.kind) {
      const node = svg("g", { class: `vg-${mark.name}`, "data-mark": mark.kind });
      if (groups[i]) groups[i].node.replaceWith(node);
      else parent.append(node);
      groups[i] = { name: mark.name, kind: mark.kind, node, parts: new Map() };
    }
    const { node, parts } = groups[i];
    if (mark.update) return mark.update(node, parts);
    for (const [key, attributes] of Object.entries(mark.paths)) {
      if (!parts.has(key)) {
        const path = svg("path");
        parts.set(key, path);
        node.append(path);
      }
      for (const [name, value] of Object.entries(attributes))
        put(parts.get(key), name, value);
    }
    for (const [key, path] of parts) if (!(key in mark.paths)) put(path, "d", "");
  }

  // Where a number format gave up: a mark at the first infinite or vanished value.
  #cliffs(panel) {
    const found = panel.series.flatMap(({ cliff, x, y }) => {
      const i = cliff ? y.findIndex((height) => !Number.isFinite(height)) : -1;
      return i < 0 ? [] : [{ x: this.x(x[i]), up: y[i] === Infinity }];
    });
    const key = found.map(({ x, up }) => `${x}${up}`).join();
    if (key === this.cliffKey) return;
    this.cliffKey = key;
    const { top, bottom } = MARGIN;
    const floor = panel.height - bottom;
    this.over.replaceChildren(
      ...this.ruleNames,
      ...found.flatMap(({ x, up }) => [
        svg("path", {
          class: "vg-cliff",
          d: `M${short(x)},${top}V${floor}`,
          style: `stroke: ${color(up ? "explode" : "vanish")}`,
        }),
        svg(
          "text",
          {
            class: "vg-cliff-name",
            x: short(x + 8),
            y: up ? top + 18 : floor - 6,
            style: `fill: ${color(up ? "explode" : "vanish")}`,
          },
          up ? "∞" : "0",
        ),
      ]),
    );
  }

  // Whether the picture tells its values, one place at a time.
  get isRead() {
    return ["profile", "network"].includes(this.panel.view);
  }

  // The place nearest to a pixel: its x, and what stands there in words.
  nearest(pixel) {
    const places = this.places();
    const wanted = this.x.invert(pixel);
    return places.reduce(
      (best, x, i) =>
        Math.abs(x - wanted) < Math.abs(places[best] - wanted) ? i : best,
      0,
    );
  }

  places() {
    const { panel } = this;
    const readable = panel.series.filter(({ mark }) => mark !== "heat");
    return [...new Set(readable.flatMap(({ x }) => [...x]))].sort((a, b) => a - b);
  }

  // Mark a place and say what stands there; without one, take the mark away.
  read(place) {
    this.reader.replaceChildren();
    if (place === undefined || !this.isRead) return "";
    const { panel } = this;
    const [name] = panel.x.split(/ (?=\S+$)/);
    const where = `${name} ${minus(+place.toFixed(2))}`;
    if (panel.view === "network") {
      const { mark, words } = network.read(panel, place, this.x);
      this.reader.append(mark);
      return `${where}: ${words}`;
    }
    const write = { log10: fromLog10, percent, linear: size }[panel.scale];
    const at = short(this.x(place));
    this.reader.append(
      svg("path", { d: `M${at},${MARGIN.top}V${panel.height - MARGIN.bottom}` }),
    );
    const words = panel.series.flatMap(({ x, y, label }) => {
      const i = x.indexOf(place);
      if (i < 0) return [];
      if (Number.isFinite(y[i]))
        this.reader.append(svg("circle", { cx: at, cy: short(this.y(y[i])), r: 5 }));
      return [`${label ? `${label} ` : ""}${write(y[i])}`];
    });
    return `${where}: ${[...new Set(words)].join("; ")}`;
  }
}

// "fate": orange above the neutral line, blue below it, violet on it.
function byFate(series, { base, neutral }, part) {
  if (series.color !== "fate") return { [series.color]: part(() => true) };
  const height = neutral ?? base ?? 0;
  const distances = series.y.map((y) => y - height);
  return Object.fromEntries(
    FATES.map((fate) => [
      fate,
      part((i) => {
        const d = distances[i];
        return (
          (Math.abs(d) < NEUTRAL ? "neutral" : d > 0 ? "explode" : "vanish") === fate
        );
      }),
    ]),
  );
}

const PATHS = {
  line({ x: xs, y: ys, color: name }, _, x, y) {
    let d = "";
    for (let i = 0; i < ys.length; i++)
      if (Number.isFinite(ys[i]))
        d += `${d ? "L" : "M"}${short(x(xs[i]))},${short(y(ys[i]))}`;
    return {
      [name]: {
        d,
        fill: "none",
        stroke: color(name),
        "stroke-width": 2,
        "stroke-linejoin": "round",
      },
    };
  },
  dots(series, panel, x, y) {
    const { x: xs, y: ys } = series;
    const width = ys.length > 80 ? 4 : 6;
    const found = byFate(series, panel, (isOurs) => {
      let d = "";
      for (let i = 0; i < ys.length; i++)
        if (Number.isFinite(ys[i]) && isOurs(i))
          d += `M${short(x(xs[i]))},${short(y(ys[i]))}h0`;
      return d;
    });
    return Object.fromEntries(
      Object.entries(found).map(([name, d]) => [
        name,
        {
          d,
          stroke: color(name),
          "stroke-width": width,
          "stroke-linecap": "round",
          fill: "none",
        },
      ]),
    );
  },
  bars(series, panel, x, y) {
    const { x: xs, y: ys } = series;
    const half = Math.abs(x(0.38) - x(0));
    const foot = short(y(panel.base ?? 0));
    const found = byFate(series, panel, (isOurs) => {
      let d = "";
      for (let i = 0; i < ys.length; i++)
        if (Number.isFinite(ys[i]) && isOurs(i)) {
          const at = x(xs[i]);
          d += `M${short(at - half)},${foot}V${short(y(ys[i]))}H${short(at + half)}V${foot}Z`;
        }
      return d;
    });
    return Object.fromEntries(
      Object.entries(found).map(([name, d]) => [name, { d, fill: color(name) }]),
    );
  },
};
const KINDS = { line: "line", dots: "dot", bars: "rect" };

function markOf(series, panel, x, y) {
  const paths = PATHS[series.mark](series, panel, x, y);
  // The line through the last point, from one side of the picture to the other.
  if (series.slope?.length) {
    const i = series.y.length - 1;
    const [left, right] = panel.x_domain;
    const at = (place) =>
      short(y(series.y[i] + 10 ** series.slope[i] * (place - series.x[i])));
    paths.tangent = {
      d: `M${short(x(left))},${at(left)}L${short(x(right))},${at(right)}`,
      class: "vg-tangent",
    };
  }
  return { name: series.array, kind: KINDS[series.mark], paths };
}

const VIEWS = {
  profile: {
    xTicks: placeTicks,
    marks: (panel, x, y) => panel.series.map((series) => markOf(series, panel, x, y)),
  },

  // How values are spread in some layers: an upright histogram for each, side by side.
  histograms: {
    xTicks: (panel) => Array.from(panel.series[0].x, (layer, i) => [i, String(layer)]),
    marks: ({ series, edges }, x, y) =>
      series.map((s) => {
        const bins = edges.length - 1;
        const heights = Array.from(edges, (edge) => short(y(edge)));
        let d = "";
        s.x.forEach((_, place) => {
          const shares = s.y.subarray(place * bins, (place + 1) * bins);
          const widest = Math.max(...shares, 1e-12);
          shares.forEach((share, i) => {
            if (!share) return;
            const half = (0.45 * share) / widest;
            d += `M${short(x(place - half))},${heights[i]}V${heights[i + 1]}H${short(x(place + half))}V${heights[i]}Z`;
          });
        });
        return {
          name: s.array,
          kind: "rect",
          paths: {
            [s.color]: { d, fill: color(s.color), "shape-rendering": "crispEdges" },
          },
        };
      }),
  },

  // A map of tinted cells. Each pole of the palette is a sheet of the theme's own color,
  // seen through a mask of the cells: so the map follows the theme by itself.
  heat: {
    xTicks: placeTicks,
    marks: (panel, x, y) =>
      panel.series.map((series) => {
        if (series.mark !== "heat") return markOf(series, { ...panel, base: 0 }, x, y);
        const [left, right] = panel.x_domain.map(x);
        const [bottom, top] = panel.rows_domain.map(y);
        const place = { x: left, y: top, width: right - left, height: bottom - top };
        const update = (node, parts) => {
          for (const pole of panel.scale === "log10"
            ? ["vanish", "explode"]
            : ["accent"]) {
            if (!parts.has(pole)) {
              const id = `vg-mask-${(count += 1)}`;
              const image = svg("image", {
                preserveAspectRatio: "none",
                style: "image-rendering: pixelated",
              });
              const mask = svg(
                "mask",
                { id, maskUnits: "userSpaceOnUse", style: "mask-type: alpha" },
                image,
              );
              const sheet = svg("rect", { fill: color(pole), mask: `url(#${id})` });
              node.append(mask, sheet);
              parts.set(pole, { image, mask, sheet });
            }
            const made = parts.get(pole);
            for (const part of Object.values(made))
              for (const [name, value] of Object.entries(place))
                put(part, name, short(value));
            put(made.image, "href", tints(series.y, panel, pole));
          }
        };
        return { name: series.array, kind: "heat", update };
      }),
  },

  network: { scale: network.scale, frame: network.frameOf, marks: network.marks },
};

// The share of one pole in each cell, as the opacity of a picture's pixels.
function tints(values, { cells: [rows, columns], y_domain: [low, high] }, pole) {
  const canvas = Object.assign(document.createElement("canvas"), {
    width: columns,
    height: rows,
  });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const share = {
    vanish: (v) => v / low,
    explode: (v) => v / high,
    accent: (v) => (v - low) / (high - low),
  }[pole];
  values.forEach((value, i) => {
    const row = rows - 1 - Math.floor(i / columns); // pictures begin at the top
    const opacity = Math.min(1, Math.max(0, share(value) || 0));
    image.data[4 * (row * columns + (i % columns)) + 3] = 255 * opacity;
  });
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
