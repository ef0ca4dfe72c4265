// An explorer's program and its state come when the reader comes near.
import { element } from "../element.js";
import { all } from "./page.js";

const NEAR = 800; // pixels

/**
 * Script elements, not fetch(), so that pages opened from a folder work too; both are
 * asked for at once and run in this order.
 *
 * @param {string | undefined} src
 * @param {DOMStringMap} [data]
 */
function load(src, data = {}) {
  const script = element("script", { src, async: false });
  Object.assign(script.dataset, data);
  document.head.append(script);
}

export function letExplorersCome() {
  let isProgramAskedFor = false;

  /** @param {HTMLElement} place */
  const come = ({ id, dataset }) => {
    if (!isProgramAskedFor) load(dataset.program);
    isProgramAskedFor = true;
    load(dataset.state, { for: id });
  };
  const approach = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        approach.unobserve(target);
        come(/** @type {HTMLElement} */ (target));
      }
    },
    { rootMargin: `${NEAR}px` },
  );
  // The observer speaks with the next frame only, after all other scripts. What is near
  // the place that the address leads to, or the page's top, comes now.
  const aim = document.getElementById(location.hash.slice(1).split("?")[0]);
  const start = aim ? aim.getBoundingClientRect().top : 0;
  for (const place of all(".vg-explorer")) {
    const { top, bottom } = place.getBoundingClientRect();
    if (top - start < innerHeight + NEAR && bottom - start > -NEAR) come(place);
    else approach.observe(place);
  }
}
