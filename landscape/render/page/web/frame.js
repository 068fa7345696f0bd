// The box around a surface: floor and far walls behind it; ticks, numerals and titles at the edges
// that face the reader. All text stays on the canvas.

const TEXT = 12, TICK = 5, GAP = 4;

// What text needs around the box.
function roomOf({ width }, picture) {
  const marks = heightTicks(picture).map((t) => textWidth(short(t), TEXT));
  const side = Math.max(...marks, 18) + TICK + GAP + 4, tight = width < 420;
  return { left: side, right: tight ? 10 : 22, top: 2 * TEXT + 2, bottom: 46 };
}

function heightTicks(picture) {
  const { scale } = picture;
  return ticksOf(picture, 6).filter((t) => t >= scale.low && t <= scale.high);
}

// Behind the surface: the floor and the two far walls with their grid.
function walls(view, drawn, picture, ink) {
  const box = boxOf(drawn, picture), [bx, by] = farSides(view), low = -BOX_HEIGHT / 2, high = BOX_HEIGHT / 2;
  const xs = innerTicks(drawn.panel.x).map(box.acrossOf), ys = innerTicks(drawn.panel.y).map(box.alongOf);
  const zs = heightTicks(picture).map((t) => box.upOf(picture.scale.height(t)));
  const see = (place) => pixelOf(view, place);
  const faint = { stroke: ink.line, "stroke-width": 1 }, edge = { stroke: ink.soft, "stroke-width": 1 };
  const sides = [
    [[-0.5, -0.5, low], [0.5, -0.5, low], [0.5, 0.5, low], [-0.5, 0.5, low]],
    [[bx, -0.5, low], [bx, 0.5, low], [bx, 0.5, high], [bx, -0.5, high]],
    [[-0.5, by, low], [0.5, by, low], [0.5, by, high], [-0.5, by, high]],
  ];
  const lines = [
    ...xs.flatMap((x) => [[[x, -0.5, low], [x, 0.5, low]], [[x, by, low], [x, by, high]]]),
    ...ys.flatMap((y) => [[[-0.5, y, low], [0.5, y, low]], [[bx, y, low], [bx, y, high]]]),
    ...zs.flatMap((z) => [[[bx, -0.5, z], [bx, 0.5, z]], [[-0.5, by, z], [0.5, by, z]]]),
  ];
  return [...lines.map((places) => line(places.map(see), faint)),
    ...sides.map((places) => line([...places, places[0]].map(see), edge))];
}

// The sides of the box away from the reader: x and y.
function farSides({ back }) {
  return [back[0] > 0 ? -0.5 : 0.5, back[1] > 0 ? -0.5 : 0.5];
}

// Before the surface: numerals and titles along the two near edges of the floor and the left edge.
function axesText(view, drawn, picture, ink, labels) {
  const box = boxOf(drawn, picture), [bx, by] = farSides(view), low = -BOX_HEIGHT / 2;
  const { panel } = drawn, marks = [];
  const edges = [
    { at: (u) => [u, -by, low], away: [0, -by, 0], ticks: innerTicks(panel.x), unit: box.acrossOf, names: panel.names.x.slice(1) },
    { at: (u) => [-bx, u, low], away: [-bx, 0, 0], ticks: innerTicks(panel.y), unit: box.alongOf, names: panel.names.y.slice(1) },
  ];
  heightText(view, box, picture, [bx, by], ink, labels, marks);
  const written = edges.map((edge) => edgeText(view, edge, ink, labels, marks));
  titles(view, edges, written, labels);
  return marks;
}

function edgeText(view, { at, away, ticks, unit }, ink, labels, marks) {
  const [a, b] = [pixelOf(view, at(-0.5)), pixelOf(view, at(0.5))];
  const middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  let out = [b[1] - a[1], a[0] - b[0]];
  const floor = pixelOf(view, [0, 0, -BOX_HEIGHT / 2]);
  if (out[0] * (middle[0] - floor[0]) + out[1] * (middle[1] - floor[1]) < 0) out = out.map((v) => -v);
  const long = Math.hypot(...out) || 1;
  out = out.map((v) => v / long);
  let deep = 0;
  for (const tick of ticks) {
    const [x, y] = pixelOf(view, at(unit(tick))), words = short(tick);
    // The words clear the edge in its own direction: half their width counts as far as it leans.
    const far = TICK + GAP + Math.abs(out[0]) * textWidth(words, TEXT) / 2 + Math.abs(out[1]) * TEXT / 2;
    marks.push(line([[x, y], [x + TICK * out[0], y + TICK * out[1]]], { stroke: ink.soft, "stroke-width": 1 }));
    if (labels.put(words, x + far * out[0], y + far * out[1])) deep = Math.max(deep, far + TEXT / 2);
  }
  return { out, middle, deep };
}

// The longest names that have room beyond their edges, as near to the middle of them as they can be.
const ALONG = [0, -0.12, 0.12, -0.24, 0.24, -0.36, 0.36];

function titles(view, edges, written, labels) {
  for (let shorter = 0; shorter < edges[0].names.length; shorter += 1) {
    const before = labels.texts.length;
    if (edges.every((edge, n) => edgeTitle(view, edge, edge.names[shorter], written[n], labels))) return;
    labels.back(before);
  }
}

function edgeTitle(view, { at }, words, { out, middle, deep }, labels) {
  const weight = "600", anchor = out[0] < -0.15 ? "end" : out[0] > 0.15 ? "start" : "middle";
  const wide = textWidth(words, TEXT, weight);
  for (const place of ALONG) {
    const from = pixelOf(view, at(place));
    for (let far = deep; far < deep + 46; far += 3) {
      const begin = from[0] + far * out[0] - wide * { start: 0, middle: 0.5, end: 1 }[anchor];
      const left = within(begin, [3, Math.max(labels.width - wide - 3, 3)]), y = from[1] + far * out[1];
      const beyond = (x, up) => (x - middle[0]) * out[0] + (y + up - middle[1]) * out[1] > TICK;
      const clear = [left, left + wide].every((x) => beyond(x, TEXT / 2) && beyond(x, -TEXT / 2));
      if (clear && labels.put(words, left, y, { anchor: "start", weight, pad: 8 })) return true;
    }
  }
  return false;
}

function heightText(view, box, picture, [bx, by], ink, labels, marks) {
  const edges = [[bx, -by], [-bx, by]];
  const [x, y] = edges.reduce((a, b) => (pixelOf(view, [...b, 0])[0] < pixelOf(view, [...a, 0])[0] ? b : a));
  const top = pixelOf(view, [x, y, BOX_HEIGHT / 2]);
  const name = wordOf(picture.quantity), wide = textWidth(name, TEXT, "600");
  const left = within(top[0] - wide / 2, [3, Math.max(labels.width - wide - 3, 3)]);
  for (let up = 1.4 * TEXT; up > 0; up -= 3) {
    if (labels.put(name, left, Math.max(top[1] - up, 0.7 * TEXT), { anchor: "start", weight: "600" })) break;
  }
  for (const tick of heightTicks(picture)) {
    const [px, py] = pixelOf(view, [x, y, box.upOf(picture.scale.height(tick))]);
    marks.push(line([[px, py], [px - TICK, py]], { stroke: ink.soft, "stroke-width": 1 }));
    labels.put(short(tick), px - TICK - GAP, py, { anchor: "end" });
  }
}
