// The text of a surface in a gallery: what to look at, its numbers, and where it comes from.

function cardOf(data, { stage, reading, legend, source, notes }) {
  stage.append(reading);
  const rows = data.numbers.map(([label, value]) =>
    element("div", {}, element("dt", {}, label), element("dd", {}, value)));
  const unknown = data.numbers.filter(([, , why]) => why)
    .map(([label, , why]) => element("li", {}, `${label}: unknown (${why}).`));
  const lines = data.lines.map((line) => element("p", { class: "line" }, line));
  return [
    element("p", { class: "look" }, data.look.join(" ")),
    ...lines,
    notes,
    element("dl", { class: "numbers" }, ...rows),
    element("details", {}, element("summary", {}, "Legend and source"), legend,
      element("figcaption", {}, source, element("ul", {}, ...unknown))),
  ];
}

// Each panel shows its own values at the mark: a table of all would hide the surfaces.
function showReadings() {
  const { data, chosen, picture } = app, columns = columnsOf(picture.quantity);
  const { mark } = chosen;
  app.panels.forEach((panel, n) => {
    const source = data.panels[n], k = indexAt(source, mark);
    const words = columns.filter((c) => c.name !== picture.quantity.beside.count)
      .map((c) => c.label.replace(" ± standard error", "") + " " + readingOf(source, k, c));
    panel.reading.textContent = k === null ? "\u00a0" : `x = ${short(mark.x)}, y = ${short(mark.y)}: ${words.join(", ")}`;
    panel.reading.setAttribute("aria-live", panel.figure.contains(document.activeElement) ? "polite" : "off");
  });
}
