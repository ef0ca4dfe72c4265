// Search the text of every section, for words, symbols and numbers alike: χ is chi,
// σ_w is sigma_w, 0.25 is one word. Takes the place of Sphinx's own, on its page.
import { element } from "../element.js";

/** @typedef {{ word: string, start: number, end: number }} Found */
/** @typedef {((word: string) => number) & { telling: number }} Matcher */
/** @typedef {ReturnType<typeof judge>} Result */

const MOST = 30; // results shown
const BEFORE = 80; // characters of an excerpt before its first hit
const LENGTH = 260; // characters of an excerpt

/** @type {Record<string, string>} */
const GREEK = {
  α: "alpha",
  β: "beta",
  γ: "gamma",
  δ: "delta",
  ε: "epsilon",
  ϵ: "epsilon",
  ζ: "zeta",
  η: "eta",
  θ: "theta",
  κ: "kappa",
  λ: "lambda",
  μ: "mu",
  ν: "nu",
  ξ: "xi",
  π: "pi",
  ρ: "rho",
  σ: "sigma",
  τ: "tau",
  φ: "phi",
  ϕ: "phi",
  χ: "chi",
  ψ: "psi",
  ω: "omega",
  ℓ: "l",
};
/** @type {Record<string, string>} */
const QUARTERS = { "¼": "0.25", "½": "0.5", "¾": "0.75" };
const WORD =
  /[¼½¾]|\d+(?:\.\d+)?(?:·\p{L})?|[\p{L}_][\p{L}\p{N}_]*(?:['′’](?!\p{L}))?/gu;

/** @param {string} word */
const fold = (word) =>
  QUARTERS[word] ??
  word
    .toLowerCase()
    .normalize("NFKC")
    .replace(/\p{Script=Greek}/gu, (letter) => GREEK[letter] ?? letter)
    .replace(/[′’]/, "'");

/**
 * @param {string} text
 * @returns {Found[]}
 */
const split = (text) =>
  [...text.matchAll(WORD)].map((match) => ({
    word: fold(match[0]),
    start: match.index,
    end: match.index + match[0].length,
  }));

const KINDS = ["batch", "layer", "group", "rms"]; // of norms

/** @type {Map<string, Found[]>} */
const splits = new Map();

/** The words of a text of the course, cut once. @param {string} text */
function words(text) {
  const known = splits.get(text);
  if (known) return known;
  const cut = split(text).flatMap((found, at, all) => {
    const next = all[at + 1];
    const norm = KINDS.includes(found.word) && next?.word.startsWith("norm");
    // "batch norm" is "batchnorm" too.
    const both = { ...found, word: `${found.word}norm`, end: next?.end ?? found.end };
    return norm ? [both, found] : [found];
  });
  splits.set(text, cut);
  return cut;
}

const stemmer = new Stemmer();
/** @type {Map<string, string>} */
const stems = new Map();

/** @param {string} word */
function stem(word) {
  if (!/^[a-z]{4,}$/.test(word)) return word;
  const known = stems.get(word) ?? stemmer.stemWord(word);
  stems.set(word, known);
  return known;
}

/**
 * How well a word of a text is what was asked for: 3, 2, 1 or 0.
 *
 * @param {string} asked
 * @param {string} word
 */
function likeness(asked, word) {
  if (word === asked || word === `${asked}'`) return 3;
  if (stem(word) === stem(asked)) return 2;
  if (asked.length > 1 && word.includes("_") && word.split("_").includes(asked))
    return 1;
  return asked.length > 4 && word.startsWith(asked) ? 1 : 0;
}

/**
 * How many sections each word of the course stands in.
 *
 * @type {Map<string, number>}
 */
const sections = new Map();
let places = 0;

/** Count once, when the first query comes. */
function count() {
  if (places) return;
  for (const page of searchTexts.pages) {
    for (const [title, , text] of page.sections) {
      places += 1;
      const here = [...words(title), ...words(text)].map(({ word }) => word);
      for (const word of new Set(here))
        sections.set(word, (sections.get(word) ?? 0) + 1);
    }
  }
}

/**
 * Whether one letter more, less or other, or two that have changed places, make one word
 * of the other; in long words twice.
 *
 * @param {string} typed
 * @param {string} word
 */
function misspelt(typed, word) {
  const most = typed.length > 7 ? 2 : 1;
  if (Math.abs(typed.length - word.length) > most) return false;
  /** @type {number[]} */
  let before = [];
  let row = Array.from({ length: word.length + 1 }, (_, at) => at);
  for (let i = 1; i <= typed.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= word.length; j += 1) {
      const other = typed[i - 1] === word[j - 1] ? 0 : 1;
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + other);
      const swapped = typed[i - 1] === word[j - 2] && typed[i - 2] === word[j - 1];
      if (j > 1 && swapped) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
  }
  return row[word.length] <= most;
}

/**
 * Words that the course has and that may have been meant, and what is said of it.
 *
 * @typedef {{ words: string[], note: string }} Meant
 *
 * @param {string} asked
 * @returns {Meant}
 */
function meant(asked) {
  const all = [...sections.keys()];
  const has = (/** @type {string} */ word) => all.some((one) => likeness(word, one));
  const synonyms = searchTexts.synonyms[asked] ?? [];
  if (has(asked) || synonyms.some(has)) return { words: [asked], note: "" };
  const near = (searchTexts.near[asked] ?? []).filter(has);
  const absent = `“${asked}” is not in this course.`;
  if (near.length)
    return { words: near, note: `${absent} Near it: ${near.join(", ")}.` };
  const parts = asked.split("_").filter(Boolean);
  if (parts.length > 1) {
    const found = parts.map(meant);
    const note = found
      .map((part) => part.note)
      .join(" ")
      .trim();
    return { words: found.flatMap((part) => part.words), note };
  }
  const known = [...all, ...Object.keys(searchTexts.synonyms)];
  const alike =
    asked.length > 3 && !/\d/.test(asked)
      ? known.filter((word) => word.length > 3 && misspelt(asked, word))
      : [];
  const often = (/** @type {string} */ word) => sections.get(word) ?? 1;
  const [best] = alike.sort((a, b) => often(b) - often(a));
  if (best) return { words: [best], note: `Shown for “${best}”.` };
  return { words: [asked], note: absent };
}

/**
 * @param {string} asked
 * @returns {Matcher}
 */
function matcher(asked) {
  const others = searchTexts.synonyms[asked] ?? [];
  /** @type {Map<string, number>} */
  const known = new Map();
  const match = (/** @type {string} */ word) => {
    const alike = () => others.map((other) => likeness(other, word) * 0.8);
    const weight = known.get(word) ?? Math.max(likeness(asked, word), ...alike());
    known.set(word, weight);
    return weight;
  };
  // In how few places it stands, from 1 up.
  let there = 0;
  for (const [word, count] of sections) if (match(word)) there = Math.max(there, count);
  return Object.assign(match, { telling: 1 + Math.log((1 + places) / (1 + there)) });
}

/**
 * Where the words asked for follow one another, or -1.
 *
 * @param {Found[]} found
 * @param {Matcher[]} matchers
 */
const together = (found, matchers) =>
  found.findIndex((_, at) =>
    matchers.every(
      (match, next) => found[at + next] && match(found[at + next].word) > 1.5,
    ),
  );

/**
 * Score one section; its hits are where the excerpt and the marks go.
 *
 * @param {Page} page
 * @param {Section} section
 * @param {Matcher[]} matchers
 */
function judge(page, [title, anchor, text], matchers) {
  const heading = words(title);
  const body = words(text);
  const above = words(page.title);
  let score = 0;
  let missing = 0;
  /** @type {Set<Found>} */
  const hits = new Set();
  for (const match of matchers) {
    let count = 0;
    let best = 0;
    for (const found of body) {
      const weight = match(found.word);
      if (!weight) continue;
      count += weight;
      best = Math.max(best, weight);
      hits.add(found);
    }
    const inTitle = Math.max(0, ...heading.map(({ word }) => match(word)));
    const inPage = Math.max(0, ...above.map(({ word }) => match(word)));
    if (!count && !inTitle) missing += 1;
    score += match.telling * (5 * inTitle + inPage + best * Math.log1p(count));
  }
  const phrase = together(body, matchers);
  const phraseInTitle = together(heading, matchers);
  if (matchers.length > 1) {
    if (phrase >= 0) score += 8 * matchers.length;
    if (phraseInTitle >= 0) score += 10 * matchers.length;
  }
  if (heading.length === matchers.length && phraseInTitle === 0) score += 15;
  const [first] = [...hits].sort((a, b) => a.start - b.start);
  const from = matchers.length > 1 && phrase >= 0 ? body[phrase] : first;
  return { page, title, anchor, text, score, missing, hits, from };
}

/**
 * How much more or less a place is worth than its words.
 *
 * @param {Result} result
 * @param {boolean} sentence
 */
function worth({ page, missing }, sentence) {
  if (page.address === searchTexts.lists) return 0.4;
  const symptoms = sentence && page.address === searchTexts.symptoms ? 1.5 : 1;
  return sentence ? symptoms / 2 ** missing : 1;
}

/**
 * The places where all words stand, or else some of them; the best first.
 *
 * @param {string} query
 */
function search(query) {
  count();
  const typed = query
    .replace(/(\d)\s*\*\s*(?=\p{L}(?!\p{L}))/gu, "$1·") // 1.5*I
    .replace(/\b\d+(?:\.\d+)?e-\d+\b/gi, " vanishing ")
    .replace(/\b\d+(?:\.\d+)?e\+?\d+\b/gi, " exploding ")
    .replace(/\b(batch|layer|group|rms)[ -]?norm(alization)?\b/gi, "$1norm");
  const asked = [...new Set(split(typed).map(({ word }) => word))];
  const silent = [...stopwords, ...searchTexts.silent];
  const telling = asked.filter((word) => !silent.includes(word));
  const understood = (telling.length ? telling : asked).map(meant);
  const notes = [...new Set(understood.map(({ note }) => note).filter(Boolean))];
  const all = [...new Set(understood.flatMap((part) => part.words))];
  const matchers = all.map(matcher);
  if (!matchers.length) return { found: [], whole: true, notes };
  const sentence = matchers.length > 2;
  const judged = searchTexts.pages
    .flatMap((page) => page.sections.map((section) => judge(page, section, matchers)))
    .filter(({ missing }) => missing < matchers.length)
    .map((one) => ({ ...one, score: one.score * worth(one, sentence) }))
    .sort((a, b) => (sentence ? 0 : a.missing - b.missing) || b.score - a.score);
  const whole = judged.filter(({ missing }) => missing === 0);
  const found = sentence || !whole.length ? judged : whole;
  return { found, whole: whole.length > 0, notes };
}

/**
 * A piece of the text around the first hit, cut at spaces, with every hit marked.
 *
 * @param {Result} result
 */
function excerpt({ text, hits, from }) {
  const wished = Math.max(0, (from?.start ?? 0) - BEFORE);
  const start = wished ? text.indexOf(" ", wished) + 1 : 0;
  let end = Math.min(text.length, start + LENGTH);
  if (end < text.length) end = Math.max(text.lastIndexOf(" ", end), from?.end ?? 0);
  /** @type {(string | Node)[]} */
  const pieces = [start ? "… " : ""];
  let at = start;
  for (const hit of [...hits].sort((a, b) => a.start - b.start)) {
    if (hit.start < at || hit.end > end) continue;
    const word = text.slice(hit.start, hit.end);
    pieces.push(text.slice(at, hit.start), element("mark", {}, word));
    at = hit.end;
  }
  pieces.push(text.slice(at, end), end < text.length ? " …" : "");
  return element("p", { className: "context" }, ...pieces);
}

/** @param {Result} result */
function item(result) {
  const { page, title, anchor } = result;
  const root = document.documentElement.dataset.content_root ?? "";
  const href = root + page.address + (anchor && `#${anchor}`);
  const name = anchor ? `${page.title}: ${title}` : page.title;
  return element("li", {}, element("a", { href }, name), excerpt(result));
}

/** @param {ReturnType<typeof search>} results */
function summary({ found, whole, notes }) {
  const said = notes.map((note) => `${note} `).join("");
  if (!found.length)
    return `${said}Nothing found. Try one word, a symbol such as χ, or its name.`;
  const number = found.length === 1 ? "One place" : `${found.length} places`;
  const some = whole ? "" : " No place has all of the words; these have some of them.";
  const best = found.length > MOST ? ` The best ${MOST} are shown.` : "";
  return `${said}${number} found.${some}${best}`;
}

Search.performSearch = (query) => {
  const results = search(query);
  const status = element("p", { className: "search-summary", role: "status" });
  document
    .getElementById("search-results")
    ?.replaceChildren(
      element("h2", {}, "Search results"),
      status,
      element("ul", { className: "search" }, ...results.found.slice(0, MOST).map(item)),
    );
  status.textContent = summary(results);
};
