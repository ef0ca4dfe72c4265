// Where an axis has its ticks, and what they say: the twin of vgcourse/plotting/ticks.py.
import { ticks } from "d3-array";
import { minus, power } from "./words.js";

const WIDE = 2.5; // decades, from which on whole ones are enough
const FEWEST = 3; // ticks that tell a scale
const DIGITS = [
  [1, 3],
  [1, 2, 5],
]; // of each decade, where whole ones are too few

const plainly = (number, digits) => minus(+number.toPrecision(digits));

// Sizes between two powers of ten, where whole decades are too few.
function sizes(low, high) {
  const decades = [];
  for (let k = Math.floor(low); k <= high; k++) decades.push(k);
  for (const digits of DIGITS) {
    const found = decades
      .flatMap((k) => digits.map((digit) => k + Math.log10(digit)))
      .filter((y) => y >= low && y <= high);
    if (found.length >= FEWEST) return found;
  }
  return ticks(10 ** low, 10 ** high, 5).map(Math.log10);
}

export const TICKS = {
  linear: ([low, high]) => ticks(low, high, 5).map((y) => [y, plainly(y, 6)]),
  percent: ([low, high]) =>
    ticks(low, high, 5).map((y) => [y, `${Math.round(100 * y)}\u00a0%`]),
  log10([low, high]) {
    if (high - low > WIDE)
      return ticks(low, high, 6)
        .filter(Number.isInteger)
        .map((y) => [y, power(y)]);
    return sizes(low, high).map((y) => [
      y,
      Number.isInteger(y) && Math.abs(y) >= 4 ? power(y) : plainly(10 ** y, 4),
    ]);
  },
};

// Ticks of an axis that counts: whole numbers, where there are enough of them.
export function placeTicks({ x_domain: [left, right] }, width) {
  const found = ticks(left, right, Math.max(3, Math.min(10, width / 70)));
  const whole = found.filter(Number.isInteger);
  return (whole.length >= FEWEST ? whole : found).map((x) => [x, minus(+x.toFixed(2))]);
}
