// Buttons of alerts: sent once for each state of an alert, however often they are pressed.
import { refresh } from "./parts.js";

const SOON_MS = [700, 2000, 4000]; // alerts does it within seconds

async function send(form) {
  const button = form.querySelector("button");
  if (button.disabled) return;
  button.disabled = true;
  const line = form.querySelector("output") ?? form.appendChild(document.createElement("output"));
  const body = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  if (body.for_s) body.for_s = Number(body.for_s);
  try {
    const answer = await fetch(form.dataset.alertAct, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? String(answer.status));
    line.className = "muted";
    line.textContent = form.dataset.sent;
    document.activeElement?.blur();
    for (const wait of SOON_MS) setTimeout(refresh, wait);
  } catch (error) {
    button.disabled = false;
    line.className = "warn";
    line.textContent = `${form.dataset.failed} ${error instanceof TypeError ? "" : error.message}`;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-alert-act]");
  if (!form) return;
  event.preventDefault();
  send(form);
});
