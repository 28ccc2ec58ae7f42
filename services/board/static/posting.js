// What every form that sends something to the board does the same way.

/** The line at the form that says how it went. */
export function say(form, text, wrong) {
  let line = form.querySelector("output");
  if (!line) form.append((line = document.createElement("output")));
  line.className = wrong ? "warn" : "muted";
  line.textContent = text;
}

/** Posts JSON; throws with the board's own reason, or a TypeError when the board cannot be reached. */
export async function post(address, body) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? String(answer.status));
}
