// Forms with which people do something about a task or a case: sent once, however often they are pressed.
import { refresh } from "./parts.js";
import { post, say } from "./posting.js";

const words = document.querySelector("[data-act-words]")?.dataset ?? {};

/** The same for every sending of one form: a replay is known by it. */
function key(form) {
  form.dataset.key ??= `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  return form.dataset.key;
}

function said(form) {
  const body = { key: key(form) };
  for (const field of form.elements) {
    if (!field.name) continue;
    if (field.type === "checkbox") {
      body[field.name] ??= [];
      if (field.checked) body[field.name].push(field.value);
    } else if (field.value !== "" || field.dataset.number === undefined) {
      if (field.type === "date" && field.value === "") continue;
      body[field.name] = field.dataset.number === undefined ? field.value : Number(field.value);
    }
  }
  return body;
}

async function send(form) {
  const button = form.querySelector("button");
  if (button.disabled) return;
  button.disabled = true;
  say(form, words.sent, false);
  try {
    await post(form.dataset.act, said(form));
    delete form.dataset.key;
    form.closest("details")?.removeAttribute("open");
    document.activeElement?.blur();
    await refresh();
    if (form.isConnected) form.querySelector("output")?.remove();
  } catch (error) {
    say(form, `${words.failed} ${error instanceof TypeError ? words.unreachable : error.message}`, true);
  }
  button.disabled = false;
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-act]");
  if (!form) return;
  event.preventDefault();
  send(form);
});
