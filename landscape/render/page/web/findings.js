// What the reader finds, below the panels: each finding is a section with a heading and a button that
// takes it away.

const findings = element("div", { id: "findings" });
byId("panels").after(findings);

const toolbar = element("div", { id: "tools", role: "toolbar", "aria-label": "Looking closer" });
toolbar.hidden = true;
document.querySelector("#controls .buttons").before(toolbar);

function finding(id, heading, forget, ...parts) {
  const close = element("button", { type: "button", class: "small", "aria-label": `Remove: ${heading}` }, "×");
  close.addEventListener("click", forget);
  const made = element("section", { id, class: "finding", "aria-labelledby": id + "-title" },
    element("header", {}, element("h3", { id: id + "-title" }, heading), close), ...parts);
  made.hidden = true;
  findings.append(made);
  return made;
}

function toggle(id, words, help, press) {
  const made = element("button", { type: "button", id, title: help, "aria-pressed": "false" }, words);
  made.addEventListener("click", press);
  toolbar.append(made);
  return made;
}

tools.push({ drawn() { toolbar.hidden = ![...toolbar.children].some((part) => !part.hidden); } });
