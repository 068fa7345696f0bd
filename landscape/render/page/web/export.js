// Exports all panels as displayed, with titles and colour bar, to one PNG.

const SHEET = { panel: 640, height: 520, gap: 24, density: 2 };

async function savePicture() {
  const button = byId("save");
  button.disabled = true;
  try {
    const canvas = await pictureOfAll();
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    const link = element("a", { download: "landscape.png", href: URL.createObjectURL(blob) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  } finally {
    button.disabled = false;
  }
}

async function pictureOfAll() {
  const { panel: width, height, gap, density } = SHEET, ink = inks();
  const columns = Math.min(app.panels.length, app.data.layout === "gallery" ? 4 : 3);
  const rows = Math.ceil(app.panels.length / columns);
  const images = [];
  for (const k of app.panels.keys()) images.push(await imageOf(k)); // one WebGL context at a time
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  const font = (size, weight = "") => { pen.font = `${weight} ${size}px ${ink.font.family}`; };
  font(18, "600");
  const titles = app.data.panels.map((panel) => folded(pen, panel.title, width - gap));
  const titleHeight = 24 * Math.max(...titles.map((lines) => lines.length));
  const barHeight = app.data.kind === "plane" ? 84 : 0;
  const cell = titleHeight + height + gap;
  canvas.width = density * (columns * width + (columns + 1) * gap);
  canvas.height = density * (gap + rows * cell + barHeight);
  pen.scale(density, density);
  pen.fillStyle = ink.paper;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = ink.ink;
  pen.textAlign = "center";
  pen.textBaseline = "top";
  images.forEach((image, k) => {
    const left = gap + (k % columns) * (width + gap);
    const top = gap + Math.floor(k / columns) * cell;
    font(18, "600");
    titles[k].forEach((line, n) => pen.fillText(line, left + width / 2, top + 24 * n));
    for (const layer of image) pen.drawImage(layer, left, top + titleHeight, width, height);
  });
  if (barHeight) drawBar(pen, canvas.width / density / 2, gap + rows * cell, font);
  return canvas;
}

// A panel as displayed, but for what is pointed at; of a scene also its layers.
async function imageOf(k) {
  const { data, chosen, picture } = app, drawn = picture.panels[k], { panel: width, height } = SHEET;
  const size = { width, height };
  if (chosen.view !== "surface") {
    const spec = (chosen.view === "contour" ? contourSpec : curveSpec)(data, picture, drawn, chosen, size);
    return [await plotlyImage(spec, size)];
  }
  const view = sceneView(size), { below, above } = sceneLayers(k, view, false);
  const surface = await plotlyImage(sceneSpec(data, picture, drawn, chosen, plotlyCamera(view)), size);
  return [await layerImage(below, size), surface, await layerImage(above, size)];
}

async function plotlyImage(spec, size) {
  return loaded(await Plotly.toImage(spec, { ...size, format: "png", scale: SHEET.density }));
}

function layerImage(shapes, { width, height }) {
  const [wide, tall] = [width, height].map((v) => SHEET.density * v);
  const whole = shape("svg", { xmlns: SVG, width: wide, height: tall, viewBox: `0 0 ${width} ${height}` }, ...shapes);
  return loaded("data:image/svg+xml," + encodeURIComponent(new XMLSerializer().serializeToString(whole)));
}

async function loaded(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

function drawBar(pen, middle, top, font) {
  const width = 480, left = middle - width / 2;
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
