// Numbers formatted for readers (numerals.py in Python): 0.03, 31,200, 3×10⁻⁵.

const SUPERSCRIPT = { "-": "⁻" };
[..."⁰¹²³⁴⁵⁶⁷⁸⁹"].forEach((sign, digit) => { SUPERSCRIPT[digit] = sign; });

function short(value, digits = 3) {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "NaN";
  const rounded = Number(value.toPrecision(digits));
  const sign = rounded < 0 ? "−" : "";
  const size = Math.abs(rounded);
  if (size === 0) return "0";
  if (size >= 1e-3 && size < 1e5) {
    return sign + size.toLocaleString("en-US", { maximumSignificantDigits: Math.max(digits, 6) });
  }
  const [mantissa, exponent] = size.toExponential(digits - 1).split("e");
  const power = "10" + [...String(Number(exponent))].map((c) => SUPERSCRIPT[c]).join("");
  return sign + (Number(mantissa) === 1 ? power : Number(mantissa) + "×" + power);
}

function withUnit(text, unit) {
  return unit ? text + " " + unit : text;
}

function share(count, total) {
  return count.toLocaleString("en-US") + " of " + total.toLocaleString("en-US") + " points";
}
