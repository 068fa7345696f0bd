// Scenes that turn together: by pointer, where plotly turns one, and by keyboard.

const TURN = 5 * Math.PI / 180;
const STEEPEST = 89 * Math.PI / 180;

const canDraw3d = (() => {
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl2") || canvas.getContext("webgl");
  if (gl) loseContext(gl);
  return Boolean(gl);
})();

function firstCamera() {
  return startCamera(app.data, app.chosen.narrow);
}

let followed = null, following = false;

// Turns all scenes except the one that has already turned.
async function follow(source, camera) {
  app.camera = camera;
  followed = source;
  if (following) return;
  following = true;
  try {
    let turned;
    do {
      turned = app.camera;
      paintStills();
      const others = app.panels.map((p) => p.plots.surface).filter((p) => p !== followed && p._fullLayout);
      await Promise.all(others.map((p) => Plotly.relayout(p, { "scene.camera": turned })));
    } while (turned !== app.camera);
  } finally {
    following = false;
  }
}

function turnTo(camera) {
  return follow(null, camera);
}

function wireScene(plot, k) {
  const turned = (event) => {
    const camera = event && event["scene.camera"];
    if (camera && !(following && plot !== followed)) follow(plot, camera);
  };
  plot.on("plotly_relayouting", turned);
  plot.on("plotly_relayout", turned);
  plot.on("plotly_hover", (event) => {
    const { x, y, curveNumber, pointNumber } = event.points[0], panel = app.data.panels[k];
    if (curveNumber === OVERLAY_TRACE) {
      const overlay = overlayOf(app.picture, app.picture.panels[k], app.chosen, inks());
      const step = overlay.steps[pointNumber];
      if (step) pointAtStep(step);
      return;
    }
    const index = indexAt(panel, { x, y });
    if (index !== null) setMark(placeOfIndex(panel, index));
  });
  plot.addEventListener("pointerdown", () => { held = true; }, true);
  leaveMark(plot);
  plot.addEventListener("keydown", (event) => {
    if (event.shiftKey && moveMark(event, k)) return;
    if (moveStep(event, k)) return;
    if (turnByKey(event)) event.preventDefault();
    else forgetMark(event);
  });
}

// A scene released in motion comes to rest some frames later, without an event from plotly.
const RESTING_FRAMES = 12;

function followToRest(plot) {
  let still = 0;
  const look = () => {
    const scene = plot._fullLayout && plot._fullLayout.scene && plot._fullLayout.scene._scene;
    if (held || !scene || followed !== plot) return;
    const camera = scene.getCamera(), { eye } = app.camera;
    const off = Math.hypot(camera.eye.x - eye.x, camera.eye.y - eye.y, camera.eye.z - eye.z);
    still = off < 1e-9 ? still + 1 : 0;
    if (still >= RESTING_FRAMES) return;
    if (!still) follow(plot, camera);
    requestAnimationFrame(look);
  };
  look();
}

for (const end of ["pointerup", "pointercancel"]) {
  window.addEventListener(end, () => {
    const plot = held ? followed : null;
    if (plot) requestAnimationFrame(() => followToRest(plot));
    held = false;
  }, true);
}

function turnByKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const { eye } = app.camera;
  let far = Math.hypot(eye.x, eye.y, eye.z);
  let around = Math.atan2(eye.y, eye.x), up = Math.asin(eye.z / far);
  if (event.key in ARROWS) {
    around += TURN * ARROWS[event.key][0];
    up = Math.min(Math.max(up + TURN * ARROWS[event.key][1], -STEEPEST), STEEPEST);
  } else if (event.key === "+" || event.key === "=") far /= 1.1;
  else if (event.key === "-") far *= 1.1;
  else if (event.key === "Home") {
    turnTo(firstCamera());
    return true;
  } else return false;
  const level = far * Math.cos(up);
  turnTo({ ...app.camera, up: { x: 0, y: 0, z: 1 },
    eye: { x: level * Math.cos(around), y: level * Math.sin(around), z: far * Math.sin(up) } });
  return true;
}
