// The sheet for saving and sharing: PNG at a chosen size, SVG of flat views, the data, the address, the
// command.

function slug(text) {
  return text.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60);
}

function fileName(suffix) {
  const { data, chosen } = app, title = data.panels.length === 1 ? data.panels[0].title : data.heading;
  return [slug(title) || "landscape", slug(chosen.quantity), chosen.view].join("_") + "." + suffix;
}

function saveAs(content, type, suffix) {
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  const link = element("a", { download: fileName(suffix), href: URL.createObjectURL(blob) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// The values of all panels, one line per point, in the units of the page; not computed is empty.
function tableOfData() {
  const { data } = app, held = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const axes = data.kind === "plane" ? ["x", "y"] : [data.panels[0].axis];
  const heads = ["surface", ...axes, ...data.quantities.map((q) => (q.unit ? `${q.name} (${q.unit})` : q.name))];
  const lines = data.panels.flatMap((panel) => {
    const odd = Object.fromEntries(data.quantities.map(({ name }) => [name, new Map(panel.notFinite[name] || [])]));
    return panel.values[data.quantities[0].name].map((_, k) => {
      const place = data.kind === "plane" ? placeAt(panel, k) : [panel.x[k]];
      const values = data.quantities.map(({ name }) => odd[name].get(k) ?? panel.values[name][k] ?? "");
      return [panel.title, ...place, ...values].map((v) => held(String(v))).join(",");
    });
  });
  return [heads.map(held).join(","), ...lines, ""].join("\n");
}

async function copied(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = "Copied.";
  } catch {
    said.textContent = "This browser does not let a page copy: select the text and copy it.";
  }
}

function openSaving() {
  const sheet = byId("saving") || buildSaving(), { view } = app.chosen, command = commandOf();
  byId("as-svg").hidden = view === "surface";
  byId("command").value = command.words || command.why;
  byId("copy-command").disabled = !command.words;
  byId("link").value = location.href;
  byId("said").textContent = "";
  if (!sheet.open) sheet.showModal();
}

function buildSaving() {
  const button = (id, words, press) => {
    const made = element("button", { type: "button", id }, words);
    made.addEventListener("click", press);
    return made;
  };
  const width = element("input", { type: "number", id: "png-width", min: "200", max: "12000", step: "10", value: "2400" });
  const said = element("p", { id: "said", role: "status" });
  const text = (id, label) => element("textarea", { id, readonly: "", rows: "4", "aria-label": label, spellcheck: "false" });
  const sheet = element("dialog", { id: "saving", "aria-labelledby": "saving-title" },
    element("h2", { id: "saving-title" }, "Save and share"),
    element("p", {}, element("label", {}, "PNG, pixels wide ", width), " ",
      button("as-png", "Save PNG of this size", () => width.reportValidity() && savePicture(width.valueAsNumber))),
    element("p", {}, button("as-svg", "Save SVG", () => saveDrawing()), " ",
      button("as-csv", "Save data as CSV", () => saveAs(tableOfData(), "text/csv", "csv"))),
    element("h3", {}, "This view as a PDF"), text("command", "Command"),
    element("p", {}, button("copy-command", "Copy as command", () => copied(byId("command").value, said))),
    element("h3", {}, "Address of this view"), text("link", "Address"),
    element("p", {}, button("copy-link", "Copy address", () => copied(byId("link").value, said))), said,
    button("saved", "Close", () => sheet.close()));
  document.body.append(sheet);
  return sheet;
}

const shareButton = element("button", { type: "button", id: "share" }, "Save…");
shareButton.addEventListener("click", openSaving);
byId("save").after(shareButton);
document.addEventListener("keydown", (event) => {
  if (event.key !== "s" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || !app.picture) return;
  event.preventDefault();
  openSaving();
});
