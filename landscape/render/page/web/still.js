// A surface without WebGL, shown until plotly draws it and for printing: cells painted from the
// farthest to the nearest, seen by the camera that all scenes share.

const MOST_CELLS = 50;

function paintStills() {
  for (const [k, panel] of app.panels.entries()) {
    const { top, bottom } = panel.stage.getBoundingClientRect();
    if (bottom > -window.innerHeight && top < 2 * window.innerHeight) paintStill(k, panel);
  }
}

function paintStill(k, panel) {
  panel.still.hidden = app.chosen.view !== "surface" || Boolean(panel.shown.surface);
  const { picture, camera } = app, { still } = panel;
  const now = [picture, camera, still.clientWidth, still.clientHeight];
  if (still.hidden || (panel.painted && now.every((part, n) => part === panel.painted[n]))) return;
  panel.painted = now;
  const density = window.devicePixelRatio || 1, pen = still.getContext("2d");
  [still.width, still.height] = [density * still.clientWidth, density * still.clientHeight];
  const view = sceneView({ width: still.clientWidth, height: still.clientHeight });
  const see = (place) => pixelOf(view, place).map((v) => density * v);
  const drawn = picture.panels[k], { scale } = picture, box = boxOf(drawn, picture);
  const [columns, rows] = [drawn.panel.x, drawn.panel.y].map(everySo);
  const across = drawn.panel.x.map(box.acrossOf), along = drawn.panel.y.map(box.alongOf);
  for (const [j, after] of fromFar(rows, along, view.eye[1])) {
    for (const [i, next] of fromFar(columns, across, view.eye[0])) {
      const corners = [[j, i], [j, next], [after, next], [after, i]];
      const heights = corners.map(([b, a]) => drawn.rows[b][a]);
      if (heights.includes(null)) continue;
      const places = corners.map(([b, a], n) => [across[a], along[b], box.upOf(heights[n])]);
      const middle = heights.reduce((sum, h) => sum + h, 0) / 4;
      paintCell(pen, places.map(see), shaded(view, picture, (middle - scale.bottom) / (scale.top - scale.bottom), places));
    }
  }
}

function everySo(axis) {
  const step = Math.ceil((axis.length - 1) / MOST_CELLS), last = axis.length - 1;
  const kept = axis.map((_, k) => k).filter((k) => k % step === 0);
  return kept[kept.length - 1] === last ? kept : [...kept, last];
}

// Neighbours along an axis, those farthest from the eye first: nearer cells hide them.
function fromFar(kept, places, eye) {
  const pairs = kept.slice(1).map((k, n) => [kept[n], k]);
  const far = ([a, b]) => Math.abs((places[a] + places[b]) / 2 - eye);
  return pairs.sort((a, b) => far(b) - far(a));
}

function shaded({ back }, picture, part, [a, b, c, d]) {
  const slopes = [(b[2] + c[2] - a[2] - d[2]) / 2 / (b[0] - a[0]), (d[2] + c[2] - a[2] - b[2]) / 2 / (d[1] - a[1])];
  const facing = Math.abs(back[2] - slopes[0] * back[0] - slopes[1] * back[1]) / Math.hypot(1, ...slopes);
  const light = 0.65 + 0.35 * facing;
  return `rgb(${colourAt(picture.colours, part).map((v) => Math.round(v * light)).join(",")})`;
}

function paintCell(pen, places, colour) {
  pen.beginPath();
  places.forEach(([x, y], n) => (n ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
  pen.fillStyle = pen.strokeStyle = colour;
  pen.fill();
  pen.stroke(); // otherwise the background would show between cells
}
