// A slider over the random draws of a quantity, on one scale.

const drawSlider = element("input", { type: "range", id: "draw", min: "0", step: "1", "aria-label": "Random draw" });
const drawName = element("output", { for: "draw" });
toolbar.append(drawSlider, drawName);

// The quantity over all draws to which a quantity belongs, or null.
function parentOf(quantity) {
  return app.data.quantities.find((q) => q.draws.length && (q === quantity || q.draws.includes(quantity.name))) || null;
}

drawSlider.addEventListener("input", () => {
  const parent = parentOf(app.picture.quantity), n = Number(drawSlider.value);
  app.chosen.quantity = n ? parent.draws[n - 1] : parent.name;
  draw();
});

tools.push({
  drawn() {
    const { quantity } = app.picture, parent = parentOf(quantity);
    drawSlider.hidden = drawName.hidden = !parent;
    if (!parent) return;
    const n = parent.draws.indexOf(quantity.name) + 1;
    drawSlider.max = parent.draws.length;
    drawSlider.value = n;
    drawName.textContent = n ? `draw ${n} of ${parent.draws.length}` : `all ${parent.draws.length} draws`;
    drawSlider.setAttribute("aria-valuetext", drawName.textContent);
  },
});
