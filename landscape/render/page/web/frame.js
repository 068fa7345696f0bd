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
  const lines = [
    ...xs.flatMap((x) => [[[x, -0.5, low], [x, 0.5, low]], [[x, by, low], [x, by, high]]]),
    ...ys.flatMap((y) => [[[-0.5, y, low], [0.5, y, low]], [[bx, y, low], [bx, y, high]]]),
    ...zs.flatMap((z) => [[[bx, -0.5, z], [bx, 0.5, z]], [[-0.5, by, z], [0.5, by, z]]]),
  ];
  return [...lines.map((places) => line(places.map(see), faint)),
    ...outlines(view).map((places) => line(places, edge))];
}

// The floor and the two far walls, each as a closed line of pixels.
function outlines(view) {
  const [bx, by] = farSides(view), low = -BOX_HEIGHT / 2, high = BOX_HEIGHT / 2;
  const sides = [
    [[-0.5, -0.5, low], [0.5, -0.5, low], [0.5, 0.5, low], [-0.5, 0.5, low]],
    [[bx, -0.5, low], [bx, 0.5, low], [bx, 0.5, high], [bx, -0.5, high]],
    [[-0.5, by, low], [0.5, by, low], [0.5, by, high], [-0.5, by, high]],
  ];
  return sides.map((places) => [...places, places[0]].map((place) => pixelOf(view, place)));
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
  for (const tick of ticks) {
    const [x, y] = pixelOf(view, at(unit(tick)));
    marks.push(line([[x, y], [x + TICK * out[0], y + TICK * out[1]]], { stroke: ink.soft, "stroke-width": 1 }));
  }
  const before = labels.texts.length;
  let every = 1, deep;
  while ((deep = numerals(view, { at, unit }, everyOf(ticks, every), out, labels)) === null && every < ticks.length) {
    labels.back(before);
    every += 1;
  }
  return { out, middle, deep: deep || 0 };
}

// Every so many of some ticks, 0 among them where it is one.
function everyOf(ticks, every) {
  const zero = Math.max(ticks.indexOf(0), 0);
  return ticks.filter((_, k) => (k - zero) % every === 0);
}

// Writes numerals beyond an edge: how far they reach; null where there is no room for one.
function numerals(view, { at, unit }, ticks, out, labels) {
  let deep = 0, all = true;
  for (const tick of ticks) {
    const [x, y] = pixelOf(view, at(unit(tick))), words = short(tick);
    // The words clear the edge in its own direction: half their width counts as far as it leans.
    const far = TICK + GAP + Math.abs(out[0]) * textWidth(words, TEXT) / 2 + Math.abs(out[1]) * TEXT / 2;
    if (labels.put(words, x + far * out[0], y + far * out[1])) deep = Math.max(deep, far + TEXT / 2);
    else all = false;
  }
  return all ? deep : null;
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

// Above the edge of the height: in its middle, or where no edge of the box crosses it.
function heightTitle(view, words, top, labels) {
  const wide = textWidth(words, TEXT, "600"), edges = outlines(view).flatMap((places) => places.slice(1).map((b, n) => [places[n], b]));
  const place = (from, up) => [within(top[0] + from * wide, [3, Math.max(labels.width - wide - 3, 3)]), Math.max(top[1] - up * TEXT, 0.7 * TEXT)];
  const clear = ([x, y]) => !edges.some((edge) => crosses(edge, [x - 2, y - 0.5 * TEXT, x + wide + 2, y + 0.5 * TEXT]));
  const places = [1.4, 1.7, 2, 2.3, 2.6, 2.9, 3.2].flatMap((up) => [-0.5, -0.75, -1].map((from) => place(from, up)));
  const usual = [1.4, 1.1, 0.8, 0.5, 0.2].map((up) => place(-0.5, up));
  for (const [x, y] of [...places.filter(clear), ...usual]) {
    if (labels.put(words, x, y, { anchor: "start", weight: "600" })) return;
  }
}

function heightText(view, box, picture, [bx, by], ink, labels, marks) {
  // The leftmost upright edge: beside another, an edge of the floor would cross the numerals.
  const edges = [[bx, -by], [-bx, by], [-bx, -by]].map((corner) => [corner, [-1, 1].map((end) => pixelOf(view, [...corner, end * BOX_HEIGHT / 2]))]);
  const leftOf = ([, ends]) => Math.min(...ends.map((p) => p[0]));
  const [[x, y], [foot, top]] = edges.reduce((a, b) => (leftOf(b) < leftOf(a) ? b : a));
  if (x === -bx && y === -by) marks.push(line([foot, top], { stroke: ink.soft, "stroke-width": 1 }));
  heightTitle(view, wordOf(picture.quantity), top, labels);
  const edge = { at: (u) => [x, y, u], ticks: heightTicks(picture), unit: (t) => box.upOf(picture.scale.height(t)) };
  edgeText(view, edge, ink, labels, marks);
}
