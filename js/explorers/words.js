// Numbers in words: the twin of vgcourse/explorers/words.py, compared by a test.

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

export const power = (exponent) =>
  "10" + [...String(exponent)].map((c) => RAISED[c]).join("");

// The number 10^x to two digits.
export function fromLog10(x) {
  if (x === Infinity) return "infinite";
  if (x === -Infinity) return "0";
  let exponent = Math.floor(x);
  let mantissa = (10 ** (x - exponent)).toFixed(1);
  if (mantissa === "10.0") {
    mantissa = "1.0";
    exponent += 1;
  }
  if (exponent >= -2 && exponent <= 3) {
    const digits = Math.max(0, 1 - exponent);
    return (Number(mantissa) * 10 ** exponent).toFixed(digits);
  }
  return `${mantissa} × ${power(exponent)}`;
}

function times(x) {
  if (x === Infinity) return "infinite";
  if (x === -Infinity) return "exactly zero";
  if (Math.abs(x) < 0.02) return "as large as before";
  return `${fromLog10(Math.abs(x))} times ${x > 0 ? "larger" : "smaller"}`;
}

export const FORMATS = {
  number: fromLog10,
  times,
  percent: (x) => `${Math.round(100 * x)} %`,
  plain: (x) => x.toFixed(2),
  whole: (x) => String(Math.round(x)),
  minus: (x) => (x ? "−" : ""),
};
