// Light or dark: as the system has it until the reader says otherwise.

const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
let chosenTheme = null;

function themeName() {
  return chosenTheme || (systemDark.matches ? "dark" : "light");
}

function applyTheme() {
  document.documentElement.dataset.theme = themeName();
}

// The colours of the page's own style sheet, for what plotly draws.
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
  const at = Math.min(Math.max(part, 0), 1);
  const k = Math.max(1, colours.findIndex(([place]) => place >= at));
  const [[a, from], [b, to]] = [colours[k - 1], colours[k]];
  const mix = rgbOf(from).map((c, i) => c + ((rgbOf(to)[i] - c) * (at - a)) / (b - a || 1));
  const [r, g, blue] = mix.map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * blue > 0.18;
  return { ink: light ? "#000" : "#fff", ground: `rgb(${mix.map(Math.round).join(",")})` };
}

function rgbOf(colour) {
  if (colour[0] !== "#") return colour.match(/[\d.]+/g).slice(0, 3).map(Number);
  return [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
}
