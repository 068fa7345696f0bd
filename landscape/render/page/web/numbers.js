// Numbers formatted for readers (numerals.py in Python): 0.03, 31,200, 3×10⁻⁵.

const SUPERSCRIPT = { "-": "⁻" };
[..."⁰¹²³⁴⁵⁶⁷⁸⁹"].forEach((sign, digit) => { SUPERSCRIPT[digit] = sign; });

const FORMATS = {};

// A number with commas; the formats are kept, as making one takes longer than using it.
function withCommas(value, format) {
  const key = Object.entries(format).join();
  FORMATS[key] = FORMATS[key] || new Intl.NumberFormat("en-US", format);
  return FORMATS[key].format(value);
}

function short(value, digits = 3) {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "NaN";
  const rounded = Number(value.toPrecision(digits));
  const sign = rounded < 0 ? "−" : "";
  const size = Math.abs(rounded);
  if (size === 0) return "0";
  if (size >= 1e-3 && size < 1e5) {
    return sign + withCommas(size, { maximumSignificantDigits: Math.max(digits, 6) });
  }
  const [mantissa, exponent] = size.toExponential(digits - 1).split("e");
  const power = powerOfTen(Number(exponent));
  return sign + (Number(mantissa) === 1 ? power : Number(mantissa) + "×" + power);
}

// A value with its standard error: two digits of the error, and none of the value beyond them.
function withError(value, error) {
  if (!Number.isFinite(value) || !Number.isFinite(error)) return short(value, 4);
  const off = Number(error.toPrecision(2)), size = Math.max(Math.abs(value), off);
  if (off <= 1e-6 * size) return `${short(value, off ? 6 : 4)} ± ${short(error, 2)}`;
  const last = exponentOf(off) - 1, first = exponentOf(size);
  const power = first >= -3 && first < 5 ? 0 : first, digits = Math.max(power - last, 0);
  const [words, beside] = [value, off].map((v) => {
    const held = last > 0 ? Math.round(v / 10 ** last) * 10 ** last : v;
    const text = withCommas(held / 10 ** power, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return /[1-9]/.test(text) ? text.replace("-", "−") : text.replace("-", "");
  });
  return power ? `(${words} ± ${beside})×${powerOfTen(power)}` : `${words} ± ${beside}`;
}

function exponentOf(value) {
  return Number(value.toExponential().split("e")[1]);
}

function powerOfTen(exponent) {
  return "10" + [...String(exponent)].map((c) => SUPERSCRIPT[c]).join("");
}

function withUnit(text, unit) {
  return unit ? text + " " + unit : text;
}

function share(count, total) {
  return count.toLocaleString("en-US") + " of " + total.toLocaleString("en-US") + " points";
}
