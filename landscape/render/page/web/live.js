// Polls the server of this page for newer data and shows it.

const POLL_MS = 1500;
let seen = "";

// The data, if they have changed since the last request.
async function newer() {
  const headers = seen ? { "If-None-Match": seen } : {};
  const answer = await fetch("data.json", { cache: "no-store", headers });
  if (answer.status !== 200) return null;
  seen = answer.headers.get("ETag") || "";
  return answer.json();
}

async function poll() {
  let data = null;
  try {
    if (!document.hidden) data = await newer();
  } catch {
    byId("live").hidden = false;
    byId("live-words").textContent = "The run has ended or its server is unreachable; "
      + "showing the last data received.";
  }
  if (data) await update(data);
  setTimeout(poll, POLL_MS);
}

app.chosen.preview = true;
setTimeout(poll, POLL_MS);
