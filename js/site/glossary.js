// Show what a word means beside it: under the pointer, with the keyboard's focus, and at
// the first touch. It stays while the pointer is on it; Esc, or a touch elsewhere, closes it.

const GAP = 6; // pixels between a word and its note
const EDGE = 12; // pixels between a note and the window's edge
const PATIENCE = 250; // milliseconds

export function explainTerms() {
  /** @type {HTMLElement | null} */
  let shown = null;
  let timer = 0;
  let isTouch = false;
  let wasShown = false;

  const close = () => {
    clearTimeout(timer);
    shown?.classList.remove("vg-shown");
    shown = null;
  };
  const closeSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(close, PATIENCE);
  };

  /**
   * @param {HTMLElement} link
   * @param {HTMLElement} note
   */
  const show = (link, note) => {
    clearTimeout(timer);
    if (shown !== note) close();
    shown = note;
    note.classList.add("vg-shown");
    // The line of the link that the reader is on, if it runs over two.
    const place = link.getClientRects()[0];
    const width = document.documentElement.clientWidth;
    const left = Math.max(EDGE, Math.min(place.left, width - note.offsetWidth - EDGE));
    const below = place.bottom + GAP;
    const fits = below + note.offsetHeight <= innerHeight;
    const top = fits ? below : Math.max(GAP, place.top - GAP - note.offsetHeight);
    const origin = (note.offsetParent ?? document.body).getBoundingClientRect();
    note.style.left = `${left - origin.left}px`;
    note.style.top = `${top - origin.top}px`;
  };

  for (const note of document.querySelectorAll(".vg-definition")) {
    note.setAttribute("role", "tooltip");
    note.addEventListener("mouseenter", () => clearTimeout(timer));
    note.addEventListener("mouseleave", closeSoon);
  }
  /** @type {NodeListOf<HTMLAnchorElement>} */
  const links = document.querySelectorAll("a.vg-term");
  for (const link of links) {
    const note = document.getElementById(`about-${link.hash.slice(1)}`);
    if (!note) continue;
    link.setAttribute("aria-describedby", note.id);
    link.addEventListener("mouseenter", () => show(link, note));
    link.addEventListener("mouseleave", closeSoon);
    link.addEventListener("focus", () => show(link, note));
    link.addEventListener("blur", closeSoon);
    link.addEventListener("pointerdown", (event) => {
      isTouch = event.pointerType === "touch";
      wasShown = shown === note;
    });
    link.addEventListener("click", (event) => {
      if (isTouch && !wasShown) {
        event.preventDefault(); // the second touch follows the link
        show(link, note);
      }
      isTouch = false;
    });
  }
  if (!links.length) return;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  document.addEventListener("pointerdown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (!target.closest(".vg-definition, a.vg-term")) close();
  });
}
