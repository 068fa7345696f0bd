// A panel as contours for plotly: shades between the sampled points, lines at round values.

function contourSpec(data, picture, drawn, chosen) {
  const { scale } = picture, { panel } = drawn, ink = inks();
  const span = scale.top - scale.bottom;
  const plane = { type: "contour", x: panel.x, y: panel.y, z: drawn.rows, hoverinfo: "skip",
    connectgaps: false, showscale: false, showlegend: false };
  const shades = {
    ...plane, zmin: scale.bottom, zmax: scale.top, zauto: false, colorscale: picture.colours,
    autocontour: false,
    line: { width: 0 },
    contours: { coloring: "heatmap", showlines: false, start: scale.bottom, end: scale.top, size: span / 8 },
  };
  const ticks = ticksOf(picture, 8).filter((t) => t > scale.low && t < scale.high);
  const lines = ticks.map((tick) => ({
    ...plane, autocontour: false,
    contours: { type: "constraint", operation: "=", value: scale.height(tick) },
    line: { color: inkOn(picture.colours, scale.part(tick)).ink, width: 1, smoothing: 0 }, opacity: 0.75,
  }));
  const points = (indices, marker) => ({
    type: "scatter", mode: "markers", marker, hoverinfo: "skip", showlegend: false, cliponaxis: false,
    x: indices.map((k) => placeAt(panel, k)[0]), y: indices.map((k) => placeAt(panel, k)[1]),
  });
  const best = points(drawn.best === null ? [] : [drawn.best],
    { size: 9, color: "white", line: { color: "black", width: 1.5 } });
  const odd = points(drawn.odd.map(([k]) => k),
    { size: 7, symbol: "x-thin", line: { color: ink.ink, width: 2 } });
  const paths = chosen.trajectory ? panel.trajectories.flatMap(flatPath) : [];
  const named = { type: "scatter", mode: "markers", hoverinfo: "skip", showlegend: false,
    x: panel.solutions.map((s) => s.x), y: panel.solutions.map((s) => s.y),
    marker: { size: 11, color: "#000", line: { color: "#fff", width: 1.5 } } };
  const letters = panel.solutions.map((s, k) => ({ x: s.x, y: s.y, text: LETTERS[k], showarrow: false,
    xshift: 13, yshift: k ? 11 : -11, font: { size: 13, color: "#fff" }, bgcolor: "#000", borderpad: 1 }));
  const [x, y] = [panel.x, panel.y].map((v) => [v[0], v[v.length - 1]]);
  const ratio = (y[1] - y[0]) / (x[1] - x[0]);
  const axis = { color: ink.ink, showgrid: false, zeroline: false, ticks: "outside", fixedrange: true,
    constrain: "domain", nticks: 6, linecolor: ink.soft, mirror: true, showline: true };
  const layout = {
    font: ink.font, margin: { l: 58, r: 12, t: 8, b: 42 }, showlegend: false, dragmode: false,
    paper_bgcolor: ink.paper, plot_bgcolor: ink.paper, hovermode: false,
    xaxis: { ...axis, title: { text: "x", standoff: 4 }, range: x },
    yaxis: { ...axis, title: { text: "y", standoff: 6 }, range: y,
      // Equal units, unless the plane is so elongated that it would be tiny.
      ...(ratio > 0.5 && ratio < 2 ? { scaleanchor: "x", scaleratio: 1 } : {}) },
    annotations: [...letters, ...labelPlaces(drawn, ticks, scale, chosen).map(([tick, px, py]) => {
      const on = inkOn(picture.colours, scale.part(tick));
      return { x: px, y: py, text: short(tick), showarrow: false, borderpad: 1,
        font: { size: 11, color: on.ink }, bgcolor: on.ground };
    })],
  };
  return { data: [shades, ...lines, best, odd, ...paths, ...(panel.solutions.length ? [named] : [])], layout };
}

// A path as one trace, or as lines, dashes and dots where the plane is not faithful to all its steps.
function flatPath(path, n) {
  const colour = pathColour(n);
  const look = { type: "scatter", hoverinfo: "skip", showlegend: false };
  const line = { color: colour, width: 2.5 };
  const dots = { size: 4, color: colour, line: { color: "#fff", width: 0.5 } };
  if (!path.off.length) return [{ ...look, mode: "lines+markers", x: path.x, y: path.y, line, marker: dots }];
  const off = offSteps(path), gaps = pathLines(path).flatMap((places) => [...places, [null, null]]);
  const either = (hollow, full) => path.x.map((_, k) => (off.has(k) ? hollow : full));
  return [
    { ...look, mode: "lines", x: gaps.map((p) => p[0]), y: gaps.map((p) => p[1]), line, connectgaps: false },
    { ...look, mode: "markers", x: path.x, y: path.y, marker: { size: either(6, 4), color: either("#fff", colour),
      opacity: 1, line: { color: either(colour, "#fff"), width: either(1.75, 0.5) } } },
  ];
}

// One position on each contour line for its label: within the picture, far from the other labels.
function labelPlaces(drawn, ticks, scale, chosen) {
  const { x, y } = drawn.panel;
  const part = (axis, v) => (v - axis[0]) / (axis[axis.length - 1] - axis[0]);
  const taken = drawn.best === null ? [] : [placeAt(drawn.panel, drawn.best)];
  taken.push(...drawn.panel.solutions.map((s) => [s.x, s.y]));
  for (const path of chosen.trajectory ? drawn.panel.trajectories : []) {
    taken.push(...path.x.map((px, k) => [px, path.y[k]]).filter((p) => !p.includes(null)));
  }
  taken.forEach(([px, py], k) => { taken[k] = [part(x, px), part(y, py)]; });
  const places = [];
  for (const tick of ticks) {
    let best = null, most = 0.07;
    for (const [px, py] of crossings(drawn, scale.height(tick))) {
      const [u, v] = [part(x, px), part(y, py)];
      const edge = Math.min(1.4 * Math.min(u, 1 - u), 2.2 * Math.min(v, 1 - v), 0.3);
      const apart = Math.min(edge, ...taken.map(([a, b]) => Math.hypot(u - a, 1.6 * (v - b))));
      if (apart > most) [best, most] = [[tick, px, py], apart];
    }
    if (!best) continue;
    places.push(best);
    taken.push([part(x, best[1]), part(y, best[2])]);
  }
  return places;
}

// Where a level crosses the edges between neighbouring sampled points, linear in height.
function crossings(drawn, level) {
  const { x, y } = drawn.panel, found = [];
  const between = (a, b) => (a === null || b === null || (a < level) === (b < level)
    ? null : (level - a) / (b - a));
  drawn.rows.forEach((row, j) => row.forEach((height, i) => {
    const s = i + 1 < row.length ? between(height, row[i + 1]) : null;
    if (s !== null) found.push([x[i] + s * (x[i + 1] - x[i]), y[j]]);
    const t = j + 1 < y.length ? between(height, drawn.rows[j + 1][i]) : null;
    if (t !== null) found.push([x[i], y[j] + t * (y[j + 1] - y[j])]);
  }));
  return found;
}
