// What stands on a surface: stems with heads, paths as tubes. Drawn above the scene, so that no mark
// changes its light; what the surface hides is dashed and thin.

const PINK = "#ff2d78";
const LETTERS = "ABCDEFGH";
const STEM = 0.07; // of the box's width
const PIECE = 0.015;

function scenePlace(drawn, picture, x, y) {
  const h = heightAt(drawn, x, y), box = boxOf(drawn, picture);
  return h === null ? null : [box.acrossOf(x), box.alongOf(y), box.upOf(h)];
}

// A head on a stem that stands where the surface is, as long as it takes for the head to be seen.
function stem(view, drawn, picture, place, { fill, edge, radius = 5.5, words = "", ink }) {
  const hidden = isHidden(view, drawn, picture, place), above = (by) => [place[0], place[1], place[2] + by];
  let length = STEM;
  while (length < 1 && isHidden(view, drawn, picture, above(length))) length += STEM / 2;
  const top = above(length);
  const [foot, head] = [place, top].map((p) => pixelOf(view, p));
  const around = edge === "#fff" ? "#000" : "#fff", dash = hidden ? { "stroke-dasharray": "3 3" } : {};
  const parts = [
    line([foot, head], { stroke: around, "stroke-width": 4, ...dash }),
    line([foot, head], { stroke: edge, "stroke-width": 2, ...dash }),
    ...(hidden ? [] : [shape("circle", { cx: foot[0], cy: foot[1], r: 2, fill: edge })]),
    shape("circle", { cx: head[0], cy: head[1], r: radius, fill, stroke: edge, "stroke-width": 1.75 }),
  ];
  if (words) {
    parts.push(shape("text", { x: head[0], y: head[1] + 4, fill: edge, "font-size": 11, "font-weight": "700",
      "font-family": ink.font.family, "text-anchor": "middle" }, words));
  }
  return parts;
}

function tubes(view, drawn, picture, path, n) {
  const off = offSteps(path), colour = pathColour(n), parts = [];
  let run = null;
  const finish = () => { if (run && run.places.length > 1) parts.push(...tube(run, colour)); };
  const box = boxOf(drawn, picture);
  for (let k = 0; k + 1 < path.x.length; k += 1) {
    const ends = [k, k + 1].map((m) => [path.x[m], path.y[m]]), untrue = off.has(k) || off.has(k + 1);
    const long = Math.hypot(box.acrossOf(ends[1][0]) - box.acrossOf(ends[0][0]), box.alongOf(ends[1][1]) - box.alongOf(ends[0][1]));
    const pieces = within(Math.ceil(long / PIECE), [1, 40]);
    for (let p = run ? 1 : 0; p <= pieces; p += 1) {
      const place = scenePlace(drawn, picture, ...ends[0].map((v, m) => v + (ends[1][m] - v) * p / pieces));
      if (!place) {
        finish();
        run = null;
        continue;
      }
      const hidden = isHidden(view, drawn, picture, place), pixel = pixelOf(view, place);
      if (!run || run.hidden !== hidden || run.untrue !== untrue) {
        const joint = run ? [run.places[run.places.length - 1]] : [];
        finish();
        run = { hidden, untrue, places: joint };
      }
      run.places.push(pixel);
    }
  }
  finish();
  return parts;
}

// A tube is a dark edge, its colour and a light along it; hollow where the plane is not true to the path.
function tube({ hidden, untrue, places }, colour) {
  if (hidden) return [line(places, { stroke: colour, "stroke-width": 1.75, "stroke-dasharray": "4 4", "stroke-linecap": "butt" })];
  const layers = untrue ? [[5, "#000"], [4, colour], [2, "#fff"]] : [[5, "#000"], [4, colour]];
  const parts = layers.map(([width, stroke]) => line(places, { stroke, "stroke-width": width }));
  if (!untrue) parts.push(line(places, { stroke: "#fff", "stroke-width": 1, "stroke-opacity": 0.6 }));
  return parts;
}

// The steps of a panel's paths as pixels; drawn are those not too near to the one before.
function stepsSeen(view, drawn, picture, k) {
  return drawn.panel.trajectories.flatMap((path, n) => path.x.flatMap((x, step) => {
    const place = scenePlace(drawn, picture, x, path.y[step]);
    return place ? [{ panel: k, path: n, step, place, pixel: pixelOf(view, place) }] : [];
  }));
}

function stepDots(view, drawn, picture, k) {
  const dots = [];
  let last = null;
  for (const { path: n, step, place, pixel } of stepsSeen(view, drawn, picture, k)) {
    const path = drawn.panel.trajectories[n], end = step === 0 || step === path.x.length - 1;
    const near = last && last.n === n && Math.hypot(pixel[0] - last.pixel[0], pixel[1] - last.pixel[1]) < 6;
    if ((near && !end) || isHidden(view, drawn, picture, place)) continue;
    last = { n, pixel };
    const hollow = path.off.includes(step), colour = pathColour(n);
    const ink = { fill: hollow ? "#fff" : colour, stroke: hollow ? colour : "#000", "stroke-width": hollow ? 2 : 1 };
    dots.push(end ? endMark(pixel, step === 0, ink) : shape("circle", { cx: pixel[0], cy: pixel[1], r: 3, ...ink }));
  }
  return dots;
}

// A square where a path starts, a diamond where it ends.
function endMark([x, y], start, ink) {
  const corners = start ? [[-4, -4], [4, -4], [4, 4], [-4, 4]] : [[0, -6], [6, 0], [0, 6], [-6, 0]];
  return line([...corners, corners[0]].map(([a, b]) => [x + a, y + b]), { ...ink, class: start ? "start" : "end" });
}

// All that is marked in a scene, but for what is pointed at.
function sceneMarks(view, drawn, picture, chosen, ink, k) {
  const { panel } = drawn, box = boxOf(drawn, picture), parts = [];
  const place = (x, y) => scenePlace(drawn, picture, x, y);
  for (const [at] of drawn.odd) {
    const [x, y] = placeAt(panel, at), [px, py] = pixelOf(view, [box.acrossOf(x), box.alongOf(y), -BOX_HEIGHT / 2]);
    for (const tilt of [1, -1]) parts.push(line([[px - 3.5, py - 3.5 * tilt], [px + 3.5, py + 3.5 * tilt]], { stroke: ink.ink, "stroke-width": 1.5 }));
  }
  if (chosen.trajectory) {
    panel.trajectories.forEach((path, n) => parts.push(...tubes(view, drawn, picture, path, n)));
    parts.push(...stepDots(view, drawn, picture, k));
  }
  const stand = (at, look) => { if (at) parts.push(...stem(view, drawn, picture, at, { ink, ...look })); };
  if (drawn.best !== null) {
    const [x, y] = placeAt(panel, drawn.best);
    stand([box.acrossOf(x), box.alongOf(y), box.upOf(drawn.heights[drawn.best])], { fill: "#fff", edge: "#000" });
  }
  panel.solutions.forEach((s, n) => stand(place(s.x, s.y), { fill: "#000", edge: "#fff", radius: 8, words: LETTERS[n] }));
  return parts;
}

function pointedMarks(view, drawn, picture, chosen, ink, k) {
  const { panel } = drawn, box = boxOf(drawn, picture), at = indexAt(panel, chosen.mark), parts = [];
  if (at !== null && drawn.heights[at] !== null) {
    const place = [...floorPlace(box, panel, at), box.upOf(drawn.heights[at])];
    parts.push(...stem(view, drawn, picture, place, { fill: PINK, edge: "#fff", ink }));
  }
  if (chosen.step && chosen.step.panel === k) {
    const { x, y } = placeOfStep(chosen.step), place = scenePlace(drawn, picture, x, y);
    if (place) parts.push(...stem(view, drawn, picture, place, { fill: "#fff", edge: PINK, ink }));
  }
  return parts;
}

function floorPlace(box, panel, k) {
  const [x, y] = placeAt(panel, k);
  return [box.acrossOf(x), box.alongOf(y)];
}

function placeAt(panel, k) {
  const nx = panel.x.length;
  return [panel.x[k % nx], panel.y[Math.floor(k / nx)]];
}
