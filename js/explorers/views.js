// One function per view, each the twin of the function of the same name in
// vgcourse/plotting.py: resolved panel in, picture out.
import * as Plot from "@observablehq/plot";
import { power } from "./words.js";

const COLORS = {
  explode: "var(--vg-explode)",
  vanish: "var(--vg-vanish)",
  accent: "var(--vg-accent)",
  muted: "var(--vg-muted)",
  ink: "var(--vg-ink)",
  neutral: "var(--vg-neutral)",
};
const NEUTRAL = 0.02; // as far from the neutral line, a height neither grows nor shrinks
const color = (name) => COLORS[name] ?? name;
const FRAME = { marginLeft: 58, marginRight: 14, marginTop: 10, marginBottom: 38 };
const STYLE = { background: "none", fontFamily: "inherit", fontSize: "12px", overflow: "visible" };

const points = (series) =>
  series.y.map((y, i) => ({ x: series.x[i], y })).filter((p) => Number.isFinite(p.y));

function axes(panel, width) {
  const log = panel.scale === "log10";
  return {
    ...FRAME,
    width,
    height: panel.height ?? 240,
    style: STYLE,
    x: { label: panel.x, domain: panel.xDomain, labelAnchor: "center", labelArrow: "none", labelOffset: 34, ticks: Math.max(3, Math.min(10, width / 70)), tickFormat: (d) => (Number.isInteger(d) ? String(d) : String(+d.toFixed(2))) },
    y: {
      label: null, domain: panel.yDomain, ticks: 5, nice: false,
      tickFormat: log ? (d) => (Number.isInteger(d) ? power(d) : "") : panel.scale === "percent" ? (d) => `${Math.round(100 * d)} %` : undefined,
    },
  };
}

const background = () => [
  Plot.gridY({ stroke: "var(--vg-grid)", strokeOpacity: 1, ticks: 5 }),
];

// "fate": orange above the neutral line, blue below it, violet on it.
const fate = (distance) =>
  color(Math.abs(distance) < NEUTRAL ? "neutral" : distance > 0 ? "explode" : "vanish");
const shade = (series, panel) =>
  series.color === "fate" ? (d) => fate(d.y - (panel.neutral ?? panel.base)) : color(series.color);

function marksOf(series, panel) {
  const data = points(series);
  const stroke = color(series.color);
  if (series.mark === "bars") {
    return [Plot.rect(data, {
      x1: (d) => d.x - 0.38, x2: (d) => d.x + 0.38,
      y1: (d) => Math.min(d.y, panel.base), y2: (d) => Math.max(d.y, panel.base),
      fill: shade(series, panel),
      className: `vg-${series.array}`,
    })];
  }
  if (series.slope?.length) {
    const i = series.slope.length - 1;
    return [Plot.dot(data, { x: "x", y: "y", fill: stroke, r: 3, className: `vg-${series.array}` }), tangent(series.x[i], series.y[i], series.slope[i], panel)];
  }
  if (series.mark === "line") {
    return [Plot.line(data, { x: "x", y: "y", stroke, strokeWidth: series.width ?? 2, strokeDasharray: series.dash, className: `vg-${series.array}` })];
  }
  return [Plot.dot(data, { x: "x", y: "y", fill: shade(series, panel), r: data.length > 80 ? 2 : 3, className: `vg-${series.array}` })];
}

// The line through a point, from one side of the picture to the other.
function tangent(x, y, slope, { xDomain, yDomain }) {
  const ends = xDomain.map((at) => ({ x: at, y: y + slope * (at - x) }));
  return Plot.line(ends, { x: "x", y: "y", stroke: "var(--vg-explode)", strokeDasharray: "5,4", strokeWidth: 1.5, clip: true });
}

// Where a number format gave up: a labelled mark at the first infinite or zero value.
function cliffOf(series, panel) {
  const i = series.y.findIndex((y) => !Number.isFinite(y));
  if (i < 0 || !series.cliff) return [];
  const up = series.y[i] === Infinity;
  const at = [{ x: series.x[i], y: panel.yDomain[up ? 1 : 0] }];
  const ink = color(up ? "explode" : "vanish");
  return [
    Plot.ruleX(at, { x: "x", stroke: ink, strokeDasharray: "2,3" }),
    Plot.text(at, {
      x: "x", y: "y", text: () => (up ? "∞" : "0"), fill: ink, fontSize: 18, fontWeight: 700,
      lineAnchor: up ? "top" : "bottom", dy: up ? 4 : -4, dx: 10, stroke: "var(--vg-paper)", strokeWidth: 4,
    }),
  ];
}

function rulesOf(panel) {
  const [low, high] = panel.yDomain;
  const inside = (panel.rules ?? []).filter((r) => r.y >= low && r.y <= high);
  return [
    Plot.ruleY(inside, { y: "y", stroke: (r) => color(r.color ?? "muted"), strokeDasharray: "6,4", strokeWidth: 1.2 }),
    Plot.text(inside, { y: "y", frameAnchor: "right", text: "label", textAnchor: "end", dx: -4, dy: -7, fill: "var(--vg-muted)", stroke: "var(--vg-paper)", strokeWidth: 4 }),
  ];
}

export function profile(panel, width) {
  return Plot.plot({
    ...axes(panel, width),
    marks: [
      ...background(),
      Plot.ruleY([panel.base], { stroke: "var(--vg-muted)", strokeOpacity: 0.8 }),
      ...rulesOf(panel),
      ...panel.series.flatMap((s) => [...marksOf(s, panel), ...cliffOf(s, panel)]),
    ],
  });
}

// How values are spread in some layers: an upright histogram for each, side by side.
export function histograms(panel, width) {
  const bins = panel.edges.length - 1;
  const bars = panel.series.flatMap((s) =>
    s.x.flatMap((_, place) => {
      const shares = s.y.slice(place * bins, (place + 1) * bins);
      const widest = Math.max(...shares, 1e-12);
      return shares.map((share, i) => ({ place, half: (0.45 * share) / widest, low: panel.edges[i], high: panel.edges[i + 1] }));
    }),
  );
  const layers = panel.series[0].x;
  const frame = axes(panel, width);
  return Plot.plot({
    ...frame,
    x: { ...frame.x, domain: panel.xDomain ?? [-0.6, layers.length - 0.4], ticks: layers.map((_, i) => i), tickFormat: (i) => String(layers[i]) },
    y: { ...frame.y, tickFormat: undefined },
    marks: [
      ...background(),
      Plot.rect(bars.filter((b) => b.half > 0), {
        x1: (b) => b.place - b.half, x2: (b) => b.place + b.half, y1: "low", y2: "high",
        fill: color(panel.series[0].color), shapeRendering: "crispEdges", className: `vg-${panel.series[0].array}`,
      }),
    ],
  });
}

// A map of tinted cells. Each pole of the palette is a sheet of the theme's own color,
// seen through a mask of the cells: so the map follows the theme without being redrawn.
export function heat(panel, width) {
  const [cells, ...others] = panel.series;
  const [rows, columns] = panel.cells;
  const frame = axes(panel, width);
  const poles = panel.scale === "log10" ? ["vanish", "explode"] : ["accent"];
  const sheets = (_, { x, y }) => {
    const svg = (tag, attributes) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
      return node;
    };
    const group = svg("g", { class: `vg-${cells.array}`, "data-mark": "heat" });
    const place = { x: x(panel.xDomain[0]), y: y(panel.rowsDomain[1]) };
    place.width = x(panel.xDomain[1]) - place.x;
    place.height = y(panel.rowsDomain[0]) - place.y;
    for (const pole of poles) {
      const id = `vg-mask-${Math.random().toString(36).slice(2)}`;
      const mask = svg("mask", { id, maskUnits: "userSpaceOnUse", style: "mask-type: alpha", ...place });
      mask.append(svg("image", { href: tints(cells.y, rows, columns, panel.yDomain, pole), preserveAspectRatio: "none", style: "image-rendering: pixelated", ...place }));
      group.append(mask, svg("rect", { fill: color(pole), mask: `url(#${id})`, ...place }));
    }
    return group;
  };
  return Plot.plot({
    ...frame,
    y: { label: null, domain: panel.rowsDomain, ticks: 5 },
    marks: [
      (index, scales) => sheets(index, scales),
      Plot.frame({ stroke: "var(--vg-edge)" }),
      ...others.flatMap((s) => marksOf(s, { ...panel, yDomain: panel.rowsDomain, base: 0 })),
    ],
  });
}

// The share of one pole in each cell, as the opacity of a picture's pixels.
function tints(values, rows, columns, [low, high], pole) {
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const share = {
    vanish: (v) => v / low,
    explode: (v) => v / high,
    accent: (v) => (v - low) / (high - low),
  }[pole];
  values.forEach((value, i) => {
    const row = rows - 1 - Math.floor(i / columns); // pictures begin at the top
    image.data[4 * (row * columns + (i % columns)) + 3] = 255 * Math.min(1, Math.max(0, share(value) || 0));
  });
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

export const VIEWS = { profile, histograms, heat };
