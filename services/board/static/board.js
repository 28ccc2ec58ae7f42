// Desk pages: keys, live numbers, and how fresh they are.
import { cells } from "./cells.js";
import { setAsOf, setClock, tick } from "./clock.js";
import { span } from "./format.js";
import { SLOW_S, STALE_S, age, follow } from "./live.js";
import { refresh } from "./parts.js";
import { filter, keys } from "./rows.js";

const REORDER_S = 60;
const body = document.body;
let ordered = performance.now();

function theme() {
  document.querySelector("[data-theme-choice]")?.addEventListener("change", (event) => {
    document.documentElement.dataset.theme = event.target.value;
    document.cookie = `srez_theme=${event.target.value}; path=/; max-age=31536000; samesite=lax`;
  });
}

function renew() {
  const due = (performance.now() - ordered) / 1000 > REORDER_S;
  if (due) ordered = performance.now();
  refresh({ reorder: due, after: filter });
}

function heard(beat) {
  setClock(beat.now, beat.rate);
  setAsOf(beat.as_of);
  if (beat.version && beat.version !== body.dataset.version) renew();
}

function freshness() {
  const old = age();
  for (const line of document.querySelectorAll("[data-fresh]")) {
    line.classList.toggle("waiting", old > SLOW_S && old <= STALE_S);
    line.classList.toggle("gone", old > STALE_S);
  }
  const banner = document.querySelector("[data-stale-banner]");
  if (!banner) return;
  banner.hidden = old <= STALE_S;
  if (!banner.hidden) banner.textContent = `${body.dataset.stale} ${span(old)}`;
}

document.addEventListener("click", (event) => event.target.closest("[data-print]") && print());

keys();
theme();
follow({ hello: heard, beat: heard, cells });
setInterval(() => {
  tick();
  freshness();
}, 1000);
// Sparklines, sums and the order of rows follow once a minute; a hidden page asks when it is looked at again.
setInterval(() => document.hidden || renew(), REORDER_S * 1000);
document.addEventListener("visibilitychange", () => document.hidden || renew());
