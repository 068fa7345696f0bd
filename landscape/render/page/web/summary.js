// Each panel in a sentence, for readers who do not see it: what describe() says in Python.

tools.push({
  built() {
    app.panels.forEach((panel, k) => {
      const id = "summary-" + k;
      panel.figure.append(element("p", { id, class: "unseen" }));
      for (const plot of Object.values(panel.plots)) plot.setAttribute("aria-describedby", id + " hint");
    });
  },
  drawn() {
    app.panels.forEach((panel, k) => { byId("summary-" + k).textContent = app.data.panels[k].summary; });
  },
});
