// Level sets named by what they mean: guessing, twice its loss, so much above the minimum.

app.chosen.named = false;

const namedButton = toggle("named", "Named levels", "Level sets by what they mean, instead of round values (key l)", nameLevels);

async function nameLevels() {
  app.chosen.named = !app.chosen.named;
  if (app.chosen.named && app.chosen.view !== "contour") app.chosen.view = "contour";
  await draw();
}

function showsNamed(panel) {
  return app.chosen.named && (panel.levels[app.chosen.quantity] || []).length > 0;
}

function levelsOf(panel) {
  const { scale } = app.picture;
  return (panel.levels[app.chosen.quantity] || []).filter(([v]) => v > scale.low && v < scale.high);
}

// Where a label fits: on the line, inside the plot, away from the other labels.
function labelPlace(places, width, frame, taken) {
  const clear = ([x, y]) => x - width / 2 > frame.left && x + width / 2 < frame.right && y - 12 > frame.top && y + 12 < frame.bottom;
  const apart = ([x, y]) => Math.min(200, ...taken.map(([a, b, w]) => Math.max(Math.abs(x - a) - (w + width) / 2, 2.5 * (Math.abs(y - b) - 18))));
  const best = places.filter(clear).map((place) => [apart(place), place]).sort((a, b) => b[0] - a[0])[0];
  return best && best[0] > 0 ? best[1] : null;
}

// The label of a line: as much of its name as there is room for.
function nameOn(places, texts, frame, taken) {
  for (const text of texts) {
    const width = 6.4 * text.length + 10, place = labelPlace(places, width, frame, taken);
    if (!place) continue;
    taken.push([...place, width]);
    return [shape("g", { class: "level-name", transform: `translate(${place[0].toFixed(1)} ${place[1].toFixed(1)})` },
      shape("rect", { x: -width / 2, y: -9, width, height: 18, rx: 4 }), shape("text", { y: 4 }, text))];
  }
  return [];
}

tools.push({
  drawn() {
    namedButton.hidden = app.data.kind !== "plane" || !app.data.panels.some((p) => (p.levels[app.chosen.quantity] || []).length);
    namedButton.setAttribute("aria-pressed", String(app.chosen.named));
  },
  layer(k, to) {
    if (!showsNamed(app.data.panels[k]) || app.chosen.view !== "contour") return [];
    const drawn = app.picture.panels[k], { scale, quantity } = app.picture, { panel } = drawn, taken = [];
    const [[left, bottom], [right, top]] = [to(panel.x[0], panel.y[0]), to(panel.x[panel.x.length - 1], panel.y[panel.y.length - 1])];
    return levelsOf(panel).flatMap(([value, words]) => {
      const lines = isolinesOf(fineOf(drawn, FLAT_CELLS), scale.height(value)).map((run) => run.map(([x, y]) => to(x, y)));
      if (!lines.length) return [];
      const d = lines.map(polyline).join(""), size = withUnit(short(value), quantity.unit);
      const label = nameOn(lines.flat(), [`${words} (${size})`, words, size], { left, right, top, bottom }, taken);
      return [shape("path", { class: "level under", d }), shape("path", { class: "level", d, "data-level": value }, shape("title", {}, words)), ...label];
    });
  },
  write(put) { if (app.chosen.named) put("levels", "named"); },
  read(get) { app.chosen.named = get("levels") === "named"; },
});

document.addEventListener("keydown", (event) => {
  if (event.key === "l" && !event.ctrlKey && !event.metaKey && !isTyping(event.target) && !namedButton.hidden) nameLevels();
});
