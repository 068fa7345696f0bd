// The difference of two surfaces on one grid, A − B, or the logarithm of their ratio; hatched where it is
// within 1.96 standard errors, those of A and B taken as independent.

function differenceOf(given, a, b, how) {
  const [one, other] = [given.panels[a], given.panels[b]], ratio = how === "ratio";
  const quantities = given.quantities.map((q) => ({ ...q, log: false, reach: null, span: null, loss: false, accuracy: false,
    better: null, clip: { log: null, linear: null }, draws: [], along: { ...q.along, accuracy: undefined, bands: [] },
    ...(q.statistic === "mean" ? {
      label: ratio ? `log₁₀ ratio of the ${q.label}` : `difference of the ${q.label}`,
      word: ratio ? `log₁₀ ratio of the ${q.word}` : `${q.word} difference`, unit: ratio ? "" : q.unit,
    } : {}) }));
  const values = Object.fromEntries(given.quantities.map((q) => [q.name, valuesOf(given, q, one, other, ratio)]));
  const title = `${one.title} ${ratio ? "/" : "−"} ${other.title}`;
  const panel = {
    ...one, title, values, notFinite: {}, coarse: null, ends: [], trajectories: [], levels: {}, chance: {},
    undone: [...new Set([...one.undone, ...other.undone])], numbers: [], look: [], lines: [],
    solutions: JSON.stringify(one.solutions) === JSON.stringify(other.solutions) ? one.solutions : [],
    gram: JSON.stringify(one.gram) === JSON.stringify(other.gram) ? one.gram : null,
  };
  panel.captions = Object.fromEntries(quantities.map((q) => [q.name, wordsOfDifference(panel, q, ratio)]));
  panel.summary = `${title}. ${panel.captions[given.initial.quantity]}`;
  const initial = { ...given.initial, scale: null, clip: null, range: null, levels: null };
  return { ...given, quantities, panels: [panel], initial, sequence: false, difference: true };
}

function valuesOf(given, { name, statistic }, one, other, ratio) {
  const [a, b] = [one.values[name], other.values[name]];
  const each = (combine) => a.map((v, k) => (v === null || b[k] === null ? null : combine(v, b[k], k)));
  if (statistic === "count") return each((u, v) => Math.min(u, v));
  if (statistic === "stderr" && ratio) {
    const { name: of } = given.quantities.find((q) => q.along.stderr === name) || { name }, off = (panel, v, k) => v / panel.values[of][k];
    return each((u, v, k) => finiteOr(Math.hypot(off(one, u, k), off(other, v, k)) / Math.LN10));
  }
  if (statistic === "stderr") return each((u, v) => Math.hypot(u, v));
  return each(ratio ? (u, v) => (u > 0 && v > 0 ? Math.log10(u / v) : null) : (u, v) => u - v);
}

const finiteOr = (v) => (Number.isFinite(v) ? v : null);

// Whether the error covers the difference at each point; null where it is unknown.
function covered(panel, { name, along }) {
  const errors = along.stderr && panel.values[along.stderr];
  return panel.values[name].map((v, k) => (v === null || !errors || errors[k] === null ? null : Math.abs(v) <= NORMAL_95 * errors[k]));
}

function wordsOfDifference(panel, quantity, ratio) {
  const known = covered(panel, quantity).filter((c) => c !== null);
  const words = ratio ? "Positive where A is larger; 1 is a factor of 10." : "Positive where A is larger.";
  if (!known.length) return `${words} The file holds no standard errors of it.`;
  const inside = known.filter(Boolean).length;
  return `${words} Contours are hatched where the sampling error covers it: at ${share(inside, known.length)} it is within `
    + "1.96 standard errors of both surfaces, taken as independent.";
}

// Rectangles around the points of a panel that fit, joined along each row.
function pathAround(panel, to, fits) {
  const edges = (axis) => [axis[0], ...axis.slice(1).map((v, k) => (v + axis[k]) / 2), axis[axis.length - 1]];
  const [x, y] = [edges(panel.x), edges(panel.y)], nx = panel.x.length, runs = [];
  for (let j = 0; j < panel.y.length; j += 1) {
    for (let i = 0, start; i < nx; i += 1) {
      if (!fits(j * nx + i)) continue;
      start = i;
      while (i + 1 < nx && fits(j * nx + i + 1)) i += 1;
      const [[left, low], [right, high]] = [to(x[start], y[j]), to(x[i + 1], y[j + 1])];
      runs.push(`M${left.toFixed(1)} ${low.toFixed(1)}H${right.toFixed(1)}V${high.toFixed(1)}H${left.toFixed(1)}Z`);
    }
  }
  return runs.join("");
}

function hatched(id, d) {
  const line = shape("path", { d: "M-2 8L8 -2M3 13L13 3", class: "hatch" });
  return [shape("defs", {}, shape("pattern", { id, width: 10, height: 10, patternUnits: "userSpaceOnUse" }, line)),
    shape("path", { class: "hatched", d, fill: `url(#${id})` })];
}

tools.push({
  layer(k, to) {
    if (!app.data.difference || app.chosen.view !== "contour") return [];
    const panel = app.data.panels[k], inside = covered(panel, app.picture.quantity);
    return hatched("hatch-" + k, pathAround(panel, to, (n) => inside[n] === true));
  },
});
