// The compact form for an iframe in another page: panels, their colours, and a link to the full page.

const fullLink = element("a", { id: "full", target: "_blank", rel: "noopener" }, "Full page");
fullLink.hidden = true;
byId("heading").after(fullLink);

function isEmbedded() {
  const asked = addressWords();
  return Boolean((asked && asked.get("embed")) || (app.given && app.given.embed && window.self !== window.top));
}

tools.push({
  built() {
    document.body.classList.toggle("embed", isEmbedded());
    fullLink.hidden = !isEmbedded();
  },
  addressed(words) {
    const asked = new URLSearchParams(words);
    asked.delete("embed");
    const rest = asked.toString();
    fullLink.href = location.href.split("#")[0] + (rest ? "#" + rest : "");
  },
});
