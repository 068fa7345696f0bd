// A line through weight space as a curve for plotly: its bands, accuracy, and the ends of the line.

const NORMAL_95 = 1.96;

function curveSpec(data, picture, drawn, chosen, size) {
  const { scale, quantity } = picture, { panel } = drawn, ink = inks();
  const { accuracy, aroundAccuracy } = quantity.along, chance = panel.chance[quantity.name];
  const held = (v) => (v === null ? null : Math.min(Math.max(v, scale.low), scale.high));
  const curve = { type: "scatter", x: panel.x, hoverinfo: "skip", showlegend: false,
    connectgaps: chosen.preview };
  const traces = [];
  const shade = (name, around, colour, keep, more = {}) => {
    for (const [low, high] of bandsOf(panel, name, around)) {
      const edge = { ...curve, ...more, mode: "lines", line: { width: 0, color: colour } };
      traces.push({ ...edge, y: low.map(keep) });
      traces.push({ ...edge, y: high.map(keep), fill: "tonexty", fillcolor: colour + "44" });
    }
  };
  shade(quantity.name, quantity.along, ink.loss, held);
  traces.push({ ...curve, mode: 6 * panel.x.length > size.width ? "lines" : "lines+markers", y: drawn.values.map(held),
    line: { color: ink.loss, width: 2 }, marker: { size: 4 } });
  traces.push({ ...curve, mode: "markers", x: drawn.odd.map(([k]) => panel.x[k]),
    y: drawn.odd.map(() => scale.low), cliponaxis: false,
    marker: { size: 8, symbol: "x-thin", line: { color: ink.ink, width: 2 } } });
  const room = 0.04 * (scale.top - scale.bottom), ticks = ticksOf(picture, 8);
  const axis = { color: ink.ink, gridcolor: ink.line, zeroline: false, fixedrange: true };
  const layout = {
    font: ink.font, margin: { l: 64, r: accuracy ? 64 : 16, t: 8, b: 44 }, showlegend: false,
    paper_bgcolor: ink.paper, plot_bgcolor: ink.paper, dragmode: false, hovermode: false,
    xaxis: { ...axis, title: { text: flatTitle(panel.names[panel.axis], size.width - 90) }, range: [panel.x[0], panel.x[panel.x.length - 1]] },
    yaxis: { ...axis, title: { text: asText(wordOf(quantity)), font: { color: ink.loss } }, type: scale.kind,
      range: [scale.bottom - room, scale.top + room], tickmode: "array", tickvals: ticks,
      ticktext: ticks.map((t) => short(t)) },
  };
  if (panel.axis === "x" && panel.solutions.length) markEnds(panel, picture, traces, layout, ink);
  if (accuracy) {
    traces.push({ ...curve, mode: "lines", y: panel.values[accuracy], yaxis: "y2",
      line: { color: ink.accuracy, width: 2, dash: "dash" } });
    shade(accuracy, aroundAccuracy, ink.accuracy, (v) => (v === null ? null : within(v, [0, 100])), { yaxis: "y2" });
    layout.yaxis2 = { ...axis, title: { text: "accuracy (%)", font: { color: ink.accuracy } },
      overlaying: "y", side: "right", range: [-4, 104], tickmode: "linear", tick0: 0, dtick: 20, showgrid: false };
  }
  if (chance > scale.low && chance < scale.high) {
    traces.push({ ...curve, mode: "lines", meta: "chance", x: layout.xaxis.range, y: [chance, chance],
      line: { color: ink.soft, width: 1.25, dash: "dot" } });
  }
  return { data: traces, layout };
}

// The lower and upper ends of the bands around a quantity: quantiles, or standard errors.
function bandsOf(panel, name, { bands, stderr }) {
  if (bands.length || !stderr) return bands.map(([low, high]) => [panel.values[low], panel.values[high]]);
  const half = panel.values[stderr];
  const off = (sign) => panel.values[name].map((v, k) => (v === null || half[k] === null ? null : v + sign * NORMAL_95 * half[k]));
  return [[off(-1), off(1)]];
}

// A dotted line with a letter at each solution, and a dot at its own loss.
function markEnds(panel, picture, traces, layout, ink) {
  layout.margin.t = 24;
  layout.shapes = panel.solutions.map(({ x }) => ({ type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1,
    line: { color: ink.soft, width: 1, dash: "dot" } }));
  layout.annotations = panel.solutions.map(({ x }, k) => ({ x, yref: "paper", y: 1, yanchor: "bottom",
    text: LETTERS[k], showarrow: false, font: { size: 13, color: ink.ink } }));
  if (picture.quantity.name !== panel.main) return;
  traces.push({ type: "scatter", mode: "markers", hoverinfo: "skip", showlegend: false,
    x: panel.ends.map(([x]) => x), y: panel.ends.map(([, loss]) => loss),
    marker: { size: 10, color: ink.ink, line: { color: ink.paper, width: 1.5 } } });
}

function bandWords({ along }) {
  const { bands, stderr } = along;
  if (bands.length) return `, bands: ${bands.map(([, , words]) => words).join(" and ")} of the random draws`;
  return stderr ? ", band ± 1.96 standard errors" : "";
}
