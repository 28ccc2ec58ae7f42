// The live stream: reconnects with backoff, tells how old the page is, hands changes on.
const body = document.body;
const WAITS_S = [1, 2, 4, 8, 15, 30];
export const SLOW_S = 15;
export const STALE_S = 60;

let heardAt = performance.now();
let ageThen = Number(body.dataset.age) || 0;
let tries = 0;
let source = null;
let timer = 0;

/** Real seconds since the data on this page were last known to be current. */
export const age = () => ageThen + (performance.now() - heardAt) / 1000;

export function follow(handlers) {
  const open = () => {
    clearTimeout(timer);
    source?.close();
    source = new EventSource(body.dataset.live);
    for (const name of ["hello", "beat", "cells", "slice", "alert", "line", "bye"]) {
      source.addEventListener(name, (event) => {
        const data = JSON.parse(event.data);
        if (name === "hello" || name === "beat") {
          tries = 0;
          heardAt = performance.now();
          ageThen = data.age_s ?? ageThen;
        }
        if (name === "bye") location.reload();
        handlers[name]?.(data);
      });
    }
    source.onerror = () => again();
  };
  const again = () => {
    source?.close();
    clearTimeout(timer);
    const wait = WAITS_S[Math.min(tries++, WAITS_S.length - 1)] * (0.7 + 0.6 * Math.random());
    timer = setTimeout(open, wait * 1000);
  };
  // A half-open connection says nothing at all: beats come every five seconds, so silence means it is gone.
  setInterval(() => {
    if ((performance.now() - heardAt) / 1000 > 20 && source?.readyState === EventSource.OPEN) again();
  }, 5000);
  addEventListener("online", open);
  addEventListener("pageshow", (event) => event.persisted && open());
  open();
}
