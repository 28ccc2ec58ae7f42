// Sources pages: they ask for themselves every second or so, and send what people ask for.
import { refresh } from "./parts.js";
import { post, say } from "./posting.js";

const words = document.querySelector("[data-order-words]")?.dataset ?? {};

function poll() {
  const every = Number(document.querySelector("[data-every]")?.dataset.every) || 5;
  setTimeout(async () => {
    if (!document.hidden) await refresh();
    poll();
  }, every * 1000);
}

function asked(form) {
  const data = new FormData(form);
  const body = {};
  if (data.has("identity")) Object.assign(body, { identity: data.get("identity"), agent: data.get("agent") });
  if (data.has("rows")) body.rows = data.getAll("rows").map(Number);
  return body;
}

async function send(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  say(form, words.sent, false);
  try {
    await post(form.dataset.order, asked(form));
    // Parts that hold the focus are left alone while the page renews itself: it moves to where the result will stand.
    document.activeElement?.blur();
    await refresh();
    document.getElementById("orders")?.focus();
  } catch (error) {
    button.disabled = false;
    say(form, `${words.failed} ${error instanceof TypeError ? words.unreachable : error.message}`, true);
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-order]");
  if (!form) return;
  event.preventDefault();
  send(form);
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const address = button.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(address.textContent);
    button.textContent = address.dataset.copied;
  } catch {
    getSelection().selectAllChildren(address); // not allowed here: ready for Ctrl-C
  }
});

poll();
