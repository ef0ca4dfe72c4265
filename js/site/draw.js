// A guess that is drawn: a curve over layers, by pointer, touch or keyboard.
import { element } from "../element.js";
import { power } from "../explorers/words.js";
import { apart, axisOf, spoken } from "./guesses.js";

/** @typedef {import("./guesses.js").Question} Question */

const HANDLES = 11; // at most: on a phone a finger must hit one
const HEIGHT = 270;
const MARGIN = { top: 14, right: 16, bottom: 40, left: 58 };
const STEP = 1 / 48; // of the frame, by an arrow key
const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, unknown>} attributes
 * @param {...(Node | string)} children
 */
function svg(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

/**
 * The positions of the handles among the points: first, last, and evenly between.
 *
 * @param {number} points
 */
export function handlesOf(points) {
  const count = Math.min(points, HANDLES);
  return Array.from({ length: count }, (_, i) =>
    Math.round((i * (points - 1)) / (count - 1)),
  );
}

/**
 * The drawn curve at every point: straight between the handles.
 *
 * @param {number[]} drawn from 0 to 1, at the handles
 * @param {number[]} x
 */
export function everywhere(drawn, x) {
  const handles = handlesOf(x.length);
  return x.map((position, index) => {
    const right = Math.max(
      1,
      handles.findIndex((handle) => handle >= index),
    );
    const [from, to] = [x[handles[right - 1]], x[handles[right]]];
    const share = (position - from) / (to - from);
    return drawn[right - 1] + share * (drawn[right] - drawn[right - 1]);
  });
}

/**
 * The distance between a drawn curve and the truth, in words.
 *
 * @param {number[]} drawn from 0 to 1, at the handles
 * @param {Question} question
 */
export function distanceOfCurves(drawn, question) {
  const { x, scale, low, high, x_label: label } = question;
  const truth = /** @type {number[]} */ (question.truth);
  const axis = axisOf(question);
  const gaps = everywhere(drawn, x).map((share, index) => {
    const value = axis.value(share);
    return scale === "log10"
      ? Math.log10(value) - Math.log10(truth[index])
      : value - truth[index];
  });
  const sizes = gaps.map(Math.abs);
  const worst = sizes.indexOf(Math.max(...sizes));
  const near = scale === "log10" ? 0.5 : (high - low) / 20;
  if (sizes[worst] < near) {
    return scale === "log10"
      ? "That is it: nowhere off by more than a factor of 3."
      : "That is it, nearly everywhere.";
  }
  const side = gaps[worst] > 0 ? "too high" : "too low";
  const far = scale === "log10" ? apart(gaps[worst]) : spoken(sizes[worst], question);
  return `You were furthest off at ${label.split(" ")[0]} ${x[worst]}, by ${far}: ${side}.`;
}

/**
 * @param {Question} question
 * @returns {import("./guesses.js").View}
 */
export function curveView(question) {
  const { x, x_label: xLabel, y_label: yLabel, scale, low, high } = question;
  const truth = /** @type {number[]} */ (question.truth);
  const axis = axisOf(question);
  const handles = handlesOf(x.length);
  const drawn = handles.map(() => axis.at(truth[0]));
  let selected = Math.min(1, handles.length - 1);
  let width = 640;

  /** @param {number} index */
  const across = (index) => {
    const share = (x[index] - x[0]) / (x[x.length - 1] - x[0]);
    return MARGIN.left + share * (width - MARGIN.left - MARGIN.right);
  };
  /** @param {number} share */
  const down = (share) =>
    HEIGHT - MARGIN.bottom - share * (HEIGHT - MARGIN.top - MARGIN.bottom);

  /** What every picture stands on: a grid with numbers, and what they are. */
  function frame() {
    const from = scale === "log10" ? Math.round(Math.log10(low)) : low;
    const to = scale === "log10" ? Math.round(Math.log10(high)) : high;
    const step =
      scale === "log10" ? Math.max(1, Math.ceil((to - from) / 6)) : (to - from) / 4;
    const marks = [];
    for (let y = from; y <= to + step / 1000; y += step) {
      const share = axis.at(scale === "log10" ? 10 ** y : y);
      const name =
        scale === "log10" ? (y === 0 ? "1" : power(y)) : spoken(y, { scale });
      marks.push(
        svg("line", {
          class: "vg-grid",
          x1: MARGIN.left,
          x2: width - MARGIN.right,
          y1: down(share),
          y2: down(share),
        }),
        svg(
          "text",
          { x: MARGIN.left - 8, y: down(share) + 4, "text-anchor": "end" },
          name,
        ),
      );
    }
    const bottom = HEIGHT - MARGIN.bottom;
    const most = width < 480 ? 4 : 8;
    const steps = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500];
    const every = steps.find((step) => (x.length - 1) / step <= most) ?? x.length;
    for (let index = 0; index < x.length; index += every) {
      marks.push(
        svg(
          "text",
          { x: across(index), y: bottom + 17, "text-anchor": "middle" },
          String(x[index]),
        ),
      );
    }
    const middle = (MARGIN.left + width - MARGIN.right) / 2;
    marks.push(
      svg("text", { x: middle, y: HEIGHT - 5, "text-anchor": "middle" }, xLabel),
    );
    return marks;
  }

  /** @param {number[]} shares at all points */
  const path = (shares) =>
    shares
      .map(
        (share, i) =>
          `${i ? "L" : "M"}${across(i).toFixed(1)} ${down(share).toFixed(1)}`,
      )
      .join("");

  const named = () =>
    svg(
      "svg",
      { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` },
      ...frame(),
    );

  // The control: one dot for each handle, of which one is selected.
  const line = svg("path", { class: "vg-yours" });
  const dots = handles.map((handle, i) => {
    const dot = svg("g", {
      class: "vg-handle",
      role: "slider",
      "aria-orientation": "vertical",
      "aria-label": `${xLabel.split(" ")[0]} ${x[handle]}`,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
    });
    dot.append(svg("circle", { class: "vg-hit", r: 12 }), svg("circle", { r: 6 }));
    dot.addEventListener("focus", () => select(i));
    dot.addEventListener("keydown", (event) =>
      press(/** @type {KeyboardEvent} */ (event)),
    );
    return /** @type {SVGGElement} */ (dot);
  });
  const hint = element(
    "p",
    { className: "vg-hint" },
    "Draw with a finger or the pointer, or choose a point with ← → and move it with ↑ ↓.",
  );
  const caption = element("p", { className: "vg-caption" }, yLabel);
  const stage = element("div", { className: "vg-stage" });
  const control = element("div", { className: "vg-drawing" }, caption, stage, hint);

  function place() {
    const shares = everywhere(drawn, x);
    line.setAttribute("d", path(shares));
    dots.forEach((dot, i) => {
      dot.setAttribute(
        "transform",
        `translate(${across(handles[i])} ${down(drawn[i])})`,
      );
      dot.setAttribute("tabindex", i === selected ? "0" : "-1");
      dot.setAttribute("aria-valuenow", String(Math.round(100 * drawn[i])));
      dot.setAttribute("aria-valuetext", spoken(axis.value(drawn[i]), question));
    });
  }
  /** @param {number} i */
  function select(i) {
    selected = i;
    place();
  }
  /** @param {KeyboardEvent} event */
  function press(event) {
    /** @type {Record<string, number>} */
    const moves = {
      ArrowUp: STEP,
      ArrowDown: -STEP,
      PageUp: 6 * STEP,
      PageDown: -6 * STEP,
    };
    /** @type {Record<string, number>} */
    const turns = {
      ArrowRight: 1,
      ArrowLeft: -1,
      Home: -handles.length,
      End: handles.length,
    };
    if (event.key in moves) {
      drawn[selected] = Math.min(1, Math.max(0, drawn[selected] + moves[event.key]));
      place();
    } else if (event.key in turns) {
      const next = selected + turns[event.key];
      dots[Math.min(handles.length - 1, Math.max(0, next))].focus();
    } else return;
    event.preventDefault();
  }

  let last = -1; // the handle that the pointer was at
  /** @param {PointerEvent} event */
  function pull(event) {
    const box = stage.getBoundingClientRect();
    const places = handles.map((handle) =>
      Math.abs(across(handle) - (event.clientX - box.left)),
    );
    const here = places.indexOf(Math.min(...places));
    const span = HEIGHT - MARGIN.top - MARGIN.bottom;
    const share = (HEIGHT - MARGIN.bottom - (event.clientY - box.top)) / span;
    const to = Math.min(1, Math.max(0, share));
    const from = last < 0 ? to : drawn[last];
    const step = here > last ? 1 : -1;
    // A quick stroke passes handles between two events: they lie on its line.
    for (let i = last < 0 ? here : last; i !== here; i += step) {
      if (i !== last) drawn[i] = from + ((to - from) * (i - last)) / (here - last);
    }
    drawn[here] = to;
    last = here;
    select(here);
  }
  stage.addEventListener("pointerdown", (event) => {
    last = -1;
    stage.setPointerCapture(event.pointerId);
    pull(event);
    dots[selected].focus({ preventScroll: true });
    event.preventDefault();
  });
  stage.addEventListener("pointermove", (event) => {
    if (stage.hasPointerCapture(event.pointerId)) pull(event);
  });

  function draw() {
    const picture = named();
    picture.setAttribute("role", "group");
    picture.setAttribute("aria-label", `Your guess: ${yLabel || "a curve"}`);
    picture.append(line, ...dots);
    stage.replaceChildren(picture);
    place();
  }
  new ResizeObserver(() => {
    const now = Math.round(stage.clientWidth);
    if (!now || now === width) return;
    width = now;
    const focused = dots.includes(/** @type {SVGGElement} */ (document.activeElement));
    draw();
    if (focused) dots[selected].focus();
  }).observe(stage);
  draw();

  return {
    control,
    answer: () => drawn.map((share) => Number(share.toFixed(3))),
    told(guess) {
      const mine =
        Array.isArray(guess) && guess.length === handles.length ? guess : null;
      const says = mine ? distanceOfCurves(mine, question) : "";
      const stand = element("div", { className: "vg-stage" });
      const room = element(
        "div",
        { className: "vg-drawing" },
        element("p", { className: "vg-caption" }, yLabel),
        stand,
      );
      const key = element("p", { className: "vg-key-line" });
      key.append(element("span", { className: "vg-truth" }, "truth"));
      if (mine) key.append(element("span", { className: "vg-yours" }, "your guess"));
      const render = () => {
        width = Math.round(stand.clientWidth) || width;
        const picture = named();
        picture.setAttribute("role", "img");
        picture.setAttribute(
          "aria-label",
          `The truth${mine ? " and your guess" : ""}. ${says}`,
        );
        if (mine)
          picture.append(
            svg("path", { class: "vg-yours", d: path(everywhere(mine, x)) }),
          );
        picture.append(svg("path", { class: "vg-truth", d: path(truth.map(axis.at)) }));
        stand.replaceChildren(picture);
      };
      let seen = 0;
      new ResizeObserver(() => {
        if (stand.clientWidth && stand.clientWidth !== seen) {
          seen = stand.clientWidth;
          render();
        }
      }).observe(stand);
      room.append(key);
      return { picture: room, says };
    },
  };
}
