// Exports all panels as displayed, with titles and colour bar, to one PNG.

const SHEET = { panel: 640, height: 520, gap: 24, density: 2 };
const BAR_WIDTH = 480;

async function savePicture(pixels) {
  const button = byId("save");
  button.disabled = true;
  try {
    const canvas = await pictureOfAll(pixels);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    saveAs(blob, "image/png", "png");
  } finally {
    button.disabled = false;
  }
}

function barHeight() {
  return app.data.kind === "plane" ? 84 : 0;
}

// Rows, columns and folded titles of the sheet, in its own pixels.
function sheetOf() {
  const { panel: width, height, gap } = SHEET, pen = document.createElement("canvas").getContext("2d");
  const columns = Math.min(app.panels.length, app.data.layout === "gallery" ? 4 : 3);
  const rows = Math.ceil(app.panels.length / columns);
  pen.font = `600 18px ${inks().font.family}`;
  const titles = app.data.panels.map((panel) => folded(pen, panel.title, width - gap));
  const titleHeight = 24 * Math.max(...titles.map((lines) => lines.length));
  return { width, height, columns, rows, titles, titleHeight, cell: titleHeight + height + gap };
}

// ``pixels``: the width of the picture; else twice that of the sheet.
async function pictureOfAll(pixels) {
  const { gap } = SHEET, ink = inks(), { width, height, columns, rows, titles, titleHeight, cell } = sheetOf();
  const across = columns * width + (columns + 1) * gap, density = pixels ? pixels / across : SHEET.density;
  const images = [];
  for (const k of app.panels.keys()) images.push(await imagesOf(k, density)); // one WebGL context at a time
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  const font = (size, weight = "") => { pen.font = `${weight} ${size}px ${ink.font.family}`; };
  canvas.width = Math.round(density * across);
  canvas.height = Math.round(density * (gap + rows * cell + barHeight()));
  pen.scale(density, density);
  pen.fillStyle = ink.paper;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = ink.ink;
  pen.textAlign = "center";
  pen.textBaseline = "top";
  images.forEach((parts, k) => {
    const left = gap + (k % columns) * (width + gap);
    const top = gap + Math.floor(k / columns) * cell;
    font(18, "600");
    titles[k].forEach((line, n) => pen.fillText(line, left + width / 2, top + 24 * n));
    for (const image of parts) pen.drawImage(image, left, top + titleHeight, width, height);
  });
  if (barHeight()) drawBar(pen, across / 2, gap + rows * cell, font);
  return canvas;
}

// A panel as displayed, but for what is pointed at, as pictures to lay over each other.
async function imagesOf(k, density) {
  const { chosen, picture } = app, size = { width: SHEET.panel, height: SHEET.height };
  const pictured = async (spec) => loaded(await Plotly.toImage(spec, { ...size, format: "png", scale: density }));
  const layered = (shapes) => loaded("data:image/svg+xml," + encodeURIComponent(new XMLSerializer().serializeToString(layerOf(shapes, size, density))));
  if (chosen.view === "surface") {
    const view = sceneView(size), { below, above } = sceneLayers(k, view, false), marked = toolShapes(k, scenePlacer(k, view));
    const surface = await pictured(sceneSpec(picture, picture.panels[k], plotlyCamera(view)));
    return [await layered(below), surface, await layered([...above, ...marked])];
  }
  if (!app.panels[k].layer.firstChild) return [await pictured(flatSpec(k, size))];
  const { url, shapes } = await drawnAt(k, "png", density);
  return [await loaded(url), await layered(shapes)];
}

function flatSpec(k, size) {
  const { data, chosen, picture } = app;
  return (chosen.view === "contour" ? contourSpec : curveSpec)(data, picture, picture.panels[k], chosen, size);
}

// A flat view at the size of the sheet, and the shapes of the tools above it.
async function drawnAt(k, format, density = 1) {
  const size = { width: SHEET.panel, height: SHEET.height }, spec = flatSpec(k, size), plot = element("div", { class: "offstage" });
  document.body.append(plot);
  try {
    await Plotly.newPlot(plot, spec.data, { ...spec.layout, ...size }, CONFIG);
    const url = await Plotly.toImage(plot, { ...size, format, scale: density });
    return { url, shapes: toolShapes(k, flatPlacer(k, plot)) };
  } finally {
    Plotly.purge(plot);
    plot.remove();
  }
}

// Shapes with the style that they have on the page, where no style sheet reaches them.
function layerOf(shapes, { width, height }, density = 1) {
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => (rule.selectorText || "").startsWith(".marked ")).map((rule) => rule.cssText).join("\n");
  return shape("svg", { xmlns: SVG, class: "marked", width: density * width, height: density * height,
    viewBox: `0 0 ${width} ${height}` }, shape("style", {}, rules), ...shapes);
}

async function loaded(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

function drawBar(pen, middle, top, font) {
  const width = BAR_WIDTH, left = middle - width / 2;
  font(14);
  pen.fillText(byId("bar-label").textContent, middle, top);
  const ramp = pen.createLinearGradient(left, 0, left + width, 0);
  for (const [at, colour] of app.picture.colours) ramp.addColorStop(at, colour);
  const text = pen.fillStyle;
  pen.fillStyle = ramp;
  pen.fillRect(left, top + 22, width, 14);
  pen.fillStyle = text;
  for (const { part, text: words } of barMarks()) pen.fillText(words, left + part * width, top + 42);
}

// Lines of at most that width; what has no spaces is broken anywhere.
function folded(pen, text, width) {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const longer = (lines[lines.length - 1] + " " + word).trim();
    if (pen.measureText(longer).width <= width) {
      lines[lines.length - 1] = longer;
      continue;
    }
    lines.push("");
    for (const sign of word) {
      if (pen.measureText(lines[lines.length - 1] + sign).width > width) lines.push("");
      lines[lines.length - 1] += sign;
    }
  }
  return lines.filter(Boolean).slice(0, 4);
}
