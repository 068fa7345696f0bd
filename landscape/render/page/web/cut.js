// A cut: a line through the plane, with loss and accuracy of all panels along it.

const SAMPLES = 201;

app.cut = null; // {from: [x, y], to: [x, y]}
app.cutting = false; // a touch draws a cut instead of scrolling the page

// The values of a quantity along the cut, between the samples as the surface is drawn: on a log scale
// the logarithm is interpolated.
function valuesAlong(panel, name, { from, to }, log) {
  const values = panel.values[name];
  if (!values) return null;
  const inLog = log && values.every((v) => v === null || v > 0), drawn = fieldOf(panel, values, inLog);
  return parts().map((t) => {
    const height = heightAt(drawn, from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1]));
    return height === null ? null : inLog ? 10 ** height : height;
  });
}

// Values as a drawn surface; the finer grid of each is made once.
const fields = new WeakMap();

function fieldOf(panel, values, inLog) {
  const known = fields.get(values) || {}, nx = panel.x.length, kind = inLog ? "log" : "linear";
  if (!known[kind]) {
    const heights = inLog ? values.map((v) => (v === null ? null : Math.log10(v))) : values;
    known[kind] = { panel, rows: panel.y.map((_, j) => heights.slice(j * nx, (j + 1) * nx)) };
    fields.set(values, known);
  }
  return known[kind];
}

const parts = () => Array.from({ length: SAMPLES }, (_, n) => n / (SAMPLES - 1));

const ENDS = ["from x", "from y", "to x", "to y"];
const cutFields = ENDS.map((name) => element("input", { type: "number", step: "any", "aria-label": `Cut ${name}` }));
const cutCharts = ["loss", "accuracy"].map((what) => element("div", { class: "chart", id: "cut-" + what }));
const cutFinding = finding("cut", "Cut through the plane", () => setCut(null),
  element("p", { class: "fields" }, "From x, y ", cutFields[0], cutFields[1], " to x, y ", cutFields[2], cutFields[3]),
  element("div", { class: "key-of-cut" }), element("div", { class: "charts" }, ...cutCharts),
  element("p", { class: "small" }, "Interpolated between the sampled points as the surface is; bands ± 1.96 standard errors."));

for (const field of cutFields) {
  field.addEventListener("change", () => {
    const [a, b, c, d] = cutFields.map((f) => f.valueAsNumber);
    if ([a, b, c, d].every(Number.isFinite)) setCut({ from: [a, b], to: [c, d] });
  });
}

function setCut(cut) {
  app.cut = cut;
  tell("changed");
}

// What is drawn of a quantity, for each panel.
function cutLines(name, stderr, log) {
  return app.data.panels.flatMap((panel, k) => {
    const y = valuesAlong(panel, name, app.cut, log);
    if (!y || y.every((v) => v === null)) return [];
    const off = stderr ? valuesAlong(panel, stderr, app.cut, false) : null;
    const band = (sign) => off && y.map((v, n) => (v === null || off[n] === null ? null : v + sign * NORMAL_95 * off[n]));
    return [{ name: panel.title, y, low: band(-1), high: band(1), colour: lineInk(k) }];
  });
}

function showCut() {
  cutFinding.hidden = !app.cut || app.data.kind !== "plane";
  if (cutFinding.hidden || !app.picture) return;
  const { from, to } = app.cut, { beside, name: drawn } = app.picture.quantity;
  [...from, ...to].forEach((v, n) => {
    if (document.activeElement !== cutFields[n]) cutFields[n].value = Number(v.toPrecision(4));
  });
  const long = Math.hypot(to[0] - from[0], to[1] - from[1]), x = parts().map((t) => t * long);
  const of = (name) => app.data.quantities.find((q) => q.name === name);
  const wanted = [[beside.loss || drawn, beside.loss ? beside.loss_stderr : null], [beside.accuracy, beside.accuracy_stderr]];
  let key = [];
  wanted.forEach(([name, stderr], n) => {
    const quantity = name && of(name);
    cutCharts[n].hidden = !quantity;
    if (!quantity) return;
    const log = quantity.name === drawn ? app.picture.scale.kind === "log" : quantity.log;
    const lines = cutLines(name, stderr, log);
    key = key.length ? key : lines;
    if (lines.length) drawChart(cutCharts[n], { x, lines, across: "distance along the cut, in coordinates", up: wordOf(quantity), log });
    else cutCharts[n].hidden = true;
    cutCharts[n].setAttribute("role", "img");
    cutCharts[n].setAttribute("aria-label", `${unitLabel(quantity)} along the cut: ` + lines.map((line) => {
      const held = line.y.filter((v) => v !== null);
      return `${line.name} from ${short(Math.min(...held))} to ${short(Math.max(...held))}`;
    }).join("; "));
  });
  cutFinding.querySelector(".key-of-cut").replaceChildren(chartKey(key));
}

const cutButton = toggle("cut-touch", "Cut", "Draw a line in the contours: loss and accuracy along it (key c)", async () => {
  app.cutting = !app.cutting;
  if (app.cutting && app.chosen.view !== "contour") {
    app.chosen.view = "contour";
    await draw();
  }
  tell("changed");
});

// A place in the contours under a pointer, kept within the grid.
function placeBelow(plot, panel, event) {
  const { xaxis, yaxis } = plot._fullLayout, box = plot.getBoundingClientRect();
  const held = (v, axis) => Math.min(Math.max(v, axis[0]), axis[axis.length - 1]);
  return [held(xaxis.p2d(event.clientX - box.left - xaxis._offset), panel.x),
    held(yaxis.p2d(event.clientY - box.top - yaxis._offset), panel.y)];
}

function wireCut(plot, k) {
  let from = null, start = null;
  plot.addEventListener("pointerdown", (event) => {
    if (event.button || (event.pointerType !== "mouse" && !app.cutting)) return;
    from = placeBelow(plot, app.data.panels[k], event);
    start = [event.clientX, event.clientY];
    plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener("pointermove", (event) => {
    if (!from || Math.hypot(event.clientX - start[0], event.clientY - start[1]) <= NEAR) return;
    setCut({ from, to: placeBelow(plot, app.data.panels[k], event) });
  });
  for (const end of ["pointerup", "pointercancel"]) {
    plot.addEventListener(end, () => {
      if (from && app.cutting && app.cut) {
        app.cutting = false;
        setTimeout(() => tell("changed"));
      }
      from = null;
    });
  }
}

// By key: "c" begins a cut at the mark, and ends it.
let begun = null;

function cutByKey(event) {
  const { mark, view } = app.chosen;
  if (event.key === "Escape") begun = null;
  if (event.key !== "c" || event.ctrlKey || event.metaKey || !mark || mark.y === null) return;
  event.preventDefault();
  if (begun) setCut({ from: begun, to: [mark.x, mark.y] });
  begun = begun ? null : [mark.x, mark.y];
  drawLayers();
}

tools.push({
  drawn() {
    cutButton.hidden = app.data.kind !== "plane";
    showCut();
  },
  changed() {
    cutButton.setAttribute("aria-pressed", String(app.cutting));
    document.body.classList.toggle("cutting", app.cutting);
    showCut();
    drawLayers();
  },
  layer(k, to) {
    if (app.data.kind !== "plane") return [];
    const marks = begun ? [to(...begun)].filter(Boolean).map(([cx, cy]) => shape("circle", { class: "cut-end", cx, cy, r: 5 })) : [];
    if (!app.cut) return marks;
    const { from, to: end } = app.cut;
    const places = parts().map((t) => to(from[0] + t * (end[0] - from[0]), from[1] + t * (end[1] - from[1]))).filter(Boolean);
    if (places.length < 2) return marks;
    return [shape("path", { class: "cut-line under", d: polyline(places) }), shape("path", { class: "cut-line", d: polyline(places) }),
      shape("circle", { class: "cut-end", cx: places[0][0], cy: places[0][1], r: 5 }), ...marks];
  },
  built() {
    if (app.data.kind === "plane") for (const { stage } of app.panels) stage.addEventListener("keydown", cutByKey);
  },
  wired(plot, k) {
    if (plot.classList.contains("contour")) wireCut(plot, k);
  },
  write(put) {
    if (app.cut) put("cut", [...app.cut.from, ...app.cut.to].map((v) => Number(v.toPrecision(5))).join(","));
  },
  read(get) {
    const [a, b, c, d] = (get("cut") || "").split(",").map(Number);
    app.cut = [a, b, c, d].every(Number.isFinite) && get("cut") ? { from: [a, b], to: [c, d] } : null;
  },
});
