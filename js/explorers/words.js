// Numbers in words: the twin of vgcourse/explorers/words.py.

/** @type {Record<string, string>} */
const RAISED = {
  "-": "⁻",
  0: "⁰",
  1: "¹",
  2: "²",
  3: "³",
  4: "⁴",
  5: "⁵",
  6: "⁶",
  7: "⁷",
  8: "⁸",
  9: "⁹",
};
const UNBROKEN = "\u00a0"; // a number stays on one line

/** @param {unknown} number */
export const minus = (number) => String(number).replace("-", "−");

/** @param {number} exponent */
export const power = (exponent) =>
  "10" + [...String(exponent)].map((c) => RAISED[c]).join("");

/**
 * A number to that many decimals, halves away from zero.
 *
 * @param {number} x
 * @param {number} digits
 */
export function rounded(x, digits) {
  if (Math.abs(x) === Infinity) return x > 0 ? "infinite" : "−infinite";
  const whole = Math.floor(Math.abs(x) * 10 ** digits + 0.5);
  let text = String(whole).padStart(digits + 1, "0");
  if (digits) text = `${text.slice(0, -digits)}.${text.slice(-digits)}`;
  return x < 0 && whole ? `−${text}` : text;
}

/**
 * The number 10^x to two digits.
 *
 * @param {number} x
 */
export function fromLog10(x) {
  if (x === Infinity) return "infinite";
  if (x === -Infinity) return "0";
  let exponent = Math.floor(x);
  let tenths = Math.floor(10 ** (x - exponent) * 10 + 0.5);
  if (tenths === 100) {
    tenths = 10;
    exponent += 1;
  }
  if (exponent >= -2 && exponent <= 3)
    return rounded(tenths * 10 ** (exponent - 1), Math.max(0, 1 - exponent));
  const mantissa = `${Math.floor(tenths / 10)}.${tenths % 10}`;
  return `${mantissa}${UNBROKEN}×${UNBROKEN}${power(exponent)}`;
}

/** @param {number} x */
function times(x) {
  if (x === Infinity) return "infinite";
  if (x === -Infinity) return "exactly zero";
  if (Math.abs(x) < 0.02) return "as large as before";
  return `${fromLog10(Math.abs(x))}${UNBROKEN}times ${x > 0 ? "larger" : "smaller"}`;
}

/** @param {number} x */
function compared(x) {
  if (Math.abs(x) === Infinity) return `${times(x)}, unlike`;
  return Math.abs(x) < 0.02 ? "as large as" : `${times(x)} than`;
}

/**
 * A plain number to two digits, however small.
 *
 * @param {number} x
 */
export function size(x) {
  if (x === 0) return "0";
  const text = fromLog10(Math.log10(Math.abs(x)));
  return x < 0 ? `−${text}` : text;
}

/** @param {number} x */
export const percent = (x) => `${rounded(100 * x, 0)}${UNBROKEN}%`;

/**
 * "1 layer", "50 layers": the noun is given as of several.
 *
 * @param {string} number
 * @param {string} noun
 */
export const counted = (number, noun) =>
  `${number}${UNBROKEN}${number === "1" ? noun.slice(0, -1) : noun}`;

/** @type {Record<string, (x: number) => string>} */
export const FORMATS = {
  number: fromLog10,
  times,
  compared,
  size,
  percent,
  plain: (x) => rounded(x, 2),
  whole: (x) => rounded(x, 0),
  minus: (x) => (x ? "−" : ""),
};
