// Mark in the contents beside the text the section that is being read. The theme marks a
// heading that comes into sight; whoever scrolls back past it is then told the wrong one.
import { all } from "./page.js";

const SHARE = 0.3; // of the window, from above: what stands there is being read

export function markSection() {
  const places = all("#pst-page-toc-nav a").flatMap((link) => {
    const id = decodeURIComponent(
      /** @type {HTMLAnchorElement} */ (link).hash.slice(1),
    );
    const heading = document.getElementById(id)?.querySelector("h2, h3, h4");
    return heading ? [{ link, heading }] : [];
  });
  const mark = () => {
    const { scrollHeight } = document.documentElement;
    // The last sections of a page never come so far up.
    if (scrollY + innerHeight >= scrollHeight - 1) return;
    const tops = places.map(({ heading }) => heading.getBoundingClientRect().top);
    const isAt = (/** @type {number} */ top) => top >= 0 && top < SHARE * innerHeight;
    const at = tops.findIndex(isAt);
    const last = at >= 0 ? at : tops.map((top) => top < 0).lastIndexOf(true);
    places.forEach(({ link }, i) => {
      link.classList.toggle("active", i === last);
      link.closest(".toc-entry")?.classList.toggle("active", i === last);
      if (i === last) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  };
  let waiting = 0;
  addEventListener("scroll", () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(mark, 100); // the theme has had its say
  });
}
