// A small chart of lines with bands: loss or accuracy along a cut, or by step.

const LINE_INKS = ["loss", "accuracy", "path", "path-1", "path-2", "path-3"];

function lineInk(n) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + LINE_INKS[n % LINE_INKS.length]).trim();
}

// lines: {name, y, low, high, colour, dash}; at: a place to mark along x.
function drawChart(box, { x, lines, across, up, log = false, at = null, range }) {
  const ink = inks(), held = lines.flatMap(({ y, low = [], high = [] }) => [...y, ...low, ...high])
    .filter((v) => v !== null && (!log || v > 0));
  // A band that reaches 0 would end there on a log scale: it goes on below the lowest value instead.
  const least = Math.min(...held), [bottom, top] = range || [least, Math.max(...held)];
  const positive = (values) => (log ? values.map((v) => (v === null || v > 0 ? v : least / 10)) : values);
  const scale = new Scale(log ? "log" : "linear", ...widened(log ? "log" : "linear", bottom, top)), ticks = scale.ticks(5);
  const room = 0.04 * (scale.top - scale.bottom);
  const base = { type: "scatter", x, hoverinfo: "skip", showlegend: false, connectgaps: false };
  const traces = lines.flatMap(({ name, y, low, high, colour, dash = "solid" }) => [
    ...(low ? [{ ...base, mode: "lines", y: positive(low), line: { width: 0, color: colour } },
      { ...base, mode: "lines", y: positive(high), line: { width: 0, color: colour }, fill: "tonexty", fillcolor: colour + "44" }] : []),
    { ...base, mode: "lines", y: positive(y), meta: name, line: { color: colour, width: 2, dash } },
  ]);
  const axis = { color: ink.ink, gridcolor: ink.line, zeroline: false, fixedrange: true, automargin: true, nticks: 6 };
  return Plotly.react(box, traces, {
    font: ink.font, margin: { l: 56, r: 12, t: 8, b: 40 }, showlegend: false, dragmode: false, hovermode: false,
    paper_bgcolor: ink.paper, plot_bgcolor: ink.paper,
    xaxis: { ...axis, title: { text: across, standoff: 4 }, range: [x[0], x[x.length - 1]] },
    yaxis: { ...axis, title: { text: up, standoff: 4 }, type: scale.kind, range: [scale.bottom - room, scale.top + room],
      tickmode: "array", tickvals: ticks, ticktext: ticks.map((t) => short(t)) },
    shapes: at === null ? [] : [{ type: "line", x0: at, x1: at, yref: "paper", y0: 0, y1: 1, line: { color: ink.ink, width: 1, dash: "dot" } }],
  }, CONFIG);
}

// Names of lines with their colours, as text: plotly interprets markup.
function chartKey(lines) {
  return element("ul", { class: "key" }, ...lines.map(({ name, colour, dash }) => {
    const item = element("li", { class: dash ? "dashed" : "" }, name);
    item.style.setProperty("--ink-of-line", colour);
    return item;
  }));
}
