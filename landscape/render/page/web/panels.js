// One figure per surface: its title, its picture in each view, a legend, a caption.

const VIEW_WORDS = { surface: "3-D surface", contour: "Contours", curve: "Curve" };
const CONFIG = { displaylogo: false, displayModeBar: false, doubleClick: false };

function buildPanels() {
  drawnPanels().forEach(release);
  app.panels = app.data.panels.map((_, k) => buildPanel(k));
  byId("panels").replaceChildren(...app.panels.map((panel) => panel.figure));
  if (app.data.kind === "plane") app.panels.forEach((_, k) => wireScene(k));
}

function buildPanel(k) {
  const views = app.data.kind === "plane" ? ["surface", "contour"] : ["curve"];
  const plots = Object.fromEntries(views.map((view) => [view, element("div", {
    class: "plot " + view, tabindex: "0", role: "application", "aria-describedby": "hint",
  })]));
  const panel = {
    plots,
    shown: {},
    title: element("h2", { id: "title-" + k }),
    still: element("canvas", { class: "still", "aria-hidden": "true" }),
    cross: element("div", { class: "cross" }),
    ring: element("div", { class: "ring" }),
    legend: element("ul", { class: "legend" }),
    source: element("p"),
    notes: element("ul", { class: "notes" }),
    reading: element("p", { class: "reading" }),
  };
  for (const name of ["below", "above"]) panel[name] = shape("svg", { class: "layer " + name, "aria-hidden": "true" });
  panel.cross.hidden = panel.ring.hidden = panel.still.hidden = true;
  panel.stage = element("div", { class: "stage" }, panel.below, panel.still, ...Object.values(plots), panel.above,
    panel.cross, panel.ring);
  panel.figure = element("figure", { "aria-labelledby": "title-" + k }, panel.title, panel.stage,
    ...(app.data.layout === "gallery" ? cardOf(app.data.panels[k], panel) : [panel.legend, element("figcaption", {}, panel.source, panel.notes)]));
  return panel;
}

function showPanel(k) {
  const { data, chosen, picture } = app;
  const panel = app.panels[k], drawn = picture.panels[k], source = data.panels[k];
  panel.title.textContent = source.title;
  for (const [view, plot] of Object.entries(panel.plots)) {
    plot.hidden = view !== chosen.view;
    plot.setAttribute("aria-label", `${VIEW_WORDS[view]}: ${source.title}`);
  }
  panel.legend.replaceChildren(...legendOf(drawn).map(([sign, words, kind]) =>
    element("li", { "data-sign": sign, class: kind || "" }, words)));
  const caption = [source.captions[chosen.quantity], source.axes].filter(Boolean).join(" ");
  const paths = chosen.trajectory ? source.trajectories.map((path) => path.words).filter(Boolean) : [];
  const notes = [...drawn.notes, ...paths].map((note) => element("li", {}, note));
  panel.source.textContent = caption;
  panel.notes.replaceChildren(...notes);
  panel.notes.hidden = !notes.length;
}

function legendOf(drawn) {
  const { chosen, picture, data } = app, { quantity } = picture;
  const entries = [];
  if (data.kind === "plane" && drawn.best !== null) {
    const word = quantity.better === "higher" ? "highest" : "lowest";
    const [x, y] = placeAt(drawn.panel, drawn.best);
    const value = withUnit(short(drawn.values[drawn.best], 4), quantity.unit);
    entries.push(["○", `${word}, ${value} at x = ${short(x)}, y = ${short(y)}`]);
  }
  if (data.kind === "line") {
    const { accuracy } = quantity.along;
    entries.push(["—", wordOf(quantity) + bandWords(quantity), "loss"]);
    if (accuracy) entries.push(["- -", "accuracy (%)", "accuracy"]);
    const chance = drawn.panel.chance[quantity.name], { scale } = picture;
    if (chance > scale.low && chance < scale.high) entries.push(["·····", `chance level, ${short(chance)}`]);
    if (drawn.panel.at) entries.push(["", drawn.panel.at]);
  }
  drawn.panel.solutions.forEach((s, n) => {
    const places = [["x", s.x], ["y", s.y]].slice(0, data.kind === "plane" ? 2 : 1);
    entries.push(["● " + LETTERS[n], `${s.name} at ${places.map(([a, v]) => `${a} = ${short(v)}`).join(", ")}`]);
  });
  if (drawn.odd.length) entries.push(["×", "not finite"]);
  if (chosen.trajectory) {
    const ends = drawn.panel.solutions.length ? "" : ", from □ to ◆";
    const on = ends + (chosen.view === "surface" ? ", drawn on the surface" : "");
    drawn.panel.trajectories.forEach((path, n) => entries.push(["•–•", path.name + on, "path path-" + n % 6]));
    if (drawn.panel.trajectories.some((path) => path.off.length)) {
      entries.push(["◦- -◦", "own loss differs from the plane's by more than 10\u00a0%", "path"]);
    }
  }
  return entries;
}

// Draws one panel in the current view; returns when plotly has.
async function drawPanel(k) {
  const { data, chosen, picture } = app, panel = app.panels[k], { view } = chosen, first = !panel.shown[view];
  if (view === "surface") await drawScene(k);
  else {
    const spec = (view === "contour" ? contourSpec : curveSpec)(data, picture, picture.panels[k], chosen, sizeOf(panel.stage));
    await Plotly.react(panel.plots[view], spec.data, { ...spec.layout, ...sizeOf(panel.stage) }, CONFIG);
  }
  if (first) {
    panel.shown[view] = true;
    panel.still.hidden = true;
    if (view !== "surface") wireFlat(panel.plots[view], k);
    tell("wired", panel.plots[view], k);
  }
  showScene(k);
}
