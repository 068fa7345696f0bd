// A line through weight space as a curve for plotly: band of ±1.96 standard errors, and accuracy.

const NORMAL_95 = 1.96;

function curveSpec(data, picture, drawn, chosen) {
  const { scale, quantity } = picture, { panel } = drawn, ink = inks();
  const { stderr, accuracy } = companions(quantity);
  const held = (v) => (v === null ? null : Math.min(Math.max(v, scale.low), scale.high));
  const curve = { type: "scatter", x: panel.x, hoverinfo: "skip", showlegend: false,
    connectgaps: chosen.preview };
  const traces = [];
  if (stderr) {
    const half = panel.values[stderr];
    const off = (sign) => drawn.values.map((v, k) => (v === null || half[k] === null
      ? null : held(v + sign * NORMAL_95 * half[k])));
    const edge = { ...curve, mode: "lines", line: { width: 0, color: ink.loss } };
    traces.push({ ...edge, y: off(-1) });
    traces.push({ ...edge, y: off(1), fill: "tonexty", fillcolor: ink.loss + "44" });
  }
  traces.push({ ...curve, mode: "lines+markers", y: drawn.values.map(held),
    line: { color: ink.loss, width: 2 }, marker: { size: 4 } });
  traces.push({ ...curve, mode: "markers", x: drawn.odd.map(([k]) => panel.x[k]),
    y: drawn.odd.map(() => scale.low), cliponaxis: false,
    marker: { size: 8, symbol: "x-thin", line: { color: ink.ink, width: 2 } } });
  const room = 0.04 * (scale.top - scale.bottom), ticks = ticksOf(picture, 8);
  const axis = { color: ink.ink, gridcolor: ink.line, zeroline: false, fixedrange: true };
  const layout = {
    font: ink.font, margin: { l: 64, r: accuracy ? 64 : 16, t: 8, b: 44 }, showlegend: false,
    paper_bgcolor: ink.paper, plot_bgcolor: ink.paper, dragmode: false, hovermode: false,
    xaxis: { ...axis, title: { text: panel.axis }, range: [panel.x[0], panel.x[panel.x.length - 1]] },
    yaxis: { ...axis, title: { text: wordOf(quantity), font: { color: ink.loss } }, type: scale.kind,
      range: [scale.bottom - room, scale.top + room], tickmode: "array", tickvals: ticks,
      ticktext: ticks.map((t) => short(t)) },
  };
  if (accuracy) {
    traces.push({ ...curve, mode: "lines", y: panel.values[accuracy], yaxis: "y2",
      line: { color: ink.accuracy, width: 2, dash: "dash" } });
    layout.yaxis2 = { ...axis, title: { text: "accuracy (%)", font: { color: ink.accuracy } },
      overlaying: "y", side: "right", range: [0, 100], tickmode: "linear", dtick: 20, showgrid: false };
  }
  return { data: traces, layout };
}

// The standard error of what is drawn, and for a loss the accuracy on the same split.
function companions(quantity) {
  const beside = quantity.beside;
  if (quantity.loss && quantity.name === beside.loss) {
    return { stderr: beside.loss_stderr, accuracy: beside.accuracy };
  }
  if (quantity.name === beside.accuracy) return { stderr: beside.accuracy_stderr };
  return {};
}
