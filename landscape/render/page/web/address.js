// The state of the page in its address, so that a view can be shared and cited: what differs from the
// first view. A tool has functions write(put) and read(get), and ready(get) for when all is drawn.

const WRITE_MS = 150;
let writing = null, awaited = null;

const inDegrees = (angle) => 180 * angle / Math.PI;

function addressed() {
  const words = new URLSearchParams(), put = (name, value) => words.append(name, String(value));
  const { chosen, data, camera } = app, { quantity } = chosen;
  if (isEmbedded()) put("embed", 1);
  if (chosen.view !== app.firstView) put("view", chosen.view);
  if (quantity !== data.initial.quantity) put("quantity", quantity);
  if (chosen.scale[quantity]) put("scale", chosen.scale[quantity]);
  if (quantity in chosen.clip) put("clip", chosen.clip[quantity] === null ? "none" : chosen.clip[quantity]);
  if (chosenTheme) put("theme", chosenTheme);
  const seen = ({ around, up, zoom }) => [inDegrees(around), inDegrees(up), zoom].map((v) => Number(v.toFixed(2))).join(",");
  if (data.kind === "plane" && seen(camera) !== seen(firstCamera())) put("camera", seen(camera));
  for (const tool of tools) if (tool.write) tool.write(put);
  return words.toString().replaceAll("%2C", ",").replaceAll("%3B", ";");
}

function writeAddress() {
  clearTimeout(writing);
  writing = setTimeout(() => {
    if (!app.picture || awaited) return;
    const words = addressed();
    try {
      history.replaceState(null, "", words ? "#" + words : location.href.split("#")[0]);
    } catch {
      // A page inside a notebook has no address of its own.
    }
    tell("addressed", words);
  }, WRITE_MS);
}

// What the address says, or null where it says nothing of a view.
function addressWords() {
  return location.hash.includes("=") ? new URLSearchParams(location.hash.slice(1)) : null;
}

// Before anything is drawn: what the tools and the choices are to be.
function readAddress() {
  const words = addressWords(), get = (name) => (words ? words.get(name) : null);
  awaited = words;
  for (const tool of tools) if (tool.read) tool.read(get);
  const { chosen, given } = app, number = Number(get("clip"));
  const known = given.quantities.find((q) => q.name === get("quantity"));
  chosen.quantity = known ? known.name : given.initial.quantity;
  chosen.scale = ["log", "linear"].includes(get("scale")) ? { [chosen.quantity]: get("scale") } : {};
  chosen.clip = get("clip") === "none" ? { [chosen.quantity]: null } : number > 0 ? { [chosen.quantity]: number } : {};
  if (["light", "dark"].includes(get("theme"))) chosenTheme = get("theme");
}

// What the address says of the view; it is not asked whether 3-D can be drawn where it is not shown.
function readView() {
  const words = addressWords(), get = (name) => (words ? words.get(name) : null);
  app.firstView = app.chosen.view;
  if (app.data.kind !== "plane") return;
  if (["contour", "surface"].includes(get("view"))) app.chosen.view = get("view");
  if (drawable(app.chosen.view) !== app.chosen.view) app.firstView = app.chosen.view = "contour";
  const [around, up, zoom] = (get("camera") || "").split(",").map(Number);
  if ([around, up, zoom].every(Number.isFinite) && get("camera")) {
    app.camera = heldCamera({ around: around * Math.PI / 180, up: up * Math.PI / 180, zoom });
  }
}

window.addEventListener("hashchange", () => {
  if (!app.given || (location.hash && !addressWords())) return;
  readAddress();
  app.chosen.view = app.firstView;
  app.camera = firstCamera();
  readView();
  show(arranged(app.given)).then(() => turnTo(app.camera));
});

tools.push({
  drawn() {
    const words = awaited;
    awaited = null;
    if (words) tell("ready", (name) => words.get(name));
    writeAddress();
  },
  changed: writeAddress,
  placed: writeAddress,
  turned: writeAddress,
});
