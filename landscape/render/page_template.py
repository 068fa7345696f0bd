"""The page around the panels: light, readable, one column on a phone."""

from __future__ import annotations

from string import Template

PANEL = Template("""<figure>
<h2>$title</h2>
<div class="plot" id="plot-$number"></div>
<figcaption><p>$caption $best</p>$notes</figcaption>
</figure>""")

# The policy lets nothing be fetched from anywhere; plotly.js needs inline scripts and blobs.
PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';
  script-src 'unsafe-inline' 'unsafe-eval';
  style-src 'unsafe-inline'; img-src data: blob:; font-src data:; worker-src blob:">
<title>$heading</title>
<style>
body { margin: 0 auto; max-width: 90rem; padding: 1rem; background: #fff; color: #222;
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 0; text-align: center; }
.hint { margin: 0 0 .75rem; color: #555; font-size: .9rem; }
.panels { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
figure { margin: 0; min-width: 0; }
.plot { height: clamp(18rem, 62vh, 38rem); }
@media (max-width: 40rem) { .plot { height: 82vw; margin: 0 .75rem; } }
figcaption { font-size: .9rem; max-width: 44rem; margin: .25rem auto 0; }
figcaption p, figcaption ul { margin: 0 0 .25rem; }
.bar { max-width: 40rem; margin: 0 auto 1rem; padding: 0 1.5rem; font-size: .85rem; }
.bar .label { text-align: center; }
.bar .ramp { height: .8rem; border: 1px solid #888; }
.bar .marks { position: relative; height: 1.3em; }
.bar .marks span { position: absolute; white-space: nowrap; transform: translateX(-50%); }
</style>
</head>
<body>
<h1>$heading</h1>
<p class="hint">$hint</p>
$bar
<noscript><p>This page draws with JavaScript, which is switched off here.</p></noscript>
<main class="panels">
$panels
</main>
<script type="application/json" id="panels-data">$data</script>
<script>$plotly</script>
<script>
const panels = JSON.parse(document.getElementById("panels-data").textContent);
const plots = panels.map((panel, k) => document.getElementById("plot-" + k));
const config = { responsive: true, displaylogo: false, displayModeBar: false };
let following = false;
function follow(source, event) {
  const camera = event && event["scene.camera"];
  if (!camera || following) return;
  following = true;
  const others = plots.filter((plot) => plot !== source);
  Promise.all(others.map((plot) => Plotly.relayout(plot, { "scene.camera": camera })))
    .finally(() => { following = false; });
}
plots.forEach((plot, k) => {
  const scene = panels[k].layout.scene;
  // In a narrow scene the labels need more of the width.
  if (scene && plot.clientWidth < 480) {
    for (const axis of "xyz") scene.camera.eye[axis] *= 1.22;
    scene.zaxis.title.text = "";
  }
  Plotly.newPlot(plot, panels[k].data, panels[k].layout, config).then(() => {
    if (!panels[k].layout.scene || plots.length < 2) return;
    plot.on("plotly_relayouting", (event) => follow(plot, event));
    plot.on("plotly_relayout", (event) => follow(plot, event));
  });
});
</script>
</body>
</html>
""")
