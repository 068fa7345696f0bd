// Computes what is drawn from the data and the reader's choices: one scale, heights, notes per panel.

const SLIDER_STEPS = 200;

// The range of a quantity over all panels, on lines with bands and the losses of their ends; low
// is the smallest positive value for a log scale.
function spanOf(data, { name, along }) {
  let low = Infinity, high = -Infinity, positive = Infinity, negative = 0;
  for (const panel of data.all || data.panels) {
    const line = data.kind === "line";
    const besides = line ? along.bands.flatMap(([a, b]) => [...panel.values[a], ...panel.values[b]]) : [];
    if (line && name === panel.main) besides.push(...panel.ends.map(([, loss]) => loss));
    for (const value of [...sharing(data, name).flatMap((n) => panel.values[n]), ...besides]) {
      if (value === null) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
      if (value > 0) positive = Math.min(positive, value);
      if (value < 0) negative += 1;
    }
  }
  return { low, high, positive, negative, empty: low > high };
}

// The draws of a quantity share a scale; any other quantity has its own.
function sharing(data, name) {
  const parent = data.quantities.find((q) => q.draws && q.draws.includes(name));
  return parent ? [parent.name, ...parent.draws] : [name];
}

function whyNoLog(span) {
  if (span.empty) return "";
  if (span.negative) return "Some values are negative, which a log scale cannot show.";
  return span.high > 0 ? "" : "All values are 0, which a log scale cannot show.";
}

// The limit at a position of the slider, rounded; null at its end, where nothing is clipped.
function limitAt(place, kind, low, high) {
  if (place >= SLIDER_STEPS) return null;
  const part = place / SLIDER_STEPS;
  const exact = kind === "log" ? low * (high / low) ** part : low + (high - low) * part;
  const rounded = Number(exact.toPrecision(3));
  return rounded > low && rounded < high ? rounded : exact;
}

function placeOf(limit, kind, low, high) {
  if (limit === null || limit >= high) return SLIDER_STEPS;
  const part = kind === "log"
    ? Math.log(limit / low) / Math.log(high / low) : (limit - low) / (high - low);
  return Math.round(SLIDER_STEPS * part);
}

function pictureOf(data, chosen) {
  const quantity = data.quantities.find((q) => q.name === chosen.quantity);
  const isFirst = quantity.name === data.initial.quantity;
  const span = spanOf(data, quantity);
  const noLog = whyNoLog(span);
  const usual = (isFirst && data.initial.scale) || (quantity.log ? "log" : "linear");
  const kind = noLog || span.empty ? "linear" : chosen.scale[quantity.name] || usual;
  let low = span.empty ? 0 : kind === "log" ? span.positive : span.low;
  let whole = span.empty ? 1 : span.high;
  if (kind === "log" && quantity.span) low = Math.max(low, 10 ** Math.floor(Math.log10(quantity.span * whole)));
  if (kind === "linear" && quantity.reach && !span.empty) {
    [low, whole] = [Math.min(low, quantity.reach[0]), Math.max(whole, quantity.reach[1])];
  }
  const range = isFirst && data.initial.range;
  if (range && (kind === "linear" || range[0] > 0)) [low, whole] = range;
  const given = isFirst && data.initial.clip !== "auto" ? data.initial.clip : quantity.clip[kind];
  const asked = quantity.name in chosen.clip ? chosen.clip[quantity.name] : range ? null : given;
  const limit = asked !== null && asked > low && asked < whole ? asked : null;
  const scale = new Scale(kind, ...widened(kind, low, limit === null ? whole : limit));
  const panels = data.panels.map((panel) => panelPicture(panel, quantity, scale, chosen.preview));
  const colours = coloursOf(data, scale);
  return { quantity, span, noLog, low, whole, limit, scale, colours, panels, levels: data.initial.levels };
}

function ticksOf(picture, count) {
  const { scale, levels } = picture;
  if (Array.isArray(levels)) {
    const inside = levels.filter((v) => v >= scale.low && v <= scale.high);
    if (inside.length) return inside;
  }
  return scale.ticks(typeof levels === "number" ? levels : count);
}

function panelPicture(panel, quantity, scale, preview) {
  const values = panel.values[quantity.name];
  const heights = values.map((value) => scale.height(value));
  if (preview && panel.coarse) fillBetween(panel, heights);
  return {
    panel,
    values,
    heights,
    rows: panel.y ? panel.y.map((_, j) => heights.slice(j * panel.x.length, (j + 1) * panel.x.length))
      : [heights],
    best: bestOf(values, quantity),
    odd: panel.notFinite[quantity.name] || [],
    notes: notesOf(panel, values, quantity, scale, preview),
  };
}

function bestOf(values, quantity) {
  if (!quantity.better) return null;
  const better = quantity.better === "higher" ? (a, b) => a > b : (a, b) => a < b;
  let best = null;
  values.forEach((value, k) => {
    if (value !== null && (best === null || better(value, values[best]))) best = k;
  });
  return best;
}

// A preview: points that are not computed yet are on the bilinear patch between the points of the
// finest complete level around them. Computed points do not move.
function fillBetween(panel, heights) {
  const { rows, columns } = panel.coarse, nx = panel.x.length;
  const around = (axis, kept, i) => {
    const right = Math.max(1, kept.findIndex((k) => k >= i));
    const [a, b] = [kept[right - 1], kept[right]];
    return [a, b, (axis[i] - axis[a]) / (axis[b] - axis[a])];
  };
  for (const k of panel.undone) {
    const [a, b, s] = around(panel.x, columns, k % nx);
    const [c, d, t] = around(panel.y, rows, Math.floor(k / nx));
    const corners = [heights[c * nx + a], heights[c * nx + b], heights[d * nx + a], heights[d * nx + b]];
    if (corners.includes(null)) continue;
    heights[k] = (1 - t) * ((1 - s) * corners[0] + s * corners[1])
      + t * ((1 - s) * corners[2] + s * corners[3]);
  }
}

function notesOf(panel, values, quantity, scale, preview) {
  const total = values.length, notes = panel.points ? [panel.points] : [];
  const count = (test) => values.reduce((n, v) => n + (v !== null && test(v) ? 1 : 0), 0);
  // A small relative margin: a limit that is itself a value must not count as clipped.
  const above = count((v) => v > scale.high + 1e-6 * Math.abs(scale.high));
  const zeros = scale.kind === "log" ? count((v) => v === 0) : 0;
  const below = count((v) => v < scale.low - 1e-6 * Math.abs(scale.low)) - zeros;
  const [high, low] = [scale.high, scale.low].map((end) => withUnit(short(end), quantity.unit));
  if (above) notes.push(`${share(above, total)} clipped at ${high}.`);
  if (zeros) notes.push(`${share(zeros, total)} equal to 0, drawn at ${low}.`);
  if (below) notes.push(`${share(below, total)} below ${low}, drawn at ${low}.`);
  const odd = (panel.notFinite[quantity.name] || []).length;
  if (odd) notes.push(`${share(odd, total)} not finite (marked, left blank).`);
  if (panel.undone.length) {
    const filled = preview && (panel.coarse || !panel.y);
    notes.push(`${share(panel.undone.length, total)} not computed yet `
      + `(${filled ? "interpolated from coarser points" : "left blank"}).`);
  }
  return notes;
}
