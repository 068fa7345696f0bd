// Which panels are drawn: those near the view. A browser keeps some 16 WebGL contexts, a phone fewer,
// and each scene takes one.

const MOST_DRAWN = 8;
const REST_MS = 150;

// Panels in view or within a quarter of a screen of it, the nearest to the middle first; all, where they are
// few. The focused panel is always kept.
function wantedPanels() {
  const { panels } = app;
  if (panels.length <= MOST_DRAWN) return panels.map((_, k) => k);
  const screen = window.innerHeight;
  const places = panels.map((panel, k) => {
    const { top, bottom } = panel.stage.getBoundingClientRect();
    const held = panel.figure.contains(document.activeElement);
    const far = held ? -1 : Math.abs((top + bottom - screen) / 2);
    return { k, far, near: held || (bottom > -screen / 4 && top < 1.25 * screen) };
  });
  return places.filter((p) => p.near).sort((a, b) => a.far - b.far).slice(0, MOST_DRAWN).map((p) => p.k);
}

function drawnPanels() {
  return app.panels.flatMap((panel, k) => (Object.values(panel.shown).some(Boolean) ? [k] : []));
}

function nextMissing() {
  return wantedPanels().find((k) => !app.panels[k].shown[app.chosen.view]);
}

// Draws nearby panels that are missing, releasing those far away.
async function drawNear() {
  let k;
  while ((k = nextMissing()) !== undefined) {
    const wanted = wantedPanels(), drawn = drawnPanels();
    if (!drawn.includes(k) && drawn.length >= MOST_DRAWN) release(drawn.find((other) => !wanted.includes(other)));
    await drawPanel(k);
  }
}

// Releases the plots of a panel, and their WebGL contexts immediately, not at the next garbage collection.
function release(k) {
  const panel = app.panels[k];
  for (const [view, plot] of Object.entries(panel.plots)) {
    if (!panel.shown[view]) continue;
    const scene = sceneOf(plot), gl = scene && scene.glplot && scene.glplot.gl;
    Plotly.purge(plot);
    if (gl) loseContext(gl);
    panel.plots[view] = plot.cloneNode(false);
    plot.replaceWith(panel.plots[view]);
    panel.shown[view] = false;
  }
}

function loseContext(gl) {
  const extension = gl.getExtension("WEBGL_lose_context");
  if (extension) extension.loseContext();
}

// While the page scrolls it shows stills; scenes are drawn when it stops.
let resting = null;

function lookAround() {
  if (!app.picture || app.panels.length <= MOST_DRAWN) return;
  paintStills();
  clearTimeout(resting);
  resting = setTimeout(() => { if (nextMissing() !== undefined) work(); }, REST_MS);
}
