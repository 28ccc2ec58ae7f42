// The floor's clock: it may run faster than ours (a demo) up to an instant; starts where the server said.
import { about, span } from "./format.js";

const body = document.body;
const zone = body.dataset.zone;
const shown = new Intl.DateTimeFormat("ru-RU", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
let anchor, start, rate, hasteEnds;
let asOf = NaN;

function anchored(now, speed, ends) {
  anchor = performance.now();
  start = Date.parse(now);
  rate = Number(speed) || 1;
  hasteEnds = ends ? Date.parse(ends) : Infinity;
}

anchored(body.dataset.now, body.dataset.rate, body.dataset.hasteEnds);

/** What the server said of its clock, and when the data shown were last known to be current; both show at once. */
export function setClock(beat) {
  anchored(beat.now, beat.rate, beat.haste_ends);
  if (beat.as_of) asOf = Date.parse(beat.as_of);
  tick();
}

export function floorNow() {
  const passed = performance.now() - anchor;
  const hasty = Math.max(0, (hasteEnds - start) / rate);
  return passed <= hasty ? start + passed * rate : hasteEnds + (passed - hasty);
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Data are never newer than the clock beside them: both are of this page's now. */
function freshness(now) {
  for (const node of document.querySelectorAll("[data-asof]")) {
    const told = [asOf, Date.parse(node.dataset.asof)].filter((one) => !Number.isNaN(one));
    if (told.length) write(node, shown.format(Math.min(now, Math.max(...told))));
  }
}

export function tick() {
  const now = floorNow();
  for (const node of document.querySelectorAll("[data-clock]")) write(node, shown.format(now));
  freshness(now);
  for (const node of document.querySelectorAll("[data-until]")) {
    const left = (Date.parse(node.dataset.until) - now) / 1000;
    write(node, left >= 0 && left < 120 ? span(left) : about(left));
  }
  for (const node of document.querySelectorAll("[data-ago]")) {
    if (node.dataset.ago) write(node, span((now - Date.parse(node.dataset.ago)) / 1000));
  }
  for (const node of document.querySelectorAll("[data-since]")) {
    if (node.dataset.since) write(node, about(worked(node, Date.parse(node.dataset.since), now) / 1000));
  }
}

/** Milliseconds of the agent's working spans between two instants; the node carries the spans in seconds. */
function worked(node, from, to) {
  const spans = JSON.parse(node.closest("[data-work]").dataset.work);
  return spans.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(to, b * 1000) - Math.max(from, a * 1000)), 0);
}
