// Search the text of every section, for words, symbols and numbers alike: χ is chi,
// σ_w is sigma_w, 0.25 is one word. Takes the place of Sphinx's own, on its page.
(() => {
  const MOST = 30, BEFORE = 80, LENGTH = 260;
  const GREEK = {
    α: "alpha", β: "beta", γ: "gamma", δ: "delta", ε: "epsilon", ϵ: "epsilon",
    ζ: "zeta", η: "eta", θ: "theta", κ: "kappa", λ: "lambda", μ: "mu", ν: "nu",
    ξ: "xi", π: "pi", ρ: "rho", σ: "sigma", τ: "tau", φ: "phi", ϕ: "phi", χ: "chi",
    ψ: "psi", ω: "omega", ℓ: "l",
  };
  const QUARTERS = { "¼": "0.25", "½": "0.5", "¾": "0.75" };
  const WORD =
    /[¼½¾]|\d+(?:\.\d+)?(?:·\p{L})?|[\p{L}_][\p{L}\p{N}_]*(?:['′’](?!\p{L}))?/gu;

  const fold = (word) =>
    QUARTERS[word] ??
    word.toLowerCase().normalize("NFKC")
      .replace(/\p{Script=Greek}/gu, (letter) => GREEK[letter] ?? letter)
      .replace(/[′’]/, "'");
  const split = (text) =>
    [...text.matchAll(WORD)].map((match) => ({
      word: fold(match[0]), start: match.index, end: match.index + match[0].length,
    }));

  const stemmer = new Stemmer();
  const stems = new Map();
  const stem = (word) => {
    if (!/^[a-z]{4,}$/.test(word)) return word;
    if (!stems.has(word)) stems.set(word, stemmer.stemWord(word));
    return stems.get(word);
  };

  // How well a word of a text is what was asked for: 3, 2, 1 or 0.
  const likeness = (asked, word) => {
    if (word === asked || word === `${asked}'`) return 3;
    if (stem(word) === stem(asked)) return 2;
    if (asked.length > 1 && word.includes("_") && word.split("_").includes(asked)) return 1;
    return asked.length > 4 && word.startsWith(asked) ? 1 : 0;
  };
  const matcher = (asked) => {
    const others = searchTexts.synonyms[asked] ?? [];
    const known = new Map();
    return (word) => {
      if (!known.has(word)) {
        const alike = others.map((other) => likeness(other, word) * 0.8);
        known.set(word, Math.max(likeness(asked, word), ...alike));
      }
      return known.get(word);
    };
  };

  const together = (found, matchers) =>
    found.findIndex((_, at) =>
      matchers.every((match, next) => found[at + next] && match(found[at + next].word) > 1.5));

  // Score one section; its hits are where the excerpt and the marks go.
  const judge = (page, [title, anchor, text], matchers) => {
    const heading = split(title);
    const body = split(text);
    const above = split(page.title);
    let score = 0, missing = 0;
    const hits = new Set();
    for (const match of matchers) {
      let count = 0, best = 0;
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
    if (matchers.length > 1) {
      if (phrase >= 0) score += 8 * matchers.length;
      if (together(heading, matchers) >= 0) score += 10 * matchers.length;
    }
    if (heading.length === matchers.length && together(heading, matchers) === 0) score += 15;
    const from = matchers.length > 1 && phrase >= 0 ? body[phrase] : [...hits]
      .reduce((first, hit) => (first && first.start < hit.start ? first : hit), null);
    return { page, title, anchor, text, score, missing, hits, from };
  };

  const search = (query) => {
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
  };

  const make = (name, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  // A piece of the text around the first hit, cut at spaces, with every hit marked.
  const excerpt = ({ text, hits, from }) => {
    const wished = Math.max(0, (from?.start ?? 0) - BEFORE);
    const start = wished ? text.indexOf(" ", wished) + 1 : 0;
    let end = Math.min(text.length, start + LENGTH);
    if (end < text.length) end = Math.max(text.lastIndexOf(" ", end), from?.end ?? 0);
    const pieces = [start ? "… " : ""];
    let at = start;
    for (const hit of [...hits].sort((a, b) => a.start - b.start)) {
      if (hit.start < at || hit.end > end) continue;
      pieces.push(text.slice(at, hit.start), make("mark", {}, text.slice(hit.start, hit.end)));
      at = hit.end;
    }
    pieces.push(text.slice(at, end), end < text.length ? " …" : "");
    return make("p", { className: "context" }, ...pieces);
  };

  const item = (result) => {
    const { page, title, anchor } = result;
    const root = document.documentElement.dataset.content_root ?? "";
    const href = root + page.address + (anchor && `#${anchor}`);
    const name = anchor ? `${page.title}: ${title}` : page.title;
    return make("li", {}, make("a", { href }, name), excerpt(result));
  };

  const summary = ({ found, whole }) => {
    if (!found.length)
      return "Nothing found. Try one word, a symbol such as χ, or its name.";
    const places = found.length === 1 ? "One place" : `${found.length} places`;
    const some = whole ? "" : " No place has all of the words; these have some of them.";
    const best = found.length > MOST ? ` The best ${MOST} are shown.` : "";
    return `${places} found.${some}${best}`;
  };

  Search.performSearch = (query) => {
    const results = search(query);
    const status = make("p", { className: "search-summary" });
    status.setAttribute("role", "status");
    document.getElementById("search-results").replaceChildren(
      make("h2", {}, "Search results"),
      status,
      make("ul", { className: "search" }, ...results.found.slice(0, MOST).map(item)),
    );
    status.textContent = summary(results);
  };
})();
