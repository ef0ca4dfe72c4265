// What the parts of the script share: where the page stands, and a place in the sidebar.
import { element } from "../element.js";

/** The root of the book, which may be a folder of its site. */
export const ROOT = new URL(
  document.documentElement.dataset.content_root ?? "./",
  location.href,
);

/**
 * The name of a page of the book, as in "notebooks/02_linear_chain".
 *
 * @param {string} url
 */
export function pageName(url) {
  const { pathname } = new URL(url, location.href);
  return pathname.startsWith(ROOT.pathname)
    ? pathname.slice(ROOT.pathname.length).replace(/\.html$/, "")
    : "";
}

/**
 * @param {string} selector
 * @returns {HTMLElement[]}
 */
export const all = (selector) =>
  [...document.querySelectorAll(selector)].map(
    (found) => /** @type {HTMLElement} */ (found),
  );

/** The place below the contents in the sidebar; nothing stands under it to be moved. */
export function sidebarPlace() {
  const existing = document.querySelector(".vg-notes");
  if (existing) return existing;
  const made = element("div", { className: "vg-notes" });
  document.querySelector(".bd-docs-nav")?.after(made);
  return made;
}

/** @type {(work: () => void) => void} */
export const whenIdle =
  window.requestIdleCallback ??
  ((/** @type {() => void} */ work) => setTimeout(work, 1));
