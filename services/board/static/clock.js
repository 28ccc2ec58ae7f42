// The floor's clock: it may run faster than ours (a demo), and starts where the server said.
import { about, span } from "./format.js";

const zone = document.body.dataset.zone;
const shown = new Intl.DateTimeFormat("ru-RU", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
let anchor = performance.now();
let start = Date.parse(document.body.dataset.now);
let rate = Number(document.body.dataset.rate) || 1;

export function setClock(now, speed) {
  anchor = performance.now();
  start = Date.parse(now);
  rate = speed;
}

/** When the data shown were last known to be current, on the floor's clock. */
export function setAsOf(instant) {
  if (!instant) return;
  for (const node of document.querySelectorAll("[data-asof]")) write(node, shown.format(Date.parse(instant)));
}

export const floorNow = () => start + (performance.now() - anchor) * rate;

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function tick() {
  const now = floorNow();
  for (const node of document.querySelectorAll("[data-clock]")) write(node, shown.format(now));
  for (const node of document.querySelectorAll("[data-until]")) {
    const left = (Date.parse(node.dataset.until) - now) / 1000;
    write(node, left >= 0 && left < 120 ? span(left) : about(left));
  }
  for (const node of document.querySelectorAll("[data-ago]")) {
    if (node.dataset.ago) write(node, span((now - Date.parse(node.dataset.ago)) / 1000));
  }
  for (const node of document.querySelectorAll("[data-since]")) {
    if (node.dataset.since) write(node, about((now - Date.parse(node.dataset.since)) / 1000));
  }
}
