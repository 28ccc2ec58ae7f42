// The wall: turns its screens by itself, lives through nights, lost networks and restarts of the server.
import { cells } from "./cells.js";
import { setClock, tick } from "./clock.js";
import { span } from "./format.js";
import { STALE_S, age, follow } from "./live.js";
import { refresh } from "./parts.js";

const TURN_S = 15;
const RENEW_S = 30;
const NIGHT_H = 12;
const body = document.body;
const loaded = performance.now();
let at = 0;

function show() {
  const screens = [...document.querySelectorAll("[data-screen]")];
  if (!screens.length) return;
  at %= screens.length;
  screens.forEach((screen, number) => screen.classList.toggle("on", number === at));
  const pages = document.querySelector("[data-pages]");
  if (pages) {
    const text = pages.dataset.pattern.replace("##", screens.length).replace("#", at + 1);
    pages.textContent = screens.length > 1 ? text : "";
  }
}

/** Parts come as the server wrote them: its clock is a little older than this page's. */
function settle() {
  show();
  tick();
}

function heard(beat) {
  setClock(beat);
  if (beat.version && beat.version !== body.dataset.version) refresh({ after: settle });
}

function freshness() {
  const old = age();
  const banner = document.querySelector("[data-stale-banner]");
  banner.hidden = old <= STALE_S;
  if (!banner.hidden) banner.textContent = `${body.dataset.stale} ${span(old)}`;
}

document.documentElement.classList.add("js");
show();
follow({ hello: heard, beat: heard, cells });
setInterval(() => {
  tick();
  freshness();
}, 1000);
setInterval(() => {
  at += 1;
  show();
}, TURN_S * 1000);
setInterval(() => refresh({ after: settle }), RENEW_S * 1000);
// A page that is weeks old has an old script: load anew once in a while, only while the server answers.
setInterval(() => {
  if ((performance.now() - loaded) / 3.6e6 > NIGHT_H && age() < 10) location.reload();
}, 60_000);
