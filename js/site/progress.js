// Chapters read and exercises solved, remembered in this browser and nowhere else.
//
// A mark says what the reader says: scrolling to the end is not reading, so nothing is
// ticked by itself. An exercise is known by its number in the chapter.
import { element, pageName, sidebarPlace } from "./page.js";

const KEY = "vgcourse-progress-1";

/** Whether this browser lets the page remember anything. */
function canStore() {
  try {
    const now = localStorage.getItem(KEY);
    localStorage.setItem(KEY, now ?? "{}");
    if (now === null) localStorage.removeItem(KEY);
    return true;
  } catch {
    return false;
  }
}

/** What is remembered: { page: { read, solved: [numbers], of: exercises } }. */
function load() {
  try {
    const all = JSON.parse(localStorage.getItem(KEY)) ?? {};
    return Object.fromEntries(
      Object.entries(all).filter(([, chapter]) => Array.isArray(chapter?.solved)),
    );
  } catch {
    return {};
  }
}

function save(all) {
  if (Object.keys(all).length) localStorage.setItem(KEY, JSON.stringify(all));
  else localStorage.removeItem(KEY);
}

const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** In words, as in "read, 2 of 3 exercises solved". */
function words({ read, solved, of }) {
  const parts = read ? ["read"] : [];
  if (solved.length) parts.push(`${solved.length} of ${count(of, "exercise")} solved`);
  return parts.join(", ");
}

function checkbox(className, text, name = text) {
  const input = element("input", { type: "checkbox" });
  input.setAttribute("aria-label", name);
  return { input, label: element("label", { className: `vg-check ${className}` }, input, text) };
}

export function showProgress() {
  if (!canStore()) return;
  const here = pageName(location.href);
  const article = document.querySelector("article.bd-article");
  const isChapter = here.startsWith("notebooks/") && article;
  const solutions = isChapter
    ? [...document.querySelectorAll("#exercises details")].filter((details) =>
        details.querySelector("summary")?.textContent.trim().startsWith("Solution"),
      )
    : [];

  // The controls of this page.
  const solvedBoxes = solutions.map((solution, index) => {
    const { input, label } = checkbox("vg-solved", "Solved", `Solved, exercise ${index + 1}`);
    solution.before(label);
    return input;
  });
  const { input: readBox, label: readLabel } = checkbox("vg-read", "I have read this chapter");
  if (isChapter) article.append(readLabel);
  for (const input of [readBox, ...solvedBoxes]) input.addEventListener("change", remember);

  function remember() {
    const solved = solvedBoxes.flatMap((input, index) => (input.checked ? [index + 1] : []));
    const all = load();
    if (readBox.checked || solved.length) all[here] = { read: readBox.checked, solved, of: solvedBoxes.length };
    else delete all[here];
    save(all);
    render();
  }

  // The marks in the sidebar, and the line below it.
  const links = [...document.querySelectorAll(".bd-docs-nav a")].filter((link) =>
    pageName(link.href).startsWith("notebooks/"),
  );
  const text = element("p", { role: "status" });
  const button = element("button", { type: "button", className: "vg-reset" });
  const summary = element("div", { className: "vg-summary" }, text, button);
  let forgotten = null;
  button.addEventListener("click", () => {
    const now = load();
    save(forgotten ?? {});
    forgotten = forgotten ? null : now;
    render();
  });

  function render() {
    const all = load();
    const kept = Object.values(all);
    if (kept.length) forgotten = null;
    for (const link of links) {
      link.querySelector(".vg-mark")?.remove();
      const chapter = all[pageName(link.href)];
      if (!chapter) continue;
      const said = words(chapter);
      const mark = element("span", { className: "vg-mark", title: said });
      mark.append(element("span", { className: "vg-aside", textContent: `, ${said}` }));
      mark.style.setProperty("--solved", chapter.of ? chapter.solved.length / chapter.of : Number(chapter.read));
      mark.classList.toggle("vg-was-read", Boolean(chapter.read));
      link.append(mark);
    }
    readBox.checked = Boolean(all[here]?.read);
    solvedBoxes.forEach((input, index) => {
      input.checked = Boolean(all[here]?.solved.includes(index + 1));
    });
    const read = links.filter((link) => all[pageName(link.href)]?.read).length;
    const solved = kept.reduce((sum, chapter) => sum + chapter.solved.length, 0);
    text.textContent = forgotten
      ? "Your progress is forgotten."
      : `${read} of ${count(links.length, "chapter")} read, ${count(solved, "exercise")} solved; known to this browser only.`;
    button.textContent = forgotten ? "Undo" : "Forget my progress";
    if (!kept.length && !forgotten) summary.remove();
    else if (!summary.isConnected) sidebarPlace().prepend(summary); // the focus stays
  }

  render();
  if (load()[here]) remember(); // the chapter may have more exercises by now
  addEventListener("storage", ({ key }) => {
    if (key === KEY || key === null) render();
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) render(); // back from the browser's memory, where events do not reach
  });
}
