// Numerals on the isolines of a scene, where there is room for them. A numeral stays at its place on the
// surface while it can, so that it does not jump about as the scene turns.

const NUMERAL = 11, APART = 10; // pixels: of a numeral, and at least to the next isoline
const TRIED = 60, INNER = 0.44; // places on a line, and how far from the middle of the box

function isolineLabels(view, drawn, picture, labels, marks) {
  const { scale, colours } = picture, { start, end, size } = isolines(picture), before = labels.texts.length;
  const box = boxOf(drawn, picture), taken = marks.flatMap(placesOf);
  drawn.labelled = drawn.labelled || new Map();
  for (const tick of heightTicks(picture)) {
    const height = scale.height(tick), turns = height / size;
    if (Math.abs(turns - Math.round(turns)) > 1e-6 || height < start - 1e-9 || height > end + 1e-9) continue;
    const words = short(tick), half = textWidth(words, NUMERAL) / 2 + 2, { ink: fill, ground } = inkOn(colours, scale.part(tick));
    const look = { stroke: ground, "stroke-width": 3, "stroke-linejoin": "round", "paint-order": "stroke", class: "isoline" };
    const places = placesOnLine(drawn, picture, height, size), held = drawn.labelled.get(tick);
    const found = [...(held ? [held] : []), ...places].find(({ at, next }) => {
      const to = ([x, y], h) => pixelOf(view, [box.acrossOf(x), box.alongOf(y), box.upOf(h)]);
      const [px, py] = to(at, height), beyond = to(next, height + size);
      if (Math.hypot(px - beyond[0], py - beyond[1]) < APART) return false;
      if (taken.some(([x, y]) => Math.abs(x - px) < half + 8 && Math.abs(y - py) < NUMERAL / 2 + 8)) return false;
      const seen = [-half, 0, half].map((off) => placeUnder(view, drawn, picture, [px + off, py]));
      if (seen.includes(null) || Math.hypot(box.acrossOf(seen[1].x) - box.acrossOf(at[0]), box.alongOf(seen[1].y) - box.alongOf(at[1])) > 0.04) return false;
      return labels.put(words, px, py, { size: NUMERAL, fill, look });
    });
    drawn.labelled.set(tick, found);
  }
  return labels.texts.splice(before);
}

// Places on the line of a height with those of the next line beside them, the farthest apart first.
function placesOnLine(drawn, picture, height, size) {
  drawn.onLines = drawn.onLines || new Map();
  if (!drawn.onLines.has(height)) {
    const fine = fineOf(drawn), box = boxOf(drawn, picture);
    const inside = ([x, y]) => Math.max(Math.abs(box.acrossOf(x)), Math.abs(box.alongOf(y))) < INNER;
    const all = isolinesOf(fine, height).flat().filter(inside), every = Math.ceil(all.length / TRIED);
    const reach = [fine.x, fine.y].map((axis) => 0.02 * (axis[axis.length - 1] - axis[0]));
    const beside = ([x, y]) => {
      // The slope in units of the box, along which the next line is.
      const rise = [[1, 0], [0, 1]].map(([a, b]) => {
        const ends = [1, -1].map((sign) => heightAt(drawn, x + sign * a * reach[0], y + sign * b * reach[1]));
        return ends.includes(null) ? 0 : (ends[0] - ends[1]) / 0.04;
      });
      const steep = Math.hypot(...rise), far = size / steep;
      return { at: [x, y], far, next: [x + reach[0] / 0.02 * far * rise[0] / steep, y + reach[1] / 0.02 * far * rise[1] / steep] };
    };
    drawn.onLines.set(height, all.filter((_, n) => n % every === 0).map(beside)
      .filter(({ far }) => far < 0.5).sort((a, b) => b.far - a.far));
  }
  return drawn.onLines.get(height);
}

// Places along a drawn line, close enough that no numeral fits between two; the middle of a dot.
function placesOf(mark) {
  if (mark.tagName === "circle") return [["cx", "cy"].map((name) => Number(mark.getAttribute(name)))];
  const path = mark.getAttribute("d");
  if (!path) return [];
  const places = path.slice(1).split("L").map((at) => at.split(" ").map(Number));
  return places.flatMap(([x, y], n) => {
    if (n === 0) return [[x, y]];
    const [a, b] = places[n - 1], pieces = Math.ceil(Math.hypot(x - a, y - b) / 8);
    return Array.from({ length: pieces }, (_, p) => [a + (x - a) * (p + 1) / pieces, b + (y - b) * (p + 1) / pieces]);
  });
}
