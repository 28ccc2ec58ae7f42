// A call's page: sends marks, disputes and answers, and asks until ingest has done it.
import { refresh } from "./parts.js";

const words = document.querySelector("[data-quality-words]")?.dataset ?? {};

function asked(form) {
  const data = new FormData(form);
  if (form.dataset.ask === "dispute") {
    return { score: data.get("score"), item: data.get("item"), text: data.get("text") };
  }
  if (form.dataset.ask === "settle") {
    const mark = data.get("mark");
    const body = { dispute: Number(data.get("dispute")), outcome: mark === "upheld" ? "upheld" : "changed", text: data.get("text") };
    return mark === "upheld" ? body : { ...body, mark };
  }
  const marks = {};
  for (const [name, value] of data) if (name.startsWith("mark.") && value !== "") marks[name.slice(5)] = value;
  return { marks, bans: data.getAll("ban"), comment: data.get("comment") ?? "" };
}

function say(form, text, wrong) {
  const line = form.querySelector("output");
  line.className = wrong ? "warn" : "muted";
  line.textContent = text;
}

async function wait(form) {
  for (let turn = 0; turn < 30; turn += 1) {
    await refresh();
    if (!document.querySelector("[data-pending]")) return;
    await new Promise((done) => setTimeout(done, 1000));
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-ask]");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  say(form, words.sent, false);
  try {
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(asked(form)),
    });
    if (!answer.ok) {
      const told = await answer.json().catch(() => ({}));
      throw new Error(told.error ?? told.reason ?? String(answer.status));
    }
    // Parts that hold the focus are left alone while the page renews itself.
    document.activeElement?.blur();
    await wait(form);
    say(form, words.taken, false);
    document.getElementById("sheets")?.focus();
  } catch (error) {
    say(form, `${words.failed} ${error instanceof TypeError ? words.unreachable : error.message}`, true);
  } finally {
    button.disabled = false;
  }
});
