// The controls above the panels and the colour bar: they show and change the choices.

function wireControls() {
  const { chosen } = app;
  for (const radio of document.querySelectorAll("input[name=view]")) {
    radio.addEventListener("change", () => {
      chosen.view = drawable(radio.value);
      showHint();
      draw();
    });
  }
  for (const radio of document.querySelectorAll("input[name=scale]")) {
    radio.addEventListener("change", () => { chosen.scale[chosen.quantity] = radio.value; draw(); });
  }
  byId("quantity").addEventListener("change", (event) => {
    chosen.quantity = event.target.value;
    draw();
  });
  byId("clip").addEventListener("input", (event) => {
    const { scale, low, whole } = app.picture;
    chosen.clip[chosen.quantity] = limitAt(Number(event.target.value), scale.kind, low, whole);
    draw();
  });
  for (const name of ["trajectory", "preview"]) {
    byId(name).addEventListener("change", (event) => { chosen[name] = event.target.checked; draw(); });
  }
  byId("more").addEventListener("click", () => {
    const open = byId("controls").classList.toggle("open");
    byId("more").setAttribute("aria-expanded", String(open));
  });
  byId("reset").addEventListener("click", () => { setMark(null); turnTo(firstCamera()); });
  byId("save").addEventListener("click", () => savePicture());
  byId("theme").addEventListener("click", () => {
    chosenTheme = themeName() === "dark" ? "light" : "dark";
    draw();
  });
  systemDark.addEventListener("change", () => draw());
}

function showControls() {
  const { data, chosen, picture } = app;
  const plane = data.kind === "plane";
  byId("controls").hidden = false;
  byId("view-choice").hidden = !plane;
  byId("trajectory-field").hidden = !plane || !data.panels.some((p) => p.trajectories.length);
  byId("preview-field").hidden = !data.panels.some((p) => p.undone.length && (p.coarse || !plane));
  byId("reset").hidden = chosen.view !== "surface";
  for (const radio of document.querySelectorAll("input[name=view]")) {
    radio.checked = radio.value === chosen.view;
    if (radio.value === "surface") radio.disabled = webgl === false;
  }
  for (const radio of document.querySelectorAll("input[name=scale]")) {
    radio.checked = radio.value === picture.scale.kind;
    radio.disabled = radio.value === "log" && picture.noLog !== "";
  }
  byId("scale-choice").title = picture.noLog;
  const select = byId("quantity");
  const option = (q) => element("option", { value: q.name }, unitLabel(q));
  const [whole, drawn] = [false, true].map((one) => data.quantities.filter((q) => q.ofDraws === one).map(option));
  select.replaceChildren(...whole,
    ...(drawn.length ? [element("optgroup", { label: "Single draws and quantiles" }, ...drawn)] : []));
  select.value = chosen.quantity;
  byId("trajectory").checked = chosen.trajectory;
  byId("preview").checked = chosen.preview;
  showLimit();
  byId("theme").textContent = themeName() === "dark" ? "Light" : "Dark";
  showBar();
}

function showLimit() {
  const { scale, low, whole, limit, quantity, span } = app.picture;
  const slider = byId("clip");
  slider.disabled = span.empty || !(whole > low);
  slider.value = placeOf(limit, scale.kind, low, whole);
  const words = withUnit(short(limit === null ? whole : limit), quantity.unit)
    + (limit === null ? " (all)" : "");
  byId("clip-value").textContent = words;
  slider.setAttribute("aria-valuetext", words);
}

function showBar() {
  const { data, picture } = app, { scale, quantity } = picture;
  const bar = byId("bar");
  bar.hidden = data.kind !== "plane";
  if (bar.hidden) return;
  const kind = scale.kind === "log" ? ", logarithmic" : "";
  const note = picture.noLog && !data.difference ? ". " + picture.noLog : "";
  const common = data.layout === "gallery"
    ? `Shared scale of height and colour for all ${data.panels.length} surfaces, ${short(scale.low)} to ${short(scale.high)}: ` : "";
  byId("bar-label").textContent = common + unitLabel(quantity) + kind + note;
  const stops = picture.colours.map(([at, colour]) => `${colour} ${100 * at}%`).join(", ");
  byId("bar-ramp").style.background = `linear-gradient(to right, ${stops})`;
  byId("bar-marks").replaceChildren(...barMarks().map(({ part, text }) => {
    const mark = element("span", {}, text);
    mark.style.left = 100 * part + "%";
    return mark;
  }));
  thinMarks();
}

// On a narrow page, a label stays within the bar, and one that would touch that to its right is left out.
function thinMarks() {
  const edge = byId("bar").getBoundingClientRect();
  let free = Infinity;
  for (const mark of [...byId("bar-marks").children].reverse()) {
    mark.hidden = false;
    mark.style.marginLeft = 0;
    const at = mark.getBoundingClientRect(), off = Math.max(edge.left - at.left, 0) - Math.max(at.right - edge.right, 0);
    mark.style.marginLeft = off + "px";
    const [left, right] = [at.left + off, at.right + off];
    mark.hidden = right + 4 > free;
    if (!mark.hidden) free = left;
  }
}

// The values along the colours; if values are clipped, the last one shows it.
function barMarks() {
  const { scale, limit } = app.picture;
  const marks = ticksOf(app.picture, 6).map((t) => ({ part: scale.part(t), text: short(t) }));
  if (limit === null) return marks;
  return [...marks.filter((m) => m.part < 0.88), { part: 1, text: "≥ " + short(limit) }];
}
