// Chapters read, exercises solved and guesses made: what the sidebar shows of them.
//
// A mark says what the reader says: scrolling to the end is not reading, so nothing is
// ticked by itself. An exercise is known by its number in the chapter.
import { element } from "../element.js";
import { canStore, keep, note, recall, whenMemoryChanges } from "./memory.js";
import { all, pageName, sidebarPlace } from "./page.js";

/** @param {string} page */
const isSideRoad = (page) => page.startsWith("notebooks/side_");

/**
 * @param {number} number
 * @param {string} noun
 */
const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/**
 * In words, as in "read, 2 of 3 exercises solved".
 *
 * @param {import("./memory.js").Page} chapter
 */
function words({ read, solved, of }) {
  const parts = read ? ["read"] : [];
  if (solved.length) parts.push(`${solved.length} of ${count(of, "exercise")} solved`);
  return parts.join(", ");
}

/**
 * @param {string} className
 * @param {string} text
 * @param {string} [name] for a screen reader
 */
function checkbox(className, text, name = text) {
  const input = element("input", { type: "checkbox", "aria-label": name });
  const label = element("label", { className: `vg-check ${className}` }, input, text);
  return { input, label };
}

/**
 * The mark of one chapter in the sidebar.
 *
 * @param {import("./memory.js").Page} chapter
 */
function markOf(chapter) {
  const said = words(chapter);
  const aside = element("span", { className: "vg-aside" }, `, ${said}`);
  const mark = element("span", { className: "vg-mark", title: said }, aside);
  const share = chapter.of ? chapter.solved.length / chapter.of : Number(chapter.read);
  mark.style.setProperty("--solved", String(share));
  mark.classList.toggle("vg-was-read", Boolean(chapter.read));
  return mark;
}

export function showProgress() {
  if (!canStore()) return;
  const here = pageName(location.href);
  const article = document.querySelector("article.bd-article");
  const isChapter = here.startsWith("notebooks/") && article !== null;
  /** @param {HTMLElement} details */
  const isSolution = (details) =>
    details.querySelector("summary")?.textContent?.trim().startsWith("Solution");
  const solutions = isChapter
    ? all("#exercises details, .vg-exercise details").filter(isSolution)
    : [];

  // The controls of this page.
  const solvedBoxes = solutions.map((solution, index) => {
    const name = `Solved, exercise ${index + 1}`;
    const { input, label } = checkbox("vg-solved", "Solved", name);
    solution.before(label);
    return input;
  });
  const kind = isSideRoad(here) ? "page" : "chapter";
  const { input: readBox, label } = checkbox("vg-read", `I have read this ${kind}`);
  if (isChapter) article.append(label);
  for (const input of [readBox, ...solvedBoxes]) {
    input.addEventListener("change", remember);
  }

  function remember() {
    const solved = solvedBoxes.flatMap((input, index) =>
      input.checked ? [index + 1] : [],
    );
    note(here, { read: readBox.checked, solved, of: solvedBoxes.length });
  }

  // The marks in the sidebar, and the line below it.
  const links = all(".bd-docs-nav a")
    .map((node) => ({
      node,
      page: pageName(/** @type {HTMLAnchorElement} */ (node).href),
    }))
    .filter(({ page }) => page.startsWith("notebooks/"));
  const chapters = links.filter(({ page }) => !isSideRoad(page));
  const text = element("p", { role: "status" });
  const button = element("button", { type: "button", className: "vg-reset" });
  const summary = element("div", { className: "vg-summary" }, text, button);
  /** @type {import("./memory.js").Memory | null} */
  let forgotten = null;
  button.addEventListener("click", () => {
    const before = forgotten;
    forgotten = before ? null : recall();
    keep(before ?? {});
  });

  function render() {
    const progress = recall();
    const kept = Object.values(progress);
    if (kept.length) forgotten = null;
    for (const { node, page } of links) {
      node.querySelector(".vg-mark")?.remove();
      const chapter = progress[page];
      if (chapter?.read || chapter?.solved.length) node.append(markOf(chapter));
    }
    readBox.checked = Boolean(progress[here]?.read);
    solvedBoxes.forEach((input, index) => {
      input.checked = Boolean(progress[here]?.solved.includes(index + 1));
    });
    const read = chapters.filter(({ page }) => progress[page]?.read).length;
    const solved = kept.reduce((sum, chapter) => sum + chapter.solved.length, 0);
    const guesses = kept.flatMap((page) => Object.values(page.guesses ?? {}));
    const made = guesses.filter((guess) => guess !== null).length;
    const state = [
      `${read} of ${count(chapters.length, "chapter")} read`,
      `${count(solved, "exercise")} solved`,
      ...(made ? [`${made === 1 ? "1 guess" : `${made} guesses`} made`] : []),
    ].join(", ");
    text.textContent = forgotten
      ? "Your progress is forgotten."
      : `${state}; known to this browser only.`;
    button.textContent = forgotten ? "Undo" : "Forget my progress";
    if (!kept.length && !forgotten) summary.remove();
    else if (!summary.isConnected) sidebarPlace().prepend(summary); // the focus stays
  }

  render();
  const known = recall()[here];
  if (known && known.of !== solvedBoxes.length && isChapter) remember(); // by now it has more
  whenMemoryChanges(render);
}
