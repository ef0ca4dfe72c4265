// Search the text of every section, for words, symbols and numbers alike: χ is chi,
// σ_w is sigma_w, 0.25 is one word. Takes the place of Sphinx's own, on its page.
import { element } from "../element.js";

/** @typedef {{ word: string, start: number, end: number }} Found */
/** @typedef {(word: string) => number} Matcher */
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
 * @param {string} asked
 * @returns {Matcher}
 */
function matcher(asked) {
  const others = searchTexts.synonyms[asked] ?? [];
  /** @type {Map<string, number>} */
  const known = new Map();
  return (word) => {
    const alike = () => others.map((other) => likeness(other, word) * 0.8);
    const weight = known.get(word) ?? Math.max(likeness(asked, word), ...alike());
    known.set(word, weight);
    return weight;
  };
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
  const heading = split(title);
  const body = split(text);
  const above = split(page.title);
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
    score += 5 * inTitle + inPage + best * Math.log1p(count);
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

/** @param {string} query */
function search(query) {
  const typed = query.replace(/(\d)\s*\*\s*(?=\p{L}(?!\p{L}))/gu, "$1·"); // 1.5*I
  const asked = [...new Set(split(typed).map(({ word }) => word))];
  const telling = asked.filter((word) => !stopwords.includes(word));
  const matchers = (telling.length ? telling : asked).map(matcher);
  if (!matchers.length) return { found: [], whole: true };
  const judged = searchTexts.pages
    .flatMap((page) => page.sections.map((section) => judge(page, section, matchers)))
    .filter(({ missing }) => missing < matchers.length)
    .sort((a, b) => a.missing - b.missing || b.score - a.score);
  const whole = judged.filter(({ missing }) => missing === 0);
  return { found: whole.length ? whole : judged, whole: whole.length > 0 };
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
function summary({ found, whole }) {
  if (!found.length)
    return "Nothing found. Try one word, a symbol such as χ, or its name.";
  const places = found.length === 1 ? "One place" : `${found.length} places`;
  const some = whole ? "" : " No place has all of the words; these have some of them.";
  const best = found.length > MOST ? ` The best ${MOST} are shown.` : "";
  return `${places} found.${some}${best}`;
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
