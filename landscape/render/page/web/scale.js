// The one scale that all panels share: log or linear, its range and its ticks (scale.py in Python).

// Within a decade, from few ticks to many; decades are always included.
const MANTISSAS = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 7]];
const STRIDES = [2, 3, 5, 10, 20];

function logSteps(low, high, mantissas, stride) {
  const first = Math.floor(Math.log10(low) / stride) * stride;
  const ticks = [];
  for (let e = first; e <= Math.ceil(Math.log10(high)); e += stride) {
    for (const m of mantissas) ticks.push(Number(m + "e" + e));
  }
  return ticks.filter((t) => t >= low * (1 - 1e-9) && t <= high * (1 + 1e-9));
}

function evenSteps(low, high, count) {
  const rough = (high - low) / Math.max(count, 1);
  const decade = 10 ** Math.floor(Math.log10(rough));
  const far = (m) => Math.abs(m * decade - rough);
  const step = [1, 2, 2.5, 5, 10].reduce((a, b) => (far(b) < far(a) ? b : a)) * decade;
  const slack = 1e-9 * (high - low);
  const ticks = [];
  for (let k = Math.floor(low / step); k <= Math.ceil(high / step); k += 1) {
    const tick = Number((k * step).toPrecision(12));
    if (tick >= low - slack && tick <= high + slack) ticks.push(tick);
  }
  return ticks;
}

// Round coordinates well within an axis: at its ends, labels of two axes would overlap.
function innerTicks(axis) {
  const low = axis[0], high = axis[axis.length - 1], room = 0.08 * (high - low);
  return evenSteps(low, high, 4).filter((t) => t > low + room && t < high - room);
}

class Scale {
  constructor(kind, low, high) {
    [this.kind, this.low, this.high] = [kind, low, high];
    [this.bottom, this.top] = [this.height(low), this.height(high)];
  }

  // A value outside the range is drawn at its end; null (a hole) stays null.
  height(value) {
    if (value === null) return null;
    const held = Math.min(Math.max(value, this.low), this.high);
    return this.kind === "log" ? Math.log10(held) : held;
  }

  ticks(count = 8) {
    if (this.kind === "linear") return evenSteps(this.low, this.high, count);
    const choices = [
      ...MANTISSAS.map((m) => logSteps(this.low, this.high, m, 1)),
      ...STRIDES.map((stride) => logSteps(this.low, this.high, [1], stride)),
    ];
    const off = (ticks) => Math.abs(ticks.length - count);
    const better = (a, b) => off(b) < off(a) || (off(b) === off(a) && b.length < a.length);
    const best = choices.reduce((a, b) => (better(a, b) ? b : a));
    return best.length >= Math.max(2, Math.floor(count / 2))
      ? best : evenSteps(this.low, this.high, count);
  }

  // The position of a value in the colours, 0 … 1.
  part(value) {
    return (this.height(value) - this.bottom) / (this.top - this.bottom);
  }
}

// A constant (or a limit just above the minimum) still needs a range to have a colour in.
function widened(kind, low, high) {
  if (kind === "log" && high < low * 1.0001) return [low / 2, high * 2];
  if (kind === "linear" && high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high), 1e-300)) {
    const half = 0.5 * Math.max(Math.abs(low), 1e-6);
    return [low >= 0 ? Math.max(low - half, 0) : low - half, high + half];
  }
  return [low, high];
}
