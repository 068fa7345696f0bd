// Asks the server that this page came from for newer data, and shows what comes.

const POLL_MS = 1500;
let seen = "";

// The data, if they have changed since they were asked for last.
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
    byId("live-words").textContent = "The run has ended or its server has gone; "
      + "this is the last that was seen.";
  }
  if (data) await update(data);
  setTimeout(poll, POLL_MS);
}

app.chosen.preview = true;
setTimeout(poll, POLL_MS);
