// A panel as a 3-D scene for plotly. It contains no text from the data: plotly interprets markup.

const DISTANCE = 1.95;
const OVERLAY_TRACE = 1;
const PINK = "#ff2d78";
const LETTERS = "ABCDEFGH";

// Fixed words for an axis, as the quantity's label may come from a file.
function wordOf(quantity) {
  const { word } = quantity;
  return ["nats", "%"].includes(quantity.unit) ? `${word} (${quantity.unit})` : word;
}

function startCamera(data, narrow) {
  // In a narrow scene the labels need more of the width; those of a gallery are wider than tall.
  const far = DISTANCE * (data.layout === "gallery" ? 1.07 : narrow ? 1.22 : 1);
  const [x, y, z] = data.initial.direction.map((d) => far * d);
  return { eye: { x, y, z }, center: { x: 0, y: 0, z: -0.14 }, up: { x: 0, y: 0, z: 1 } };
}

function placeAt(panel, k) {
  const nx = panel.x.length;
  return [panel.x[k % nx], panel.y[Math.floor(k / nx)]];
}

// Everything on or under the surface is one trace: each trace needs shaders, which take most of the
// time that a page takes to open. Pieces are separated by gaps.
class Overlay {
  constructor() {
    [this.x, this.y, this.z, this.size, this.colour, this.edge] = [[], [], [], [], [], []];
    this.steps = [];
    this.hasLines = false;
  }

  // Places containing null are gaps; steps are the indices of the path's steps, if any.
  add(places, colour, size, { edge = "#000", steps = [] } = {}) {
    if (!places.length) return;
    [...places, [null, null, null]].forEach(([x, y, z], k) => {
      this.x.push(x);
      this.y.push(y);
      this.z.push(z);
      this.colour.push(colour);
      this.edge.push(edge);
      this.steps.push(steps[k] || null);
    });
    this.size.push(...places.map((_, k) => (Array.isArray(size) ? size[k] : size)), 0);
    if (places.length > 1) this.hasLines = true;
  }

  trace(ink) {
    return {
      type: "scatter3d", mode: this.hasLines ? "lines+markers" : "markers",
      x: this.x, y: this.y, z: this.z, hoverinfo: "none", showlegend: false, connectgaps: false,
      marker: { size: this.size, color: this.colour, line: { color: this.edge, width: 1 } },
      line: { color: this.colour, width: 4 },
    };
  }
}

function overlayOf(picture, drawn, chosen, ink) {
  const { scale } = picture, { panel, heights } = drawn, overlay = new Overlay();
  // Marks on the surface are raised slightly above it: otherwise it would hide them.
  const span = scale.top - scale.bottom, lift = 0.015 * span;
  // On a log scale the lowest point is the tip of a funnel, visible only from slightly above.
  const above = (k, by) => [...placeAt(panel, k), heights[k] + by];
  if (drawn.best !== null) overlay.add([above(drawn.best, 0.05 * span)], "#fff", 11);
  const arm = (axis) => 0.012 * (axis[axis.length - 1] - axis[0]);
  const [a, b] = [arm(panel.x), arm(panel.y)];
  for (const [k] of drawn.odd) {
    // Crosses are lines, because plotly's own is a character that some systems have no font for.
    const [x, y] = placeAt(panel, k);
    overlay.add([[x - a, y - b, scale.bottom], [x + a, y + b, scale.bottom]], ink.ink, 0);
    overlay.add([[x - a, y + b, scale.bottom], [x + a, y - b, scale.bottom]], ink.ink, 0);
  }
  const over = ([x, y]) => {
    const z = heightAt(drawn, x, y);
    return z === null ? [null, null, null] : [x, y, z + lift];
  };
  // A path is drawn on the surface, at the loss of its projection, not its own.
  if (chosen.trajectory) panel.trajectories.forEach((path, n) => addPath(overlay, path, n, over));
  overlay.add(panel.solutions.map((s) => over([s.x, s.y])).filter((p) => !p.includes(null)), "#000", 10, { edge: "#fff" });
  // The place under the pointer: a point on the surface and a stem down to the floor.
  const k = indexAt(panel, chosen.mark);
  if (k !== null && heights[k] !== null) overlay.add([[...placeAt(panel, k), scale.bottom], above(k, lift)], PINK, [0, 14]);
  if (chosen.step && app.data.panels[chosen.step.panel] === panel) {
    const { x, y } = placeOfStep(chosen.step);
    overlay.add([over([x, y])], "#fff", 12, { edge: PINK, steps: [chosen.step] });
  }
  return overlay;
}

// Where the plane is not faithful to all of a path, the line is in pieces and the dots are separate.
function addPath(overlay, path, n, over) {
  const panel = app.data.panels.findIndex((p) => p.trajectories[n] === path), colour = pathColour(n);
  const stepOf = (step) => ({ panel, path: n, step });
  const places = path.x.map((x, k) => over([x, path.y[k]]));
  if (!path.off.length) {
    overlay.add(places, colour, 7, { steps: places.map((_, k) => stepOf(k)) });
    return;
  }
  for (const line of pathLines(path)) overlay.add(line.map(over), colour, 0);
  const off = offSteps(path);
  places.forEach((place, k) => overlay.add([place], off.has(k) ? "#fff" : colour, 7,
    { edge: off.has(k) ? colour : "#000", steps: [stepOf(k)] }));
}

// The height of the drawn surface at any place within the grid; null outside and over holes.
function heightAt(drawn, x, y) {
  const cell = (axis, v) => {
    const right = axis.findIndex((a) => a >= v);
    if (right < 0 || v < axis[0]) return null;
    const i = Math.max(1, right);
    return [i - 1, i, (v - axis[i - 1]) / (axis[i] - axis[i - 1])];
  };
  const [u, v] = [cell(drawn.panel.x, x), cell(drawn.panel.y, y)];
  if (!u || !v) return null;
  const [a, b, s] = u, [c, d, t] = v;
  const corners = [drawn.rows[c][a], drawn.rows[c][b], drawn.rows[d][a], drawn.rows[d][b]];
  if (corners.includes(null)) return null;
  return (1 - t) * ((1 - s) * corners[0] + s * corners[1])
    + t * ((1 - s) * corners[2] + s * corners[3]);
}

function sceneSpec(data, picture, drawn, chosen, camera) {
  const { scale, quantity } = picture, { panel } = drawn, ink = inks();
  const span = scale.top - scale.bottom, lid = 0.005 * span;
  const surface = {
    type: "surface", x: panel.x, y: panel.y, z: drawn.rows,
    cmin: scale.bottom, cmax: scale.top, colorscale: picture.colours, showscale: false,
    connectgaps: false, hoverinfo: "none",
    contours: { x: { highlight: false }, y: { highlight: false }, z: { highlight: false } },
    lighting: { ambient: 0.65, diffuse: 0.6, specular: 0.08, roughness: 0.8 },
  };
  const zTicks = ticksOf(picture, 5).filter((t) => scale.height(t) > scale.bottom + 0.06 * span);
  const axis = { backgroundcolor: ink.paper, gridcolor: ink.line, color: ink.ink, zeroline: false,
    showspikes: false, tickangle: 0 };
  const along = (values, name) => ({
    ...axis, title: { text: name }, range: [values[0], values[values.length - 1]],
    tickmode: "array", tickvals: innerTicks(values), ticktext: innerTicks(values).map((t) => short(t)),
  });
  const layout = {
    font: ink.font, margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: ink.paper, showlegend: false,
    scene: {
      aspectmode: "manual", aspectratio: { x: 1, y: 1, z: BOX_HEIGHT }, camera,
      xaxis: along(panel.x, "x"), yaxis: along(panel.y, "y"),
      zaxis: {
        ...axis, title: { text: chosen.narrow ? "" : wordOf(quantity) },
        // A plateau of clipped values is level with the top of the box, which would cut it.
        range: [scale.bottom - lid, scale.top + lid], tickmode: "array",
        tickvals: zTicks.map((t) => scale.height(t)), ticktext: zTicks.map((t) => short(t)),
      },
    },
  };
  return { data: [surface, overlayOf(picture, drawn, chosen, ink).trace(ink)], layout };
}
