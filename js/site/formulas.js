// A formula wider than the page scrolls by itself; the keyboard must reach it to do so.
import { all } from "./page.js";

export function letFormulasScroll() {
  const formulas = all("div.math");
  const look = () => {
    const wide = formulas.map((formula) => formula.scrollWidth > formula.clientWidth);
    formulas.forEach((formula, i) => {
      if (wide[i]) formula.tabIndex = 0;
      else formula.removeAttribute("tabindex");
    });
  };
  addEventListener("resize", () => requestAnimationFrame(look));
  addEventListener("load", look);
}
