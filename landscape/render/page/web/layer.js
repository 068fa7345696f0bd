// A drawing above each plot, for what tools mark in it: pins, cuts, hatches, level sets. A tool has a
// function layer(k, to), which returns shapes; to(x, y) gives the pixel of a place, null where there is
// none.

function toolShapes(k, to) {
  return tools.flatMap((tool) => (tool.layer ? tool.layer(k, to) : []));
}

function drawLayers() {
  app.panels.forEach((panel, k) => {
    const { view } = app.chosen, plot = panel.plots[view], scene = view === "surface";
    const drawn = app.picture && app.picture.panels[k] && plot && (scene ? panel.sight : panel.shown[view]);
    const shapes = drawn ? toolShapes(k, scene ? scenePlacer(k, panel.sight) : flatPlacer(k, plot)) : [];
    panel.layer.replaceChildren(...shapes);
    if (!shapes.length) return;
    panel.layer.style.left = plot.offsetLeft + "px";
    panel.layer.style.top = plot.offsetTop + "px";
    panel.layer.setAttribute("width", plot.clientWidth);
    panel.layer.setAttribute("height", plot.clientHeight);
  });
}

// The pixel within a flat plot of a place of panel k.
function flatPlacer(k, plot) {
  const { xaxis, yaxis } = plot._fullLayout, drawn = app.picture.panels[k];
  return (x, y) => {
    if (app.data.kind === "plane") return [xaxis._offset + xaxis.d2p(x), yaxis._offset + yaxis.d2p(y)];
    const height = drawn.heights[indexAt(drawn.panel, { x })];
    return height === null || height === undefined ? null
      : [xaxis._offset + xaxis.d2p(x), yaxis._offset + yaxis.l2p(height)];
  };
}

// On the surface, as a view sees it.
function scenePlacer(k, view) {
  const drawn = app.picture.panels[k], box = boxOf(drawn, app.picture);
  return (x, y) => {
    const height = heightAt(drawn, x, y);
    return height === null ? null : pixelOf(view, [box.acrossOf(x), box.alongOf(y), box.upOf(height)]);
  };
}

tools.push({
  built() {
    for (const panel of app.panels) {
      panel.layer = shape("svg", { class: "marked", "aria-hidden": "true" });
      panel.stage.append(panel.layer);
    }
  },
  drawn: drawLayers,
  placed: drawLayers,
  turned: drawLayers,
});
