// Scenes turn together, by pointer, wheel, touch and keyboard: there is one camera {around, up, zoom}.

const TURN = 5 * Math.PI / 180;
const TAP = 6; // pixels that a finger may slip

let webgl = null;

// Found out when a scene is asked for: it takes a large part of the time in which contours open.
function canDraw3d() {
  if (webgl === null) {
    const canvas = document.createElement("canvas"), gl = canvas.getContext("webgl2") || canvas.getContext("webgl");
    if (gl) loseContext(gl);
    webgl = Boolean(gl);
  }
  return webgl;
}

// The view that is shown where this one is wanted.
function drawable(view) {
  return view === "surface" && !canDraw3d() ? "contour" : view;
}

function firstCamera() {
  const [x, y, z] = app.data.initial.direction;
  return heldCamera({ around: Math.atan2(y, x), up: Math.asin(within(z, [-1, 1])), zoom: 1 });
}

let turning = null;

// Turns all scenes, as often as the browser draws.
function turnTo(camera) {
  app.camera = heldCamera(camera);
  turning = turning || new Promise(requestAnimationFrame).then(() => {
    turning = null;
    paintStills();
    app.panels.forEach((_, k) => showScene(k));
    tell("turned");
  });
  return turning;
}

function zoomBy(factor) {
  return turnTo({ ...app.camera, zoom: app.camera.zoom * factor });
}

const hands = new Map(); // the pointers that are down, by id

function wireScene(k) {
  const { above } = app.panels[k];
  above.addEventListener("pointerdown", (event) => {
    hands.set(event.pointerId, { x: event.clientX, y: event.clientY, from: [event.clientX, event.clientY], moved: false });
    above.setPointerCapture(event.pointerId);
    app.panels[k].plots.surface.focus({ preventScroll: true });
  });
  above.addEventListener("pointermove", (event) => {
    const hand = hands.get(event.pointerId);
    if (!hand) pointAtScene(k, event);
    else dragged(hand, event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    above.addEventListener(end, (event) => {
      const hand = hands.get(event.pointerId);
      hands.delete(event.pointerId);
      if (hand && !hand.moved && end === "pointerup") pointAtScene(k, event);
    });
  }
  above.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomBy(Math.exp(-within(event.deltaY * (event.deltaMode ? 30 : 1), [-200, 200]) / 500));
  }, { passive: false });
  above.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse" && !hands.size) setMark(null);
  });
  app.panels[k].stage.addEventListener("keydown", (event) => {
    if (app.chosen.view !== "surface") return;
    if (event.shiftKey && moveMark(event, k)) return;
    if (moveStep(event, k)) return;
    if (turnByKey(event)) event.preventDefault();
    else forgetMark(event);
  });
}

// One pointer turns, two zoom: half a turn across the canvas.
function dragged(hand, event) {
  const before = gap(), [dx, dy] = [event.clientX - hand.x, event.clientY - hand.y];
  if (Math.hypot(event.clientX - hand.from[0], event.clientY - hand.from[1]) > TAP) hand.moved = true;
  if (!hand.moved && event.pointerType !== "mouse") return;
  [hand.x, hand.y] = [event.clientX, event.clientY];
  if (hands.size > 1) {
    if (before > 0) zoomBy(gap() / before);
    return;
  }
  const { clientWidth: width } = event.currentTarget, turn = Math.PI / Math.max(width, 300);
  turnTo({ ...app.camera, around: app.camera.around - turn * dx, up: app.camera.up + turn * dy });
}

function gap() {
  const [a, b] = [...hands.values()];
  return b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
}

// Marks the sampled point, or the step of a path, that the pointer shows.
function pointAtScene(k, event) {
  const panel = app.panels[k], drawn = app.picture && app.picture.panels[k];
  if (!drawn || !panel.sight) return;
  const { left, top } = panel.stage.getBoundingClientRect(), pixel = [event.clientX - left, event.clientY - top];
  const step = app.chosen.trajectory ? stepNear(panel.sight, drawn, k, pixel) : null;
  if (step) {
    pointAtStep(step);
    return;
  }
  const place = placeUnder(panel.sight, drawn, app.picture, pixel), index = indexAt(drawn.panel, place);
  setMark(index === null ? null : placeOfIndex(drawn.panel, index));
}

function stepNear(view, drawn, k, [left, top]) {
  let found = null, nearest = REACH;
  for (const { panel, path, step, place, pixel } of stepsSeen(view, drawn, app.picture, k)) {
    const far = Math.hypot(pixel[0] - left, pixel[1] - top);
    if (far < nearest && !isHidden(view, drawn, app.picture, place)) [found, nearest] = [{ panel, path, step }, far];
  }
  return found;
}

function turnByKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const { around, up } = app.camera, arrow = ARROWS[event.key];
  if (arrow) turnTo({ ...app.camera, around: around + TURN * arrow[0], up: up + TURN * arrow[1] });
  else if (event.key === "+" || event.key === "=") zoomBy(1.1);
  else if (event.key === "-") zoomBy(1 / 1.1);
  else if (event.key === "Home") turnTo(firstCamera());
  else return false;
  return true;
}
