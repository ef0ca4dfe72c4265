// What the reader has read, solved and guessed: remembered in this browser and nowhere
// else, by the names of the pages.

/** @typedef {string | number | number[]} Guess null where the reader asked to be shown */
/** @typedef {Record<string, Guess | null>} Guesses by what each is asked */
/** @typedef {{ read: boolean, solved: number[], of: number, guesses?: Guesses }} Page */
/** @typedef {Record<string, Page>} Memory by the names of the pages */

const KEY = "vgcourse-progress-1";
const CHANGED = "vgcourse-memory";
/** @type {Memory | undefined} where the browser stores nothing: until the page is left */
let held;

/** Whether this browser lets the page remember anything. */
export function canStore() {
  try {
    const now = localStorage.getItem(KEY);
    localStorage.setItem(KEY, now ?? "{}");
    if (now === null) localStorage.removeItem(KEY);
    return true;
  } catch {
    return false;
  }
}

/**
 * All that is remembered.
 *
 * @returns {Memory}
 */
export function recall() {
  if (held) return held;
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {};
    return Object.fromEntries(
      Object.entries(stored).filter(([, page]) => Array.isArray(page?.solved)),
    );
  } catch {
    return {};
  }
}

/**
 * Remember this instead, and tell all parts of the page.
 *
 * @param {Memory} memory
 */
export function keep(memory) {
  const kept = Object.entries(memory).filter(
    ([, { read, solved, guesses }]) =>
      read || solved.length || Object.keys(guesses ?? {}).length,
  );
  try {
    if (kept.length)
      localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(kept)));
    else localStorage.removeItem(KEY);
  } catch {
    held = Object.fromEntries(kept);
  }
  dispatchEvent(new Event(CHANGED));
}

/**
 * Change what is remembered of one page.
 *
 * @param {string} name
 * @param {Partial<Page>} changes
 */
export function note(name, changes) {
  const memory = recall();
  /** @type {Page} */
  const page = memory[name] ?? { read: false, solved: [], of: 0 };
  const changed = { ...page, ...changes };
  if (!Object.keys(changed.guesses ?? {}).length) delete changed.guesses;
  keep({ ...memory, [name]: changed });
}

/**
 * What the reader guessed; undefined where she has not.
 *
 * @param {string} name of the page
 * @param {string} id
 */
export const guessed = (name, id) => recall()[name]?.guesses?.[id];

/**
 * Remember a guess, or forget it where it is undefined.
 *
 * @param {string} name of the page
 * @param {string} id
 * @param {Guess | null | undefined} guess
 */
export function noteGuess(name, id, guess) {
  const guesses = { ...recall()[name]?.guesses };
  if (guess === undefined) delete guesses[id];
  else guesses[id] = guess;
  note(name, { guesses });
}

/**
 * Call when the memory changes: here, in another tab, or while the page was away.
 *
 * @param {() => void} render
 */
export function whenMemoryChanges(render) {
  addEventListener(CHANGED, render);
  addEventListener("storage", ({ key }) => {
    if (key === KEY || key === null) render();
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) render(); // back from the browser's memory, where events do not reach
  });
}
