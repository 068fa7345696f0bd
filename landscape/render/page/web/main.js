// Redraws when the choices change, at most as often as the browser can keep up.

let drawing = null, again = false, stale = false;

function draw() {
  stale = true;
  return work();
}

// Redraws all nearby panels if a choice changed, and draws those newly in view.
function work() {
  if (drawing) {
    again = true;
    return drawing;
  }
  drawing = new Promise((done) => requestAnimationFrame(done)).then(async () => {
    do {
      again = false;
      if (stale) await drawNow();
      await drawNear();
    } while (again || stale);
    placeCrosses();
  }).finally(() => { drawing = null; });
  return drawing;
}

async function drawNow() {
  stale = false;
  applyTheme();
  if (!app.data.panels.length) return;
  app.picture = pictureOf(app.data, app.chosen);
  showControls();
  app.panels.forEach((_, k) => showPanel(k));
  showReadout();
  const wanted = wantedPanels();
  drawnPanels().filter((k) => !wanted.includes(k)).forEach(release);
  if (app.panels.length > MOST_DRAWN) paintStills();
  app.panels.forEach((_, k) => { if (!wanted.includes(k)) showScene(k); });
  for (const k of wanted) await drawPanel(k);
  tell("drawn");
}

// New data: the reader's choices are kept where they still apply.
function update(given) {
  app.given = given;
  if (given.panels.length && !app.arrangement.how) readAddress();
  return show(arranged(given));
}

function show(data) {
  const before = app.data, { chosen } = app;
  app.data = data;
  byId("heading").textContent = data.heading;
  showProgress(data);
  if (!data.panels.length) {
    byId("panels").replaceChildren(element("p", {}, data.message || "Nothing to draw yet."));
    return draw();
  }
  const known = data.quantities.some((q) => q.name === chosen.quantity);
  if (!known) chosen.quantity = data.initial.quantity;
  const fresh = !before || before.kind !== data.kind || before.panels.length !== data.panels.length;
  chosen.step = null;
  if (fresh) {
    if (!chosen.view || before.kind !== data.kind) {
      chosen.view = data.initial.view;
      app.camera = firstCamera();
      readView();
    }
    document.body.classList.toggle("gallery", data.layout === "gallery");
    buildPanels();
    tell("built");
    showContents();
    showHint();
  }
  return draw();
}

// Links to the surfaces of a gallery.
function showContents() {
  const { panels, layout } = app.data, contents = byId("contents");
  contents.hidden = layout !== "gallery";
  contents.querySelector("ol").replaceChildren(...(contents.hidden ? [] : panels.map((panel, k) =>
    element("li", {}, element("a", { href: "#title-" + k }, panel.title)))));
}

function showHint() {
  const keys = {
    plane: "3-D: drag to turn, scroll or pinch to zoom; point or tap for values. Keyboard: arrow keys turn the focused scene, + and − "
      + "zoom, Home resets, Shift+arrow moves the mark. Contours: arrow keys move the mark. Escape removes "
      + "it. Surfaces and shades are smooth between sampled points.",
    line: "Hover over a curve for its values. Keyboard: arrow keys move the mark.",
  };
  byId("hint").hidden = false;
  const paths = app.data.panels.some((p) => p.trajectories.length)
    ? " Comma and period step along a path." : "";
  byId("hint").textContent = keys[app.data.kind] + paths
    + (webgl !== false ? "" : " The 3-D view needs WebGL, which this browser lacks.");
}

// The progress of a surface that is still being sampled; hidden on a saved page.
function showProgress(data) {
  byId("live").hidden = !data.live;
  if (!data.live) return;
  const { done, total, words } = data.live;
  byId("live-words").textContent = words;
  byId("progress").hidden = !total;
  byId("progress").max = total || 1;
  byId("progress").value = done;
}

// For tests, and for code that feeds data to the page.
window.landscape = {
  update,
  state: () => ({
    ...app.chosen,
    pins: app.pins,
    cut: app.cut,
    arrangement: app.arrangement,
    span: app.picture && app.picture.span,
    theme: themeName(),
    camera: app.camera,
    kind: app.picture && app.picture.scale.kind,
    low: app.picture && app.picture.scale.low,
    high: app.picture && app.picture.scale.high,
    limit: app.picture && app.picture.limit,
    ticks: app.picture && ticksOf(app.picture, 8),
    notes: app.picture && app.picture.panels.map((p) => p.notes),
    heights: app.picture && app.picture.panels.map((p) => p.rows),
    drawn: drawnPanels(),
    busy: Boolean(drawing || marking || turning || (app.picture && nextMissing() !== undefined)),
  }),
  settled: () => Promise.resolve(drawing).then(() => undefined),
  short,
  withError,
  refined,
};

wireControls();
for (const moved of ["scroll", "resize"]) window.addEventListener(moved, lookAround, { passive: true });
window.addEventListener("resize", () => {
  thinMarks();
  if (app.picture) draw();
});
window.addEventListener("beforeprint", () => app.panels.forEach((panel, k) => paintStill(k, panel)));
applyTheme();
byId("unfinished").remove();

// The data and plotly.js come after this script: what can be said without them is said if they are damaged.
document.addEventListener("DOMContentLoaded", () => {
  const data = readData();
  if (data) Promise.resolve().then(() => update(data)).catch((error) => sayDamaged(`It cannot be drawn (${error.message}).`));
});
