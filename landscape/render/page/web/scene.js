// A panel as a 3-D scene for plotly. No text of the data is in it: plotly reads markup.

const BOX_HEIGHT = 0.65;
const DISTANCE = 1.95;
const MARK_TRACE = 3;

// Words of our own for an axis, as the quantity's label may come from a file.
function wordOf(quantity) {
  const word = quantity.loss ? "loss" : quantity.accuracy ? "accuracy" : "value";
  return ["nats", "%"].includes(quantity.unit) ? `${word} (${quantity.unit})` : word;
}

function startCamera(data, narrow) {
  // In a narrow scene the labels need more of the width.
  const far = DISTANCE * (narrow ? 1.22 : 1);
  const [x, y, z] = data.initial.direction.map((d) => far * d);
  return { eye: { x, y, z }, center: { x: 0, y: 0, z: -0.14 }, up: { x: 0, y: 0, z: 1 } };
}

function placeAt(panel, k) {
  const nx = panel.x.length;
  return [panel.x[k % nx], panel.y[Math.floor(k / nx)]];
}

function points3d(panel, indices, heightOf, marker) {
  const places = indices.map((k) => placeAt(panel, k));
  return {
    type: "scatter3d", mode: "markers", marker, hoverinfo: "skip", showlegend: false,
    x: places.map((p) => p[0]), y: places.map((p) => p[1]), z: indices.map(heightOf),
  };
}

// Drawn as lines, because plotly's own cross is a letter that not every system has a font for.
function crossesOnFloor(panel, indices, floor, colour) {
  const arm = (axis) => 0.012 * (axis[axis.length - 1] - axis[0]);
  const [a, b] = [arm(panel.x), arm(panel.y)], x = [], y = [];
  for (const k of indices) {
    const [px, py] = placeAt(panel, k);
    x.push(px - a, px + a, null, px - a, px + a, null);
    y.push(py - b, py + b, null, py + b, py - b, null);
  }
  return {
    type: "scatter3d", mode: "lines", hoverinfo: "skip", showlegend: false, connectgaps: false,
    x, y, z: x.map(() => floor), line: { color: colour, width: 4 },
  };
}

// The mark of the place that is pointed at: a point on the surface and a stem down to the floor.
function markIn3d(drawn, scale, k) {
  if (k === null || drawn.heights[k] === null) return { x: [null], y: [null], z: [null] };
  const [x, y] = placeAt(drawn.panel, k);
  return { x: [x, x], y: [y, y], z: [scale.bottom, drawn.heights[k]] };
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
  const lift = 0.015 * span;  // What lies on the surface is held a hair above it, or it would be swallowed.
  const surface = {
    type: "surface", x: panel.x, y: panel.y, z: drawn.rows,
    cmin: scale.bottom, cmax: scale.top, colorscale: data.colours, showscale: false,
    connectgaps: false, hoverinfo: "none",
    contours: { x: { highlight: false }, y: { highlight: false }, z: { highlight: false } },
    lighting: { ambient: 0.65, diffuse: 0.6, specular: 0.08, roughness: 0.8 },
  };
  const best = points3d(panel, drawn.best === null ? [] : [drawn.best], (k) => drawn.heights[k] + lift,
    { size: 4, color: "white", line: { color: "black", width: 2 } });
  const odd = crossesOnFloor(panel, drawn.odd.map(([k]) => k), scale.bottom, ink.ink);
  const mark = {
    type: "scatter3d", mode: "lines+markers", hoverinfo: "skip", showlegend: false,
    line: { color: ink.ink, width: 3 },
    marker: { size: [0.1, 6], color: "#ff2d78", line: { color: "#fff", width: 1 } },
    ...markIn3d(drawn, scale, indexAt(panel, chosen.mark)),
  };
  const paths = chosen.trajectory ? panel.trajectories.map((path) => ({
    type: "scatter3d", mode: "lines+markers", hoverinfo: "skip", showlegend: false,
    x: path.x, y: path.y,
    z: path.x.map((x, k) => liftedBy(heightAt(drawn, x, path.y[k]), lift)),
    line: { color: "#ff2d78", width: 5 }, marker: { size: 2.5, color: "#ff2d78" },
  })) : [];
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
        // A plateau of clipped values lies in the lid of the box, which would cut it.
        range: [scale.bottom - lid, scale.top + lid], tickmode: "array",
        tickvals: zTicks.map((t) => scale.height(t)), ticktext: zTicks.map((t) => short(t)),
      },
    },
  };
  return { data: [surface, best, odd, mark, ...paths], layout };
}

function liftedBy(height, lift) {
  return height === null ? null : height + lift;
}
