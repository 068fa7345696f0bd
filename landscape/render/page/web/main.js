// Draws what is chosen, as often as it changes and no oftener than the browser keeps up with.

let drawing = null, again = false, stale = false;

function draw() {
  stale = true;
  return work();
}

// Draws all that is near anew if something was chosen, and what has come near.
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
  paintStills();
  for (const k of wanted) await drawPanel(k);
}

// New data: the reader's choices stay, as far as they still mean something.
function update(data) {
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
    chosen.narrow = window.innerWidth < 640 || data.layout === "gallery";
    chosen.view = data.initial.view === "surface" && !canDraw3d ? "contour" : data.initial.view;
    app.camera = firstCamera();
    document.body.classList.toggle("gallery", data.layout === "gallery");
    buildPanels();
    showContents();
    showHint();
  }
  return draw();
}

// Of a gallery, links to its surfaces.
function showContents() {
  const { panels, layout } = app.data, contents = byId("contents");
  contents.hidden = layout !== "gallery";
  contents.querySelector("ol").replaceChildren(...(contents.hidden ? [] : panels.map((panel, k) =>
    element("li", {}, element("a", { href: "#title-" + k }, panel.title)))));
}

function showHint() {
  const keys = {
    plane: "3-D: drag to turn, scroll or pinch to zoom; with the keyboard, arrow keys turn the scene that "
      + "has the focus, + and − zoom, Home resets, Shift with arrows moves the mark. Contours: arrow keys "
      + "move the mark. Escape removes it. Between the sampled points, surfaces and shades are straight.",
    line: "Point at a curve for its values; with the keyboard, arrow keys move the mark.",
  };
  byId("hint").hidden = false;
  const paths = app.data.panels.some((p) => p.trajectories.length)
    ? " Comma and full stop go along a path." : "";
  byId("hint").textContent = keys[app.data.kind] + paths
    + (canDraw3d ? "" : " This browser has no WebGL, which the 3-D view needs.");
}

// Of a surface that is still being sampled, how far it is; nothing on a page that was saved.
function showProgress(data) {
  byId("live").hidden = !data.live;
  if (!data.live) return;
  const { done, total, words } = data.live;
  byId("live-words").textContent = words;
  byId("progress").hidden = !total;
  byId("progress").max = total || 1;
  byId("progress").value = done;
}

// For tests, and for whoever feeds the page from elsewhere.
window.landscape = {
  update,
  state: () => ({
    ...app.chosen,
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
    busy: Boolean(drawing || marking || following || (app.picture && nextMissing() !== undefined)),
  }),
  settled: () => Promise.resolve(drawing).then(() => undefined),
  short,
};

wireControls();
for (const moved of ["scroll", "resize"]) window.addEventListener(moved, lookAround, { passive: true });
window.addEventListener("resize", thinMarks);
window.addEventListener("beforeprint", () => app.panels.forEach((panel, k) => paintStill(k, panel)));
applyTheme();
update(JSON.parse(byId("panels-data").textContent));
