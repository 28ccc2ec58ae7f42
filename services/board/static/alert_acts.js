// Buttons of alerts: sent once for each state of an alert, however often they are pressed.
import { refresh } from "./parts.js";
import { post, say } from "./posting.js";

const SOON_MS = [700, 2000, 4000]; // alerts does it within seconds

async function send(form) {
  const button = form.querySelector("button");
  if (button.disabled) return;
  button.disabled = true;
  const body = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  if (body.for_s) body.for_s = Number(body.for_s);
  try {
    await post(form.dataset.alertAct, body);
    say(form, form.dataset.sent, false);
    document.activeElement?.blur();
    for (const wait of SOON_MS) setTimeout(refresh, wait);
  } catch (error) {
    button.disabled = false;
    say(form, `${form.dataset.failed} ${error instanceof TypeError ? "" : error.message}`, true);
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-alert-act]");
  if (!form) return;
  event.preventDefault();
  send(form);
});
