// Asks the server that this page came from for newer data, and shows what comes.

const POLL_MS = 1500;
let seen = "";

async function poll() {
  if (!document.hidden) {
    try {
      const answer = await fetch("data.json", { cache: "no-store", headers: seen ? { "If-None-Match": seen } : {} });
      if (answer.status === 200) {
        seen = answer.headers.get("ETag") || "";
        const data = await answer.json();
        if (app.data === null || !app.data.panels.length) app.chosen.preview = true;
        await update(data);
      }
      byId("live").classList.remove("gone");
    } catch {
      byId("live").hidden = false;
      byId("live-words").textContent = "The run has ended or its server has gone; "
        + "this is the last that was seen.";
    }
  }
  setTimeout(poll, POLL_MS);
}

app.chosen.preview = true;
setTimeout(poll, POLL_MS);
