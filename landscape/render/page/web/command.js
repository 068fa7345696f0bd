// The command that draws this view as a PDF.

function quoted(text) {
  return /^[\w./:,=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

// The words of the command, or why there is none.
function commandOf() {
  const { chosen, picture, arrangement } = app, { files, initial, kind, layout } = app.given;
  if (!files.length) return { why: "These surfaces were not read from files." };
  if (app.data.difference) return { why: "A difference of two surfaces is drawn by the page only." };
  const alone = arrangement.how === "one", shown = alone ? [files[arrangement.frame]] : files;
  const { quantity, scale, limit } = picture, words = ["python", "-m", "landscape.render", ...shown];
  const add = (name, value) => words.push(`--${name}=${value}`);
  words.push("-o", fileName("pdf"));
  add("style", chosen.view);
  add("quantity", quantity.name);
  add("scale", scale.kind);
  const rounded = (v) => String(Number(v.toPrecision(6)));
  if (alone) add("range", [scale.low, scale.high].map(rounded).join(","));
  else add("clip", limit === null ? "none" : rounded(limit));
  const levels = chosen.named && chosen.view === "contour" ? levelsOf(app.data.panels[0]).map(([v]) => v) : initial.levels;
  if (levels !== null && (!Array.isArray(levels) || levels.length)) add("levels", Array.isArray(levels) && levels.length === 1 ? `${levels},` : levels);
  if (initial.cmap) add("cmap", initial.cmap);
  if (chosen.view === "surface") {
    add("elevation", rounded(inDegrees(app.camera.up)));
    add("azimuth", rounded(inDegrees(app.camera.around)));
  }
  if (kind === "plane" && layout === "gallery" && shown.length > 3) add("columns", 3);
  return { words: words.map(quoted).join(" ") };
}
