// Answers read and checked by the rules of vgcourse's exercises: the twin of
// vgcourse/_answers.py and vgcourse/exercises/kinds.py, compared with them by a test.
import words from "../../src/vgcourse/words.json";

/** @typedef {{ answer: number | string, low?: number | null, high?: number | null, says: string }} Mistake */
/**
 * @typedef {object} Exercise
 * @property {string} id
 * @property {"number" | "choice" | "array" | "expression" | "function"} kind
 * @property {string} asks
 * @property {number | string} truth
 * @property {Mistake[]} mistakes
 * @property {string} right
 * @property {number} rtol
 * @property {number} atol
 * @property {boolean} whole
 * @property {string} unit
 * @property {string[]} options
 */
/** @typedef {{ state: "empty" | "unreadable" | "right" | "wrong", says: string }} Verdict */

const LONGEST = 80; // characters of a number
const CLOSE = 0.05;
const KNOWN = 0.005;
const EMPTY = ["", "none", "...", "?"];
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
/** @type {Record<string, string>} */
const SIGNS = { "−": "-", "–": "-", "÷": "/" };
for (const sign of "·×⋅∙") SIGNS[sign] = "*";
for (const sign of "⁄∕") SIGNS[sign] = "/";
const TOKEN = /((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|(sqrt|√|pi|π)|([-+*/^()%])/y;

export class Unreadable extends Error {}

/**
 * @param {keyof typeof words} name
 * @param {Record<string, unknown>} [values]
 */
const say = (name, values = {}) =>
  words[name].replace(/\{(\w+)\}/g, (_, key) => String(values[key]));

/** @param {string} text */
const ended = (text) => (/[.?!…]$/.test(text) ? text : `${text}.`);

/** @param {string} text */
function shorten(text) {
  const line = text.trim().split(/\s+/).join(" ");
  const letters = [...line];
  return letters.length <= 40 ? line : `${letters.slice(0, 39).join("")}…`;
}

/** @param {string} text */
function inAscii(text) {
  return text
    .replace(
      /[⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+/g,
      (raised) =>
        `^(${[...raised].map((c) => (c === "⁺" ? "+" : c === "⁻" ? "-" : RAISED.indexOf(c))).join("")})`,
    )
    .replace(
      /(\d*)([½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])/g,
      (_, whole, part) => `(${whole || 0}+${part.normalize("NFKC")})`,
    )
    .normalize("NFKC")
    .replace(/[−–·×⋅∙⁄∕÷]/g, (sign) => SIGNS[sign])
    .toLowerCase()
    .replaceAll("**", "^")
    .trim()
    .replace(/^[≈~= ]+/, "")
    .replace(/(?<=[\d%)]) [a-z]{3,}$/, "") // "117 layers"
    .replace(/(?<=\d) (?=\d{3}(?!\d))/g, ""); // "10 000"
}

/**
 * The tokens of a number, or null.
 *
 * @param {string} text
 */
function tokensOf(text) {
  const tokens = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === " ") {
      at += 1;
      continue;
    }
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) return null;
    tokens.push(token);
    at += token.length;
  }
  return tokens;
}

/**
 * The value of the tokens as a sum of products of powers, or null.
 *
 * @param {string[]} tokens
 */
function valueOf(tokens) {
  /** @param {...string} signs */
  const nextIs = (...signs) => signs.includes(tokens[0]);

  /** @returns {number | null} */
  function sum() {
    let total = product();
    while (total !== null && nextIs("+", "-")) {
      const sign = tokens.shift() === "+" ? 1 : -1;
      const term = product();
      total = term === null ? null : total + sign * term;
    }
    return total;
  }

  /** @returns {number | null} */
  function product() {
    let value = power();
    while (value !== null && nextIs("*", "/", "√", "sqrt", "pi", "π", "(")) {
      const sign = nextIs("*", "/") ? tokens.shift() : "*";
      const factor = power();
      if (factor === null) return null;
      value = sign === "*" ? value * factor : value / factor;
    }
    return value;
  }

  /** @returns {number | null} */
  function power() {
    if (nextIs("+", "-")) {
      const sign = tokens.shift() === "+" ? 1 : -1;
      const value = power();
      return value === null ? null : sign * value;
    }
    const base = atom();
    if (base === null || !nextIs("^")) return base;
    tokens.shift();
    const exponent = power();
    return exponent === null ? null : base ** exponent;
  }

  /** @returns {number | null} */
  function atom() {
    const token = tokens.shift();
    /** @type {number | null} */
    let value = null;
    if (token === undefined) return null;
    if (/^[\d.]/.test(token)) value = Number(token);
    else if (token === "pi" || token === "π") value = Math.PI;
    else if (token === "sqrt" || token === "√") {
      const inside = atom();
      value = inside === null ? null : inside ** 0.5;
    } else if (token === "(") {
      value = sum();
      if (!nextIs(")")) return null;
      tokens.shift();
    }
    if (value !== null && nextIs("%")) {
      tokens.shift();
      value /= 100;
    }
    return value;
  }

  const value = sum();
  return tokens.length ? null : value;
}

/**
 * The finite number that a reader wrote.
 *
 * @param {string} answer
 */
export function readNumber(answer) {
  const text = shorten(answer);
  let ascii = inAscii(answer);
  const wrong = new Unreadable(say("number", { text }));
  if ([...ascii].length > LONGEST) throw wrong;
  if (ascii.includes(",")) {
    const thousands = /(?<![\d.])[1-9]\d{0,2},\d{3}(?!\d)/.test(ascii);
    if (thousands || ascii.split(",").length > 2 || ascii.includes(".")) {
      throw new Unreadable(say("comma", { text }));
    }
    ascii = ascii.replace(",", ".");
  }
  const infinite = new Unreadable(say("infinite", { text }));
  if (/^[-+]?(inf|infinity|nan|∞)$/.test(ascii)) throw infinite;
  const tokens = tokensOf(ascii);
  const value = tokens === null ? null : valueOf(tokens);
  if (value === null) throw wrong;
  if (!Number.isFinite(value)) throw infinite;
  return value;
}

/**
 * How a wrong number is related to the truth.
 *
 * @param {Exercise} exercise
 * @param {number} value
 * @returns {keyof typeof words}
 */
function relation({ truth: asked, whole }, value) {
  const truth = Number(asked);
  const side = value > truth ? "large" : "small";
  if (whole) {
    if (!Number.isInteger(value)) return "whole";
    if (Math.abs(value - truth) === 1) return value > truth ? "one_more" : "one_less";
    return side;
  }
  if (Math.abs(truth) > 0 && Math.abs(Math.abs(truth) - 1) > CLOSE) {
    /** @type {[keyof typeof words, number][]} */
    const relatives = [
      ["sign", -truth],
      ["reciprocal", 1 / truth],
      ["square", truth ** 2],
      ["percent", 100 * truth],
    ];
    if (truth > 0) {
      relatives.push(["root", Math.sqrt(truth)]);
      relatives.push(["log10", Math.log10(truth)], ["log", Math.log(truth)]);
    }
    for (const [name, relative] of relatives) {
      if (Math.abs(value - relative) <= KNOWN * Math.abs(relative)) return name;
    }
  }
  return Math.abs(value - truth) <= CLOSE * Math.abs(truth) ? "close" : side;
}

/**
 * @param {Exercise} exercise
 * @param {number} value
 * @returns {Verdict}
 */
function checkNumber(exercise, value) {
  const { truth, rtol, atol, whole, mistakes } = exercise;
  /** @type {(other: number | string, tolerance: number) => boolean} */
  const same = (other, tolerance) => {
    const number = Number(other);
    const gap = Math.abs(value - number);
    return whole ? gap < 1e-9 : gap <= tolerance * Math.abs(number) + atol;
  };
  if (same(truth, rtol)) return right(exercise);
  const shown = mistakes.find(({ answer, low, high }) =>
    (low ?? null) === null && (high ?? null) === null
      ? same(answer, Math.max(KNOWN, rtol))
      : (low ?? -Infinity) <= value && value <= (high ?? Infinity),
  );
  const says = shown ? shown.says : ended(words[relation(exercise, value)]);
  return { state: "wrong", says: say("hint", { says }) };
}

/**
 * @param {Exercise} exercise
 * @returns {Verdict}
 */
function right({ right: reason }) {
  const says = reason ? say("right_because", { says: ended(reason) }) : say("right");
  return { state: "right", says };
}

/**
 * Whether an answer is right, and if not, what it shows.
 *
 * @param {Exercise} exercise of the kind number or choice
 * @param {string} answer
 * @returns {Verdict}
 */
export function check(exercise, answer) {
  if (EMPTY.includes(answer.trim().toLowerCase())) {
    return { state: "empty", says: say("empty") };
  }
  if (exercise.kind === "choice") {
    if (answer === exercise.truth) return right(exercise);
    const shown = exercise.mistakes.find((mistake) => mistake.answer === answer);
    if (!shown) return { state: "wrong", says: say("wrong") };
    return { state: "wrong", says: say("hint", { says: shown.says }) };
  }
  try {
    return checkNumber(exercise, readNumber(answer));
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { state: "unreadable", says: error.message };
  }
}
