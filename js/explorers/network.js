// A network: its layers as boxes in a row, from the input to the loss, each tinted by
// the size of its gradient relative to the last one's. The twin of `network` in
// vgcourse/plotting.
import { color, line, put, short, svg } from "./svg.js";
import { fromLog10, power } from "./words.js";

export const SIDES = { left: 44, right: 64 }; // room for "input" and "loss"
const TOP = 10;
const HEIGHT = 40; // of a box
const MIDDLE = TOP + HEIGHT / 2;
const WIDEST = 40;
const SWATCHES = 9; // of the key
const NEUTRAL = 0.2; // opacity of what neither vanishes nor explodes

// A box: an even ground, and over it as much of a pole's color as the gradient is off.
function tinted(node, { share, x, y, width, height }) {
  const [ground, tint] = node.children;
  for (const part of [ground, tint])
    for (const [name, value] of Object.entries({ x, y, width, height }))
      put(part, name, short(value));
  put(tint, "fill", color(share < 0 ? "vanish" : "explode"));
  put(tint, "fill-opacity", short(Math.min(1, Math.abs(share))));
}

const emptyBox = () =>
  svg(
    "g",
    {},
    svg("rect", { fill: color("neutral"), "fill-opacity": NEUTRAL }),
    svg("rect"),
  );

const text = (x, y, words, anchor, attributes) =>
  svg("text", { x: short(x), y, "text-anchor": anchor, ...attributes }, words);

// Where the gradient comes from, names of the ends, and the key of the tints.
export function frameOf({ x_domain: [first, last], y_domain: [low, high] }, width, x) {
  const [left, right] = [SIDES.left, width - SIDES.right];
  const below = TOP + HEIGHT + 18;
  const arrow = { fill: "none", stroke: color("accent"), "stroke-width": 2 };
  const parts = [
    text(0, MIDDLE + 4, "input", "start"),
    svg("path", {
      d: `M34,${MIDDLE}H${right}`,
      class: "vg-feet",
    }),
    svg("path", {
      d: `M${width - 30},${MIDDLE}H${right + 5}m7,-5l-7,5l7,5`,
      ...arrow,
    }),
    text(width, MIDDLE + 4, "loss", "end", { "font-weight": 700 }),
    text(left, below, `layer ${first + 0.5}`, "start", { class: "vg-tick" }),
    text(width, below, "gradient", "end", { style: `fill: ${color("accent")}` }),
  ];
  if (last - first > 1)
    parts.push(text(x(last), below, last - 0.5, "end", { class: "vg-tick" }));

  const size = 12;
  const begin = (width - SWATCHES * size) / 2;
  const end = begin + SWATCHES * size;
  const foot = below + 24;
  for (let i = 0; i < SWATCHES; i++) {
    const box = emptyBox();
    const share = (2 * i) / (SWATCHES - 1) - 1;
    tinted(box, { share, x: begin + i * size, y: foot - 11, width: size, height: 13 });
    parts.push(box);
  }
  const [less, more] = width > 320 ? ["smaller ", " larger"] : ["", ""];
  parts.push(
    text((begin + end) / 2, foot, "1", "middle"),
    text(begin - 6, foot, `${less}${power(low)}`, "end"),
    text(end + 6, foot, `${power(high)}${more}`, "start"),
  );
  return parts;
}

export function marks({ series, y_domain: [low, high] }, x) {
  return series.map(({ array, x: layers, y }) => {
    const update = (node) => {
      while (node.children.length > layers.length) node.lastChild.remove();
      while (node.children.length < layers.length) node.append(emptyBox());
      const step = x(1) - x(0);
      const width = Math.min(WIDEST, step > 4 ? 0.84 * step : step);
      layers.forEach((layer, i) =>
        tinted(node.children[i], {
          share: y[i] < 0 ? y[i] / -low : y[i] / high,
          x: x(layer) - width / 2,
          y: TOP,
          width,
          height: HEIGHT,
        }),
      );
    };
    return { name: array, kind: "boxes", update };
  });
}

// The mark around a box that is read, and what is said of it.
export function read({ series: [{ x: layers, y }] }, layer, x) {
  const half = Math.min(WIDEST, x(1) - x(0)) / 2 + 1;
  const at = short(x(layer) - half);
  const mark = svg("path", {
    d: `M${at},${TOP - 3}v${HEIGHT + 6}h${short(2 * half)}v${-HEIGHT - 6}z`,
  });
  const words = `${fromLog10(y[layers.indexOf(layer)])} of the last layer's gradient`;
  return { mark, words };
}

export const scale = (x_domain, width) =>
  line(x_domain, [SIDES.left, width - SIDES.right]);
