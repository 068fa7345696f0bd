// All panels of a flat view as one SVG, with text as text.

async function saveDrawing() {
  const { width, height, columns, rows, titles, titleHeight, cell } = sheetOf();
  const total = [columns * (width + SHEET.gap) + SHEET.gap, SHEET.gap + rows * cell + barHeight()];
  const ink = inks(), text = (x, y, words, size, weight = 400) => shape("text",
    { x, y, "text-anchor": "middle", "font-size": size, "font-weight": weight, fill: ink.ink, "font-family": ink.font.family }, words);
  const root = shape("svg", { xmlns: SVG, viewBox: `0 0 ${total.join(" ")}`, width: total[0], height: total[1] },
    shape("title", {}, app.data.heading), shape("rect", { width: total[0], height: total[1], fill: ink.paper }));
  for (const k of app.panels.keys()) {
    const [left, top] = [SHEET.gap + (k % columns) * (width + SHEET.gap), SHEET.gap + Math.floor(k / columns) * cell];
    titles[k].forEach((line, n) => root.append(text(left + width / 2, top + 24 * n + 17, line, 18, 600)));
    const { url, shapes } = await drawnAt(k, "svg"), place = { x: left, y: top + titleHeight, width, height };
    const plot = new DOMParser().parseFromString(decodeURIComponent(url.slice(url.indexOf(",") + 1)), "image/svg+xml").documentElement;
    for (const one of [document.adoptNode(plot), layerOf(shapes, { width, height })]) {
      for (const [name, value] of Object.entries(place)) one.setAttribute(name, value);
      root.append(one);
    }
  }
  if (barHeight()) appendBar(root, total[0] / 2, SHEET.gap + rows * cell, text, ink);
  saveAs(new XMLSerializer().serializeToString(root), "image/svg+xml", "svg");
}

function appendBar(root, middle, top, text, ink) {
  const width = BAR_WIDTH, left = middle - width / 2;
  const stops = app.picture.colours.map(([offset, colour]) => shape("stop", { offset, "stop-color": colour }));
  root.append(shape("defs", {}, shape("linearGradient", { id: "colours" }, ...stops)),
    shape("rect", { x: left, y: top + 22, width, height: 14, fill: "url(#colours)", stroke: ink.line }),
    text(middle, top + 14, byId("bar-label").textContent, 14),
    ...barMarks().map(({ part, text: words }) => text(left + part * width, top + 54, words, 14)));
}
