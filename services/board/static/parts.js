// Asks for this very page again and exchanges the parts that differ. Rows keep their places while being read.
let asking = false;
let wanted = false;

/** True while the reader's hand or eye is in the table. */
function beingRead(table) {
  return table.matches(":hover") || table.contains(document.activeElement);
}

/** What the reader has unfolded stays unfolded. */
function exchange(part, next) {
  const open = [...part.querySelectorAll("details")].map((one) => one.open);
  part.innerHTML = next.innerHTML;
  part.querySelectorAll("details").forEach((one, at) => (one.open = open[at] ?? one.open));
}

function merge(old, fresh, reorder) {
  const rows = new Map([...old.children].map((row) => [row.dataset.agent, row]));
  const before = new Map([...rows].map(([key, row]) => [key, row.getBoundingClientRect().top]));
  const ordered = [];
  for (const next of fresh.children) {
    const known = rows.get(next.dataset.agent);
    if (!known) {
      ordered.push(next.cloneNode(true));
      continue;
    }
    rows.delete(next.dataset.agent);
    if (known.innerHTML !== next.innerHTML && !known.contains(document.activeElement)) known.innerHTML = next.innerHTML;
    ordered.push(known);
  }
  for (const gone of rows.values()) gone.remove();
  if (reorder) {
    for (const row of ordered) old.append(row);
    glide(ordered, before);
  } else {
    for (const row of ordered) if (!row.isConnected) old.append(row);
  }
}

function glide(rows, before) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const row of rows) {
    const shift = (before.get(row.dataset.agent) ?? 0) - row.getBoundingClientRect().top;
    if (before.has(row.dataset.agent) && Math.abs(shift) > 1 && row.animate) {
      row.animate([{ transform: `translateY(${shift}px)` }, { transform: "none" }], { duration: 200, easing: "ease-out" });
    }
  }
}

export async function refresh({ reorder = false, after = () => {} } = {}) {
  if (asking) {
    wanted = true;
    return;
  }
  asking = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.body.dataset.version = page.body.dataset.version;
    for (const part of document.querySelectorAll("[data-part]")) {
      const next = page.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!next) continue;
      if (part.hasAttribute("data-keyed")) merge(part, next, reorder && !beingRead(part));
      else if (part.innerHTML !== next.innerHTML && !part.contains(document.activeElement)) exchange(part, next);
    }
    after();
  } catch {
    // The server is away: the stream says so, and asks again when it is back.
  } finally {
    asking = false;
    if (wanted) {
      wanted = false;
      setTimeout(() => refresh({ reorder, after }), 1000);
    }
  }
}
