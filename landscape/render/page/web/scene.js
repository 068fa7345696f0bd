// A panel in 3-D: plotly draws the surface alone; its box, text and marks are layers below and above.
// What is pointed at is no part of plotly's data: a surface is lit by the bounds of all of them.

// The surface is pointed at by its own geometry: plotly's drawing for picking would cost as much again.
const SCENE_CONFIG = { displayModeBar: false, scrollZoom: false, doubleClick: false,
  plotGlPixelRatio: Math.max(1, Math.min(window.devicePixelRatio || 1, 2)) };

// Plotly writes the alpha of isolines into the picture, so that the box behind would shine through the
// surface along them: they are mixed with the surface instead.
if (window.WebGLRenderingContext) {
  const kind = WebGLRenderingContext.prototype, { drawArrays } = kind;
  kind.drawArrays = function drawMixed(mode, ...vertices) {
    const mixed = mode === this.LINES && !this.isEnabled(this.BLEND);
    if (mixed) {
      this.enable(this.BLEND);
      this.blendFuncSeparate(this.SRC_ALPHA, this.ONE_MINUS_SRC_ALPHA, this.ONE, this.ONE_MINUS_SRC_ALPHA);
    }
    drawArrays.call(this, mode, ...vertices);
    if (mixed) this.disable(this.BLEND);
  };
}

// Plotly measures texts, if only an empty one, in a canvas that a browser would have to fetch from its graphics
// process, unless it knows that the pixels are read.
const { getContext } = HTMLCanvasElement.prototype;
HTMLCanvasElement.prototype.getContext = function getReadable(kind, ...options) {
  const large = kind === "2d" && this.width === 8192;
  return large ? getContext.call(this, kind, { willReadFrequently: true }) : getContext.call(this, kind, ...options);
};

// The step between isolines in height: on a log scale a part of a decade.
function isolines({ scale, levels }) {
  const count = typeof levels === "number" ? levels : scale.kind === "log" ? 18 : 12, high = scale.top - scale.bottom;
  const steps = scale.kind === "log" ? [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20] : null;
  const size = steps ? steps.find((s) => high / s <= 1.25 * count) || 50
    : (() => { const t = evenSteps(scale.low, scale.high, count); return t.length > 1 ? t[1] - t[0] : high; })();
  const first = Math.ceil(scale.bottom / size + 1e-6) * size;
  const last = scale.top - 0.02 * high;
  return { start: first, end: Math.max(last, first), size };
}

// Words for an axis: short, unless that would say nothing.
function wordOf(quantity) {
  const { word } = quantity;
  return word === "value" ? unitLabel(quantity) : ["nats", "%"].includes(quantity.unit) ? `${word} (${quantity.unit})` : word;
}

function sceneSpec(picture, drawn, camera) {
  const { scale } = picture, fine = fineOf(drawn), lid = 0.005 * (scale.top - scale.bottom);
  const surface = {
    type: "surface", x: fine.x, y: fine.y, z: fine.rows,
    cmin: scale.bottom, cmax: scale.top, colorscale: picture.colours, showscale: false,
    connectgaps: false, hoverinfo: "skip",
    contours: { x: { highlight: false }, y: { highlight: false },
      z: { highlight: false, show: true, ...isolines(picture), color: "rgba(0,0,0,0.55)", width: 1 } },
    lighting: { ambient: 0.42, diffuse: 0.58, specular: 0.05, roughness: 0.5, fresnel: 0.05 },
    lightposition: { x: -2e4, y: -1e4, z: 6e4 },
  };
  // An axis that is not visible would still have its texts traced and triangulated, a fifth of the time of opening.
  const axis = (range) => ({
    range, title: { text: "" }, tickmode: "array", tickvals: [], ticks: "", showticklabels: false, showgrid: false,
    showline: false, zeroline: false, showspikes: false, showbackground: false,
  });
  const ends = (values) => [values[0], values[values.length - 1]];
  const layout = {
    margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)", showlegend: false, hovermode: false,
    scene: {
      bgcolor: "rgba(0,0,0,0)", dragmode: false, hovermode: false, camera,
      aspectmode: "manual", aspectratio: { x: 1, y: 1, z: BOX_HEIGHT },
      xaxis: axis(ends(drawn.panel.x)), yaxis: axis(ends(drawn.panel.y)),
      // A plateau of clipped values is level with the top of the box, which would cut it.
      zaxis: axis([scale.bottom - lid, scale.top + lid]),
    },
  };
  return { data: [surface], layout };
}

// The view of a scene on a canvas of that size.
function sceneView(size) {
  return viewOf(app.camera, { ...size, room: roomOf(size, app.picture) });
}

// Everything of a panel's scene but the surface: what lies below it, and above it.
function sceneLayers(k, view, pointed = true) {
  const { picture, chosen } = app, drawn = picture.panels[k], ink = inks();
  const labels = new Labels(view.width, view.height, ink);
  const ticks = axesText(view, drawn, picture, ink, labels);
  const marks = sceneMarks(view, drawn, picture, chosen, ink, k);
  const onLines = isolineLabels(view, drawn, picture, labels, marks);
  const now = pointed ? pointedMarks(view, drawn, picture, chosen, ink, k) : [];
  return { below: walls(view, drawn, picture, ink), above: [...ticks, ...onLines, ...marks, ...now, ...labels.texts] };
}

function sizeOf(stage) {
  return { width: stage.clientWidth, height: stage.clientHeight };
}

// Shows the layers of a panel, and its surface from where they are seen.
function showScene(k) {
  const panel = app.panels[k], flat = app.chosen.view !== "surface";
  for (const name of ["below", "above"]) panel[name].toggleAttribute("hidden", flat);
  const size = sizeOf(panel.stage);
  if (flat || !size.width) return;
  panel.sight = sceneView(size);
  const layers = sceneLayers(k, panel.sight);
  for (const name of ["below", "above"]) {
    panel[name].setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
    panel[name].replaceChildren(...layers[name]);
  }
  const scene = panel.shown.surface && sceneOf(panel.plots.surface);
  if (!scene) return;
  const camera = { ...plotlyCamera(panel.sight), projection: { type: "perspective" } };
  scene.setViewport({ camera, aspectratio: { x: 1, y: 1, z: BOX_HEIGHT } });
  scene.glplot.redraw();
}

// Pointing changes marks alone: the surface is not drawn again.
function showMarks(k) {
  const panel = app.panels[k];
  if (panel.sight) panel.above.replaceChildren(...sceneLayers(k, panel.sight).above);
}

function sceneOf(plot) {
  const layout = plot && plot._fullLayout;
  return layout && layout.scene && layout.scene._scene;
}

// Draws a surface; the first time in two steps, as the second must find a scene that does not pick.
async function drawScene(k) {
  const panel = app.panels[k], plot = panel.plots.surface;
  const size = sizeOf(panel.stage);
  panel.sight = sceneView(size);
  const spec = sceneSpec(app.picture, app.picture.panels[k], plotlyCamera(panel.sight));
  const layout = { ...spec.layout, ...size };
  if (!sceneOf(plot)) {
    await Plotly.react(plot, [{ type: "surface", visible: "legendonly", z: [[0, 0], [0, 0]] }], layout, SCENE_CONFIG);
    const { glplot } = sceneOf(plot), add = glplot.add;
    glplot.add = (object) => {
      object.pickSlots = 0;
      add(object);
    };
  }
  await Plotly.react(plot, spec.data, layout, SCENE_CONFIG);
}
