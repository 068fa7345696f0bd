// The place under the pointer: marked in all panels at the same coordinates, with its values shown.

// The nearest sampled point of a panel, or null where the place is outside its grid.
function indexAt(panel, mark) {
  if (!mark) return null;
  const nearest = (axis, v) => {
    const i = axis.reduce((a, value, b) => (Math.abs(value - v) < Math.abs(axis[a] - v) ? b : a), 0);
    const step = axis.length > 1 ? (axis[axis.length - 1] - axis[0]) / (axis.length - 1) : 1;
    const outside = v < axis[0] - 0.51 * step || v > axis[axis.length - 1] + 0.51 * step;
    return outside ? null : i;
  };
  const i = nearest(panel.x, mark.x), j = panel.y ? nearest(panel.y, mark.y) : 0;
  return i === null || j === null ? null : j * panel.x.length + i;
}

let marking = null;

// Marks a place {x, y} (null: none), as often as the browser draws.
// A step of a path is marked and its values shown as well.
function setMark(mark, step = null) {
  const now = app.chosen;
  if (JSON.stringify([mark, step]) === JSON.stringify([now.mark, now.step])) return;
  Object.assign(now, { mark, step });
  marking = marking || new Promise(requestAnimationFrame).then(() => {
    marking = null;
    showReadout();
    placeCrosses();
    if (now.view === "surface") app.panels.forEach((_, k) => showMarks(k));
  });
}

// In 2-D views the mark is an element above the plot, which needs no redraw.
function placeCrosses() {
  app.panels.forEach((panel, k) => {
    const drawn = app.picture.panels[k], plot = panel.plots[app.chosen.view];
    const index = indexAt(drawn.panel, app.chosen.mark);
    const layout = plot && plot._fullLayout;
    placeRing(panel, k, plot, layout);
    panel.cross.hidden = app.chosen.view === "surface" || index === null || !layout;
    if (panel.cross.hidden) return;
    const { xaxis, yaxis } = layout, i = index % drawn.panel.x.length;
    const value = app.data.kind === "plane" ? placeAt(drawn.panel, index)[1] : drawn.heights[index];
    panel.cross.hidden = value === null;
    const height = app.data.kind === "plane" ? yaxis.d2p(value) : yaxis.l2p(value);
    panel.cross.style.left = plot.offsetLeft + xaxis._offset + xaxis.d2p(drawn.panel.x[i]) + "px";
    panel.cross.style.top = plot.offsetTop + yaxis._offset + height + "px";
  });
  tell("placed");
}

function placeRing(panel, k, plot, layout) {
  const { step, view } = app.chosen;
  panel.ring.hidden = view !== "contour" || !step || step.panel !== k || !layout;
  if (panel.ring.hidden) return;
  const { x, y } = placeOfStep(step), { xaxis, yaxis } = layout;
  panel.ring.style.left = plot.offsetLeft + xaxis._offset + xaxis.d2p(x) + "px";
  panel.ring.style.top = plot.offsetTop + yaxis._offset + yaxis.d2p(y) + "px";
}

function placeOfIndex(panel, k) {
  return { x: panel.x[k % panel.x.length], y: panel.y ? panel.y[Math.floor(k / panel.x.length)] : null };
}

function showReadout() {
  const { data, chosen, picture } = app, readout = byId("readout");
  const { mark } = chosen;
  readout.hidden = data.layout === "gallery" || !(mark || chosen.step);
  if (data.layout === "gallery") showReadings();
  if (readout.hidden) {
    readout.replaceChildren();
    return;
  }
  const where = !mark ? "" : [data.kind === "plane" || data.panels[0].axis === "x" ? "x = " + short(mark.x) : "y = " + short(mark.x),
      mark.y === null ? "" : "y = " + short(mark.y)].filter(Boolean).join(", ");
  const columns = columnsOf(picture.quantity);
  const head = element("tr", {}, element("th", { scope: "col" }, "network"),
    ...columns.map((c) => element("th", { scope: "col" }, c.label)));
  const rows = data.panels.map((panel) => {
    const k = indexAt(panel, mark);
    const cells = columns.map((c) => element("td", {}, k === null ? "–" : readingOf(panel, k, c)));
    return element("tr", {}, element("th", { scope: "row" }, panel.title), ...cells);
  });
  readout.replaceChildren(element("table", {}, element("caption", {}, where),
    element("thead", {}, head), element("tbody", {}, ...rows)), ...stepLine());
}

function stepLine() {
  const { step } = app.chosen;
  return step ? [element("p", { id: "step" }, stepWords(step))] : [];
}

// The values shown: loss and accuracy of the split, and the drawn quantity if it is neither.
function columnsOf(quantity) {
  const { beside } = quantity, of = (name) => app.data.quantities.find((q) => q.name === name);
  const pairs = [[beside.loss, beside.loss_stderr], [beside.accuracy, beside.accuracy_stderr]];
  if (![beside.loss, beside.accuracy].includes(quantity.name)) pairs.unshift([quantity.name]);
  if (beside.count && beside.count !== quantity.name) pairs.push([beside.count]);
  return pairs.filter(([name]) => name).map(([name, stderr]) => ({
    name, stderr, label: columnLabel(of(name)) + (stderr ? " ± standard error" : ""),
  }));
}

function columnLabel(quantity) {
  const plain = quantity.loss || quantity.accuracy || quantity.word !== "value";
  return plain ? wordOf(quantity) : quantity.name === quantity.beside.count ? "examples" : unitLabel(quantity);
}

function readingOf(panel, k, { name, stderr }) {
  const odd = (panel.notFinite[name] || []).find(([at]) => at === k);
  if (odd) return odd[1];
  const value = panel.values[name][k];
  if (value === null) return "not computed yet";
  const error = stderr ? panel.values[stderr][k] : null;
  return error === null ? short(value, 4) : withError(value, error);
}

// A 2-D view uses its own coordinates, so that holes can be pointed at too.
function wireFlat(plot, k) {
  const point = (event) => {
    const { xaxis, yaxis } = plot._fullLayout, box = plot.getBoundingClientRect();
    const panel = app.data.panels[k];
    const x = xaxis.p2d(event.clientX - box.left - xaxis._offset);
    const y = panel.y ? yaxis.p2d(event.clientY - box.top - yaxis._offset) : null;
    const step = stepAt(k, plot, event.clientX - box.left - xaxis._offset, event.clientY - box.top - yaxis._offset);
    if (step) {
      pointAtStep(step);
      return;
    }
    const index = indexAt(panel, { x, y });
    setMark(index === null ? null : placeOfIndex(panel, index));
  };
  plot.addEventListener("pointermove", point);
  plot.addEventListener("pointerdown", point);
  leaveMark(plot);
  plot.on("plotly_afterplot", placeCrosses);
  plot.addEventListener("keydown", (event) => {
    if (!moveMark(event, k) && !moveStep(event, k)) forgetMark(event);
  });
}

function leaveMark(plot) {
  plot.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") setMark(null);
  });
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

// Moves the mark by one sampled point; returns whether the key was handled.
function moveMark(event, k) {
  const step = ARROWS[event.key], panel = app.data.panels[k], { best, heights } = app.picture.panels[k];
  if (!step || event.ctrlKey || event.metaKey || event.altKey) return false;
  event.preventDefault();
  const nx = panel.x.length, ny = panel.y ? panel.y.length : 1;
  const from = indexAt(panel, app.chosen.mark);
  if (from === null) {
    setMark(placeOfIndex(panel, best === null ? Math.floor(heights.length / 2) : best));
    return true;
  }
  const i = Math.min(Math.max((from % nx) + step[0], 0), nx - 1);
  const j = Math.min(Math.max(Math.floor(from / nx) + step[1], 0), ny - 1);
  setMark(placeOfIndex(panel, j * nx + i));
  return true;
}

function forgetMark(event) {
  if (event.key === "Escape") setMark(null);
}
