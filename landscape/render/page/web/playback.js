// A path step by step: its own loss beside that of the plane. Whoever wants less motion steps by hand.

const STEP_MS = 350;
const lessMotion = window.matchMedia("(prefers-reduced-motion: reduce)");

app.playing = null;
let at = null; // the step shown: the pointer may leave the path meanwhile

const playButton = element("button", { type: "button", id: "play" }, "▶ Play");
const stepSlider = element("input", { type: "range", id: "step-slider", min: "0", step: "1", "aria-label": "Step of the path" });
const stepName = element("output", { for: "step-slider" });
const runChoice = element("select", { id: "run", "aria-label": "Path" });
const pathChart = element("div", { class: "chart", id: "path-chart", role: "img" });
const pathKey = element("div");
const playback = finding("path", "Along the path", () => stopPath(),
  element("p", { class: "fields" }, runChoice, playButton, stepSlider, stepName), pathKey, pathChart);

// All paths of the shown panels, as {panel, path}.
function runsShown() {
  return app.data.kind !== "plane" ? [] : app.data.panels.flatMap((p, panel) => p.trajectories.map((_, path) => ({ panel, path })));
}

const pathButton = toggle("path-button", "Path step by step", "The loss of each step beside that of the plane (keys comma and period)", () => {
  if (playback.hidden) goTo(app.chosen.step || { ...runsShown()[0], step: 0 });
  else stopPath();
});

function stopPath() {
  pause();
  setMark(null);
  playback.hidden = true;
  pathButton.setAttribute("aria-pressed", "false");
}

function goTo(step) {
  playback.hidden = false;
  at = step;
  pointAtStep(step);
}

function pause() {
  clearInterval(app.playing);
  app.playing = null;
  playButton.textContent = lessMotion.matches ? "Next step" : "▶ Play";
}

function runOf({ panel, path }) {
  return app.data.panels[panel].trajectories[path];
}

// Whether a panel that is shown has that step of a path.
function isStep({ panel, path, step }) {
  const shown = app.data.panels[panel], run = shown && shown.trajectories[path];
  return Boolean(run) && step in run.x;
}

function stepOn() {
  const next = { ...at, step: at.step + 1 };
  if (isStep(next)) goTo(next);
  else pause();
}

playButton.addEventListener("click", () => {
  if (app.playing) return pause();
  if (at.step + 1 >= runOf(at).x.length) goTo({ ...at, step: 0 });
  if (lessMotion.matches) return stepOn();
  app.playing = setInterval(stepOn, STEP_MS);
  playButton.textContent = "Pause";
  return undefined;
});
stepSlider.addEventListener("input", () => goTo({ ...at, step: Number(stepSlider.value) }));
runChoice.addEventListener("change", () => goTo({ ...runsShown()[Number(runChoice.value)], step: 0 }));

let shownStep = "";

function showPath() {
  const { trajectory } = app.chosen, runs = runsShown();
  at = playback.hidden ? null : app.chosen.step || at;
  if (at && !isStep(at)) {
    pause();
    playback.hidden = true;
    at = null;
  }
  const step = at;
  pathButton.hidden = !runs.length || !trajectory;
  pathButton.setAttribute("aria-pressed", String(!playback.hidden));
  const asked = JSON.stringify([step, playback.hidden, themeName(), app.arrangement]);
  if (!step || playback.hidden || asked === shownStep) return;
  shownStep = asked;
  const panel = app.data.panels[step.panel], run = runOf(step), x = run.step || run.x.map((_, k) => k);
  runChoice.replaceChildren(...runs.map((r, n) => element("option", { value: n },
    `${app.data.panels[r.panel].trajectories[r.path].name}${app.data.panels.length > 1 ? ", " + app.data.panels[r.panel].title : ""}`)));
  runChoice.value = runs.findIndex((r) => r.panel === step.panel && r.path === step.path);
  stepSlider.max = run.x.length - 1;
  stepSlider.value = step.step;
  stepName.textContent = stepWords(step);
  stepSlider.setAttribute("aria-valuetext", stepName.textContent);
  const lines = [["loss", "loss of the network itself", lineInk(0)], ["plane_loss", "loss on the plane", lineInk(1)]]
    .filter(([name]) => run[name]).map(([name, words, colour], n) => ({ name: words, y: run[name], colour, ...(n ? { dash: "dash" } : {}) }));
  pathChart.hidden = !lines.length;
  if (!lines.length) return;
  const log = lines.every((line) => line.y.every((v) => v === null || v > 0));
  pathKey.replaceChildren(chartKey(lines));
  pathChart.setAttribute("aria-label", stepName.textContent);
  drawChart(pathChart, { x, lines, across: run.step ? "step" : "checkpoint", up: withUnit("loss", panel.lossUnit && `(${panel.lossUnit})`), log, at: x[step.step] });
}

tools.push({
  built() { pause(); playback.hidden = true; shownStep = ""; },
  drawn: showPath,
  placed: showPath,
  write(put) {
    if (at) put("step", [at.panel + 1, at.path + 1, at.step].join(","));
  },
  ready(get) {
    const [panel, path, step] = (get("step") || "").split(",").map(Number), asked = { panel: panel - 1, path: path - 1, step };
    if (isStep(asked)) goTo(asked);
  },
});
pause();
