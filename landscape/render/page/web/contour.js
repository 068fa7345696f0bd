// A panel as contours for plotly: the surface of the scenes from above, lines at round values.

function contourSpec(data, picture, drawn, chosen, size) {
  const { scale } = picture, { panel } = drawn, ink = inks();
  const fine = fineOf(drawn, FLAT_CELLS);
  const ticks = (showsNamed(panel) || chosen.measured ? [] : ticksOf(picture, 8)).filter((t) => t > scale.low && t < scale.high);
  const runs = ticks.map((tick) => isolinesOf(fine, scale.height(tick)));
  const lines = ticks.map((tick, n) => {
    const places = runs[n].flatMap((run) => [...run, [null, null]]);
    return { type: "scatter", mode: "lines", hoverinfo: "skip", showlegend: false, connectgaps: false, opacity: 0.75,
      x: places.map((p) => p[0]), y: places.map((p) => p[1]), line: { color: inkOn(picture.colours, scale.part(tick)).ink, width: 1 } };
  });
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
    xaxis: { ...axis, title: { text: flatTitle(panel.names.x, size.width - 90), standoff: 4 }, range: x },
    yaxis: { ...axis, title: { text: flatTitle(panel.names.y, size.height - 70), standoff: 6 }, range: y,
      // Equal units, unless the plane is so elongated that it would be tiny.
      ...(ratio > 0.5 && ratio < 2 ? { scaleanchor: "x", scaleratio: 1 } : {}) },
    images: [{ source: shadesOf(fine, picture), xref: "x", yref: "y", layer: "below", sizing: "stretch",
      x: x[0] - halfStep(fine.x), y: y[1] + halfStep(fine.y), xanchor: "left", yanchor: "top",
      sizex: x[1] - x[0] + 2 * halfStep(fine.x), sizey: y[1] - y[0] + 2 * halfStep(fine.y) }],
    annotations: [...letters, ...labelPlaces(drawn, ticks, runs, chosen).map(([tick, px, py]) => {
      const on = inkOn(picture.colours, scale.part(tick));
      return { x: px, y: py, text: short(tick), showarrow: false, borderpad: 1,
        font: { size: 11, color: on.ink }, bgcolor: on.ground };
    })],
  };
  return { data: [...lines, best, odd, ...paths, ...(panel.solutions.length ? [named] : [])], layout };
}

// A finer grid with as many points at even steps, where its own are not.
function evenly({ x, y, rows }) {
  const even = (axis) => axis.map((_, k) => axis[0] + (axis[axis.length - 1] - axis[0]) * k / (axis.length - 1));
  const places = [x, y].map((axis) => ({ axis: even(axis), isEven: even(axis).every((v, k) => Math.abs(v - axis[k]) <= 0.01 * (axis[1] - axis[0])) }));
  const [across, along] = places;
  if (across.isEven && along.isEven) return { x, y, rows };
  return { x: across.axis, y: along.axis, rows: along.axis.map((v) => across.axis.map((u) => heightOn({ x, y, rows }, u, v))) };
}

// A pixel of the shades is around its point.
function halfStep(axis) {
  return (axis[axis.length - 1] - axis[0]) / (axis.length - 1) / 2;
}

// A path as one trace, or as lines, dashes and dots where the plane is not faithful to all its steps.
function flatPath(path, n) {
  const colour = pathColour(n);
  const look = { type: "scatter", hoverinfo: "skip", showlegend: false };
  const line = { color: colour, width: 2.5 };
  const last = path.x.length - 1, symbol = path.x.map((_, k) => (k === 0 ? "square" : k === last ? "diamond" : "circle"));
  const sized = (usual) => path.x.map((_, k) => (k === 0 || k === last ? 9 : usual));
  const dots = { symbol, size: sized(4), color: colour, line: { color: "#fff", width: 0.5 } };
  if (!path.off.length) return [{ ...look, mode: "lines+markers", x: path.x, y: path.y, line, marker: dots }];
  const off = offSteps(path), gaps = pathLines(path).flatMap((places) => [...places, [null, null]]);
  const either = (hollow, full) => path.x.map((_, k) => (off.has(k) ? hollow : full));
  return [
    { ...look, mode: "lines", x: gaps.map((p) => p[0]), y: gaps.map((p) => p[1]), line, connectgaps: false },
    { ...look, mode: "markers", x: path.x, y: path.y, marker: { symbol, size: sized(6), color: either("#fff", colour),
      opacity: 1, line: { color: either(colour, "#fff"), width: either(1.75, 0.5) } } },
  ];
}

// One position on each contour line for its label: within the picture, far from the other labels.
function labelPlaces(drawn, ticks, runs, chosen) {
  const { x, y } = drawn.panel;
  const part = (axis, v) => (v - axis[0]) / (axis[axis.length - 1] - axis[0]);
  const taken = drawn.best === null ? [] : [placeAt(drawn.panel, drawn.best)];
  taken.push(...drawn.panel.solutions.map((s) => [s.x, s.y]));
  for (const path of chosen.trajectory ? drawn.panel.trajectories : []) {
    taken.push(...path.x.map((px, k) => [px, path.y[k]]).filter((p) => !p.includes(null)));
  }
  taken.forEach(([px, py], k) => { taken[k] = [part(x, px), part(y, py)]; });
  const places = [];
  for (const [n, tick] of ticks.entries()) {
    let best = null, most = 0.07;
    for (const [px, py] of runs[n].flat()) {
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

// The first of the names that has room, for plotly, which would take signs of markup for it.
function flatTitle(names, room) {
  const fits = names.find((words) => textWidth(words, 12) < room) || names[names.length - 1];
  return asText(fits);
}

function asText(words) {
  return words.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

// The shades between the lines as a picture, one pixel for each point of the finer grid, at even steps.
function shadesOf(fine, picture) {
  const { x, y, rows } = evenly(fine);
  const { scale, colours } = picture, span = scale.top - scale.bottom;
  const table = Array.from({ length: 512 }, (_, n) => new Uint32Array(Uint8ClampedArray.from([...colourAt(colours, n / 511), 255]).buffer)[0]);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [x.length, y.length];
  const pen = canvas.getContext("2d", { willReadFrequently: true }), image = pen.createImageData(x.length, y.length);
  const shades = new Uint32Array(image.data.buffer);
  rows.forEach((row, j) => row.forEach((h, i) => {
    if (h !== null) shades[(y.length - 1 - j) * x.length + i] = table[Math.round(511 * within((h - scale.bottom) / span, [0, 1]))];
  }));
  pen.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
