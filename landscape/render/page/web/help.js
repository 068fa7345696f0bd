// The help sheet: every gesture and key, opened by "?" or its button.

const GESTURES = [
  ["3-D", [
    ["Drag, or arrow keys", "turn"], ["Scroll, pinch, + and −", "zoom"], ["Home", "first view again"],
    ["Shift + arrow keys", "move the mark"], ["Click, Enter", "pin the marked point"],
  ]],
  ["Contours and curves", [
    ["Point, tap, or arrow keys", "read the values there"], ["Click, tap, or Enter", "pin the point"],
    ["Backspace", "remove the last pin"], ["Drag (touch: Cut, then drag)", "cut through the plane"],
    ["c, then c elsewhere", "cut between two marked points"],
  ]],
  ["Everywhere", [
    ["1 to 5", "loss, accuracy, error, …"], ["l", "named levels"], [", and .", "step along a path"],
    ["s", "save and share"], ["Escape", "remove the mark"], ["?", "this sheet"],
  ]],
];

function openHelp() {
  const sheet = byId("help") || buildHelp();
  if (!sheet.open) sheet.showModal();
}

function buildHelp() {
  const rows = (pairs) => pairs.map(([keys, words]) =>
    element("div", {}, element("dt", {}, keys), element("dd", {}, words)));
  const parts = GESTURES.flatMap(([where, pairs]) => [element("h3", {}, where), element("dl", {}, ...rows(pairs))]);
  const close = element("button", { type: "button" }, "Close");
  const sheet = element("dialog", { id: "help", "aria-labelledby": "help-title" },
    element("h2", { id: "help-title" }, "Pointer, touch and keys"), ...parts, close);
  close.addEventListener("click", () => sheet.close());
  document.body.append(sheet);
  return sheet;
}

function isTyping(target) {
  return target.matches("input:not([type=radio], [type=checkbox], [type=range]), textarea, select");
}

const ask = element("button", { type: "button", id: "ask", "aria-label": "Help: pointer, touch and keys" }, "?");
ask.addEventListener("click", openHelp);
byId("theme").after(ask);
document.addEventListener("keydown", (event) => {
  if (event.key !== "?" || isTyping(event.target)) return;
  event.preventDefault();
  openHelp();
});
