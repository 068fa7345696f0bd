// How a scene is seen: the camera that fits its canvas, and where on it a place of the box is.
// The box is one unit wide and BOX_HEIGHT tall, its middle at the origin.

const HALF_ANGLE = Math.PI / 8; // of plotly's view, up and down
const NEAREST = 0.95; // no corner of the box is farther from its middle
const LOWEST = 4 * Math.PI / 180, STEEPEST = 86 * Math.PI / 180;
const ZOOMS = [0.5, 8];

const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const within = (value, [low, high]) => Math.min(Math.max(value, low), high);

const CORNERS = [-0.5, 0.5].flatMap((x) => [-0.5, 0.5].flatMap((y) => [-0.5, 0.5].map((z) => [x, y, z * BOX_HEIGHT])));

// A camera {around, up, zoom} that shows the floor from above, and keeps the pole out of reach.
function heldCamera({ around, up, zoom }) {
  return { around: Math.atan2(Math.sin(around), Math.cos(around)), up: within(up, [LOWEST, STEEPEST]),
    zoom: within(zoom, ZOOMS) };
}

function axesOfView({ around, up }) {
  const back = [Math.cos(up) * Math.cos(around), Math.cos(up) * Math.sin(around), Math.sin(up)];
  const right = [-Math.sin(around), Math.cos(around), 0];
  return { back, right, above: cross(back, right) };
}

// How a canvas with room for text around the box sees it: at zoom 1 the box fills what is left.
function viewOf(camera, { width, height, room }) {
  const axes = axesOfView(camera), { back, right, above } = axes;
  const corners = CORNERS.map((p) => [dot(p, right), dot(p, above), dot(p, back)]);
  const size = height / 2 / Math.tan(HALF_ANGLE);
  const inside = [Math.max(width - room.left - room.right, 20), Math.max(height - room.top - room.bottom, 20)];
  const middle = [(room.left - room.right) / 2, (room.bottom - room.top) / 2];
  const from = (far) => {
    const shift = [0, 0], spread = [0, 0];
    for (let turn = 0; turn < 6; turn += 1) {
      for (const n of [0, 1]) {
        const seen = corners.map((c) => size * (c[n] - shift[n]) / (far - c[2]));
        const [low, high] = [Math.min(...seen), Math.max(...seen)];
        spread[n] = high - low;
        shift[n] += ((low + high) / 2 - middle[n]) * far / size;
      }
    }
    return { far, shift, fits: spread[0] <= inside[0] && spread[1] <= inside[1] };
  };
  let [near, far] = [NEAREST, 60];
  for (let turn = 0; turn < 22; turn += 1) {
    const half = Math.sqrt(near * far);
    if (from(half).fits) far = half;
    else near = half;
  }
  const { shift, far: distance } = from(Math.max(far / camera.zoom, NEAREST));
  const center = right.map((_, n) => shift[0] * right[n] + shift[1] * above[n]);
  const eye = center.map((c, n) => c + distance * back[n]);
  return { ...axes, eye, center, size, width, height };
}

function plotlyCamera({ eye, center }) {
  const named = ([x, y, z]) => ({ x, y, z });
  return { eye: named(eye), center: named(center), up: { x: 0, y: 0, z: 1 } };
}

// A place in the box as a pixel.
function pixelOf({ eye, back, right, above, size, width, height }, place) {
  const to = minus(place, eye), scale = size / -dot(to, back);
  return [width / 2 + scale * dot(to, right), height / 2 - scale * dot(to, above)];
}

// The place of the surface that a pixel shows, in the units of the axes; null where there is none.
function placeUnder(view, drawn, picture, [left, top]) {
  const { eye, back, right, above, size, width, height } = view;
  const along = right.map((_, n) => -size * back[n] + (left - width / 2) * right[n] + (height / 2 - top) * above[n]);
  const hit = firstCrossing(drawn, picture, eye, along.map((v) => v / size), Infinity);
  if (!hit) return null;
  const box = boxOf(drawn, picture);
  return { x: box.xOf(hit[0]), y: box.yOf(hit[1]) };
}

// Whether the surface hides a place on it, or anywhere in the box.
function isHidden(view, drawn, picture, place) {
  const to = minus(view.eye, place), far = Math.hypot(...to), step = 0.02 / far;
  const start = place.map((v, n) => v + step * to[n]);
  return firstCrossing(drawn, picture, start, to, 1) !== null;
}

// Where the ray from a place first passes through the surface, within the box.
function firstCrossing(drawn, picture, from, along, end) {
  const half = [0.5, 0.5, BOX_HEIGHT / 2 + 0.01];
  let [start, stop] = [0, end];
  for (const n of [0, 1, 2]) {
    if (Math.abs(along[n]) < 1e-12) {
      if (Math.abs(from[n]) > half[n]) return null;
      continue;
    }
    const [a, b] = [(-half[n] - from[n]) / along[n], (half[n] - from[n]) / along[n]];
    start = Math.max(start, Math.min(a, b));
    stop = Math.min(stop, Math.max(a, b));
  }
  if (!(stop > start)) return null;
  const box = boxOf(drawn, picture), at = (t) => from.map((v, n) => v + t * along[n]);
  const over = (t) => {
    const [x, y, z] = at(t), h = heightAt(drawn, box.xOf(x), box.yOf(y));
    return h === null ? null : z - box.upOf(h);
  };
  const steps = Math.ceil((stop - start) * Math.hypot(...along) / 0.006) + 1;
  let before = null, last = start;
  for (let k = 0; k <= steps; k += 1) {
    // A little inside: at the edges of the box rounding would find no surface.
    const t = start + (stop - start) * within(k / steps, [1e-6, 1 - 1e-6]), now = over(t);
    if (now !== null && before !== null && (now < 0) !== (before < 0)) return at((last + t) / 2);
    [before, last] = [now, t];
  }
  return null;
}

// Between the axes' units and the box.
function boxOf(drawn, picture) {
  const { x, y } = drawn.panel, { scale } = picture;
  const unit = (axis) => {
    const low = axis[0], wide = axis[axis.length - 1] - low;
    return [(v) => (v - low) / wide - 0.5, (u) => low + (u + 0.5) * wide];
  };
  const [[acrossOf, xOf], [alongOf, yOf]] = [unit(x), unit(y)];
  const upOf = (h) => BOX_HEIGHT * ((h - scale.bottom) / (scale.top - scale.bottom) - 0.5);
  return { acrossOf, alongOf, upOf, xOf, yOf };
}
