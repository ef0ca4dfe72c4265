// A formula wider than the page scrolls by itself; the keyboard must reach it to do so.
export function letFormulasScroll() {
  const formulas = [...document.querySelectorAll("div.math")];
  const look = () => {
    const wide = formulas.map((formula) => formula.scrollWidth > formula.clientWidth);
    formulas.forEach((formula, i) => (wide[i] ? (formula.tabIndex = 0) : formula.removeAttribute("tabindex")));
  };
  addEventListener("resize", () => requestAnimationFrame(look));
  addEventListener("load", look);
}
