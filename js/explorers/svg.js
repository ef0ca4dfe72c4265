// What every picture is made of: nodes of SVG, the theme's colors, a linear scale.

export const color = (name) => `var(--vg-${name})`;
export const short = (x) => Math.round(x * 100) / 100;

export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes))
    node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Sets an attribute when it changes.
export function put(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// A linear scale: numbers to pixels, and back.
export function line([from, to], [start, end]) {
  const factor = (end - start) / (to - from);
  return Object.assign((value) => start + (value - from) * factor, {
    invert: (pixel) => from + (pixel - start) / factor,
  });
}
