// How the surfaces are arranged: side by side, one at a time, or as a difference of two on one grid.
// app.given is what the page holds; app.data what is shown of it.

app.given = null;
app.arrangement = { how: null, a: 0, b: 1, frame: 0 };

function arranged(given) {
  const { how, a, b, frame } = app.arrangement;
  if (how === "one" && given.panels.length > 1) {
    const n = Math.min(frame, given.panels.length - 1);
    return { ...given, panels: [given.panels[n]], all: given.panels };
  }
  if ((how === "minus" || how === "ratio") && comparable(given, a, b)) return differenceOf(given, a, b, how);
  return given;
}

function comparable({ panels }, a, b) {
  const [one, other] = [panels[a], panels[b]];
  const same = (u, v) => (u === null || v === null ? u === v : u.length === v.length && u.every((c, k) => c === v[k]));
  return Boolean(one && other && a !== b && same(one.x, other.x) && same(one.y, other.y));
}

function arrange(changes) {
  Object.assign(app.arrangement, changes);
  return show(arranged(app.given));
}

// One network in successive states is shown one state at a time.
function usualHow({ sequence, layout }) {
  return sequence && layout !== "gallery" ? "one" : "each";
}

const HOWS = [["each", "Side by side"], ["one", "One at a time"], ["minus", "Difference A − B"], ["ratio", "Log ratio A / B"]];
const howChoice = element("select", { id: "how", "aria-label": "Arrangement" },
  ...HOWS.map(([value, words]) => element("option", { value }, words)));
const [firstChoice, secondChoice] = ["A", "B"].map((name) => element("select", { id: "surface-" + name, "aria-label": "Surface " + name }));
const frameSlider = element("input", { type: "range", id: "frame", min: "0", step: "1", "aria-label": "Surface shown" });
const frameName = element("output", { for: "frame" });
const whyNot = element("span", { class: "soft" });
toolbar.append(howChoice, firstChoice, secondChoice, frameSlider, frameName, whyNot);

howChoice.addEventListener("change", () => arrange({ how: howChoice.value }));
firstChoice.addEventListener("change", () => arrange({ a: Number(firstChoice.value) }));
secondChoice.addEventListener("change", () => arrange({ b: Number(secondChoice.value) }));
frameSlider.addEventListener("input", () => arrange({ frame: Number(frameSlider.value) }));

function showArrangement() {
  const { panels, layout } = app.given, { how, a, b, frame } = app.arrangement;
  const differing = how === "minus" || how === "ratio", many = panels.length > 1 && layout !== "gallery";
  howChoice.hidden = !many;
  howChoice.value = how;
  frameSlider.hidden = frameName.hidden = !many || how !== "one";
  frameSlider.max = panels.length - 1;
  frameSlider.value = frame;
  frameName.textContent = panels[Math.min(frame, panels.length - 1)].title;
  frameSlider.setAttribute("aria-valuetext", frameName.textContent);
  for (const [choice, at] of [[firstChoice, a], [secondChoice, b]]) {
    choice.hidden = !many || !differing;
    choice.replaceChildren(...panels.map((panel, k) => element("option", { value: k }, panel.title)));
    choice.value = at;
  }
  whyNot.textContent = differing && !comparable(app.given, a, b)
    ? (a === b ? "Choose two surfaces." : "These two are on different grids, so they have no difference.") : "";
}

tools.push({
  drawn: showArrangement,
  write(put) {
    const { how, a, b, frame } = app.arrangement;
    if (how !== usualHow(app.given)) put("show", how);
    if (how === "one") put("surface", frame + 1);
    if (how === "minus" || how === "ratio") put("of", `${a + 1},${b + 1}`);
  },
  read(get) {
    const [a, b] = (get("of") || "1,2").split(",").map((v) => Number(v) - 1), { given } = app;
    const how = HOWS.some(([name]) => name === get("show")) ? get("show") : usualHow(given);
    const held = (v, other) => (given.panels[v] ? v : other);
    app.arrangement = { how, a: held(a, 0), b: held(b, 1), frame: held(Number(get("surface")) - 1, 0) };
  },
});
