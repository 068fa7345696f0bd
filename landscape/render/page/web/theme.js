// Light or dark: the system's theme until the reader chooses one.

const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
let chosenTheme = null;

function themeName() {
  return chosenTheme || (systemDark.matches ? "dark" : "light");
}

function applyTheme() {
  document.documentElement.dataset.theme = themeName();
}

// The colours of the page's style sheet, for plotly.
function inks() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue("--" + name).trim();
  return {
    paper: of("paper"), ink: of("ink"), soft: of("soft"), line: of("line"),
    loss: of("loss"), accuracy: of("accuracy"),
    font: { family: "system-ui, 'DejaVu Sans', sans-serif", size: 12, color: of("ink") },
  };
}

// Black or white, whichever reads better on the colour that the scale gives at 0 … 1.
function inkOn(colours, part) {
  const mix = colourAt(colours, part);
  const [r, g, blue] = mix.map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * blue > 0.18;
  return { ink: light ? "#000" : "#fff", ground: `rgb(${mix.map(Math.round).join(",")})` };
}

// The colour at 0 … 1 as red, green and blue.
function colourAt(colours, part) {
  const at = Math.min(Math.max(part, 0), 1);
  const k = Math.max(1, colours.findIndex(([place]) => place >= at));
  const [[a, from], [b, to]] = [colours[k - 1], colours[k]];
  return rgbOf(from).map((c, i) => c + ((rgbOf(to)[i] - c) * (at - a)) / (b - a || 1));
}

// Values of both signs: the part of the diverging colours from low to high that has 0 in the middle.
function coloursOf(data, scale) {
  if (!data.diverging || scale.kind !== "linear" || !(scale.low < 0 && scale.high > 0)) return data.colours;
  const most = Math.max(-scale.low, scale.high), place = (v) => (v / most + 1) / 2;
  const [from, to] = [place(scale.low), place(scale.high)];
  const inner = data.diverging.filter(([at]) => at > from && at < to);
  const end = (at) => [at, `rgb(${colourAt(data.diverging, at).map(Math.round).join(",")})`];
  return [end(from), ...inner, end(to)].map(([at, colour], k, all) =>
    [k === 0 ? 0 : k === all.length - 1 ? 1 : (at - from) / (to - from), colour]);
}

function rgbOf(colour) {
  if (colour[0] !== "#") return colour.match(/[\d.]+/g).slice(0, 3).map(Number);
  return [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
}
