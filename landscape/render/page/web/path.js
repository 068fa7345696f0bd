// Trajectories of training runs: where the plane is faithful to them, and the values of each step.

const DASHES = 4;
// Visible on dark and light shades; the first is also that of the mark.
const PATH_COLOURS = ["#ff2d78", "#00c8ff", "#ffa200", "#c08bff", "#ffffff", "#000000"];

function pathColour(n) {
  return PATH_COLOURS[n % PATH_COLOURS.length];
}

// The steps whose loss differs from the plane's, as a set of indices.
function offSteps(path) {
  return new Set(path.off);
}

// The lines between neighbouring steps: solid where the plane is faithful at both ends, else dashed.
function pathLines(path) {
  const off = offSteps(path), lines = [];
  const between = (k, t) => [path.x[k] + t * (path.x[k + 1] - path.x[k]),
    path.y[k] + t * (path.y[k + 1] - path.y[k])];
  for (let k = 0; k + 1 < path.x.length; k += 1) {
    if (!off.has(k) && !off.has(k + 1)) {
      const last = lines[lines.length - 1];
      if (last && last.until === k) {
        last.places.push(between(k, 1));
        last.until = k + 1;
      } else lines.push({ places: [between(k, 0), between(k, 1)], until: k + 1 });
      continue;
    }
    for (let d = 0; d < DASHES; d += 1) {
      lines.push({ places: [between(k, d / DASHES), between(k, (d + 0.55) / DASHES)], until: null });
    }
  }
  return lines.map((line) => line.places);
}

// The values of a step as text; unknown ones are left out.
function stepWords({ panel, path, step }) {
  const run = app.data.panels[panel].trajectories[path], off = offSteps(run).has(step);
  const unit = app.data.panels[panel].lossUnit;
  const of = (name) => (run[name] && run[name][step] !== null ? run[name][step] : null);
  const number = of("step");
  const where = number === null ? `checkpoint ${step}` : `step ${short(number, 6)}`;
  const words = [];
  if (run.loss) words.push("own loss " + (of("loss") === null ? "not finite" : withUnit(short(of("loss"), 4), unit)));
  if (run.plane_loss) {
    words.push("on the plane " + (of("plane_loss") === null ? "not finite" : withUnit(short(of("plane_loss"), 4), unit))
      + (off ? " (differs by more than 10\u00a0%)" : ""));
  }
  if (of("distance") !== null) words.push(short(of("distance"), 4) + " from the plane");
  return `${run.name}, ${where}${words.length ? ": " + words.join(", ") : ""}`;
}

// The step of panel k nearest to a place of its 2-D view, within reach; or null.
const REACH = 12;

function stepAt(k, plot, left, top) {
  if (app.data.kind !== "plane" || !app.chosen.trajectory) return null;
  const { xaxis, yaxis } = plot._fullLayout;
  let found = null, nearest = REACH;
  app.data.panels[k].trajectories.forEach((path, n) => path.x.forEach((x, step) => {
    const far = Math.hypot(xaxis.d2p(x) - left, yaxis.d2p(path.y[step]) - top);
    if (far < nearest) [found, nearest] = [{ panel: k, path: n, step }, far];
  }));
  return found;
}

function placeOfStep({ panel, path, step }) {
  const run = app.data.panels[panel].trajectories[path];
  return { x: run.x[step], y: run.y[step] };
}

// Goes to the next step of the paths of panel k by the keys "," and "."; returns whether it was one.
function moveStep(event, k) {
  const by = { ",": -1, ".": 1 }[event.key], runs = app.data.panels[k].trajectories;
  if (!by || !runs.length || !app.chosen.trajectory || event.ctrlKey || event.metaKey) return false;
  event.preventDefault();
  const all = runs.flatMap((run, path) => run.x.map((_, step) => ({ panel: k, path, step })));
  const { step: from } = app.chosen;
  const now = from && from.panel === k
    ? all.findIndex((s) => s.path === from.path && s.step === from.step) : by > 0 ? -1 : 0;
  pointAtStep(all[(now + by + all.length) % all.length]);
  return true;
}

// Moves the mark to the sampled point nearest to the step, if the step is within the grid.
function pointAtStep(step) {
  const panel = app.data.panels[step.panel], index = indexAt(panel, placeOfStep(step));
  setMark(index === null ? null : placeOfIndex(panel, index), step);
}
