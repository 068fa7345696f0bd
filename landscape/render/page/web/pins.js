// Pinned points: a click keeps the point under the pointer, Enter the one that is marked.

const NEAR = 5; // pixels that a click may move

app.pins = [];

function pin(place) {
  if (!place || app.pins.some((p) => p.x === place.x && p.y === place.y)) return;
  app.pins.push({ x: place.x, y: place.y });
  tell("changed");
}

function unpin(n) {
  app.pins.splice(n, 1);
  tell("changed");
}

// The distance in weight space from the origin of the axes, the trained network; null if unknown.
function distanceTo(panel, { x, y }) {
  const { gram, fixed } = panel;
  if (!gram) return null;
  const place = gram.length === 1 ? [x] : panel.y ? [x, y] : panel.axis === "y" ? [fixed, x] : [x, fixed];
  return Math.sqrt(place.reduce((sum, a, i) => sum + place.reduce((s, b, j) => s + a * gram[i][j] * b, 0), 0));
}

const pinned = finding("pins", "Pinned points", () => { app.pins = []; tell("changed"); },
  element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Table of pinned points" }, element("table")),
  element("p", { class: "small" }, "Distance from the origin of the axes, in weight space; per parameter: divided by the square root "
    + "of their number. ± one standard error."));

function showPins() {
  pinned.hidden = !app.pins.length;
  if (pinned.hidden || !app.picture) return;
  const { data } = app, columns = columnsOf(app.picture.quantity);
  const heads = ["point", "network", ...columns.map((c) => c.label), "distance", "per parameter"];
  const cell = (text) => element("td", {}, text);
  const rows = app.pins.flatMap((place, n) => data.panels.map((panel, k) => {
    const index = indexAt(panel, place), far = distanceTo(panel, place);
    const own = columns.map((c) => cell(index === null ? "–" : readingOf(panel, index, c)));
    const each = far !== null && panel.parameters ? short(far / Math.sqrt(panel.parameters), 3) : "–";
    const row = element("tr", {}, ...(k ? [] : [pinHead(place, n)]), element("th", { scope: "row" }, panel.title), ...own,
      cell(far === null ? "–" : short(far, 4)), cell(each));
    return row;
  }));
  pinned.querySelector("table").replaceChildren(
    element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, ...rows));
}

function pinHead(place, n) {
  const where = app.data.kind === "plane" ? `x = ${short(place.x)}, y = ${short(place.y)}` : `${app.data.panels[0].axis} = ${short(place.x)}`;
  const remove = element("button", { type: "button", class: "small", "aria-label": `Remove point ${n + 1}` }, "×");
  remove.addEventListener("click", () => unpin(n));
  return element("th", { scope: "rowgroup", rowspan: String(app.data.panels.length) },
    element("b", {}, String(n + 1)), ` ${where} `, remove);
}

function wirePins({ stage }) {
  let from = null;
  stage.addEventListener("pointerdown", (event) => { from = [event.clientX, event.clientY]; }, true);
  stage.addEventListener("click", (event) => {
    if (from && Math.hypot(event.clientX - from[0], event.clientY - from[1]) <= NEAR && !app.cutting) pin(app.chosen.mark);
  });
  stage.addEventListener("keydown", (event) => {
    if (event.key === "Enter") pin(app.chosen.mark);
    else if (event.key === "Backspace" && app.pins.length) unpin(app.pins.length - 1);
    else return;
    event.preventDefault();
  });
}

tools.push({
  drawn: showPins,
  changed() { showPins(); drawLayers(); },
  layer: (k, to) => app.pins.flatMap((place, n) => {
    const at = indexAt(app.data.panels[k], place) === null ? null : to(place.x, place.y);
    return at ? [shape("g", { class: "pin", transform: `translate(${at[0].toFixed(1)} ${at[1].toFixed(1)})` },
      shape("path", { d: "M0 0L-7 -14A9 9 0 1 1 7 -14Z" }), shape("text", { y: "-16" }, String(n + 1)))] : [];
  }),
  built() { app.panels.forEach(wirePins); },
  write(put) {
    if (app.pins.length) put("pins", app.pins.map(({ x, y }) => (y === null ? x : `${x},${y}`)).join(";"));
  },
  read(get) {
    app.pins = (get("pins") || "").split(";").filter(Boolean).map((text) => text.split(",").map(Number))
      .filter((place) => place.every(Number.isFinite)).map(([x, y = null]) => ({ x, y }));
  },
});
