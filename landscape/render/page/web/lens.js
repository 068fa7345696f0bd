// A lens: loss, accuracy, their standard error, the number of examples, or what is measured at all.

app.chosen.measured = false;

const lens = element("fieldset", { id: "lens" }, element("legend", {}, "Lens"));
toolbar.append(lens);

// The choices as [words, quantity]; a quantity of null shows which points are measured.
function lensesOf(quantity) {
  const { beside } = quantity, isAccuracy = [beside.accuracy, beside.accuracy_stderr].includes(quantity.name);
  const error = isAccuracy ? beside.accuracy_stderr : beside.loss_stderr;
  const all = [["Loss", beside.loss], ["Accuracy", beside.accuracy], ["Error", error], ["Examples", beside.count]];
  return [...all.filter(([, name]) => name), ...(app.data.kind === "plane" ? [["Measured", null]] : [])];
}

async function look(name) {
  app.chosen.measured = name === null;
  if (name === null) app.chosen.view = "contour";
  else app.chosen.quantity = name;
  await draw();
}

tools.push({
  drawn() {
    const { chosen, picture } = app, choices = lensesOf(picture.quantity);
    lens.hidden = choices.length < 2;
    const made = choices.map(([words, name], n) => {
      const radio = element("input", { type: "radio", name: "lens", value: name || "measured", title: `key ${n + 1}` });
      radio.checked = name === null ? chosen.measured : !chosen.measured && name === chosen.quantity;
      radio.addEventListener("change", () => look(name));
      return element("label", {}, radio, element("span", {}, words));
    });
    const held = lens.contains(document.activeElement);
    lens.replaceChildren(lens.firstChild, ...made);
    if (held) (lens.querySelector(":checked") || lens.querySelector("input")).focus();
  },
  // Dots at measured points, hatched where the picture is interpolated or empty.
  layer(k, to) {
    if (!app.chosen.measured || app.chosen.view !== "contour") return [];
    const panel = app.data.panels[k], undone = new Set(panel.undone), nx = panel.x.length;
    const [a, b] = [to(panel.x[0], panel.y[0]), to(panel.x[1], panel.y[1])];
    const r = Math.min(2.5, Math.abs(b[0] - a[0]) / 4), dots = [];
    panel.values[app.chosen.quantity].forEach((_, n) => {
      if (undone.has(n)) return;
      const [x, y] = to(panel.x[n % nx], panel.y[Math.floor(n / nx)]);
      dots.push(`M${(x - r).toFixed(1)} ${y.toFixed(1)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`);
    });
    return [...hatched("undone-" + k, pathAround(panel, to, (n) => undone.has(n))), shape("path", { class: "measured", d: dots.join("") })];
  },
  write(put) { if (app.chosen.measured) put("measured", 1); },
  read(get) { app.chosen.measured = get("measured") === "1"; },
});

document.addEventListener("keydown", (event) => {
  if (!/^[1-5]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || !app.picture) return;
  const choice = lensesOf(app.picture.quantity)[Number(event.key) - 1];
  if (choice) look(choice[1]);
});
