// Puts new numbers into cells that are on the page already: never moves a row.
import { number } from "./format.js";

function set(node, text) {
  if (node && node.textContent !== text) {
    node.textContent = text;
    return true;
  }
  return false;
}

function fill(holder, done, due, day) {
  const changed = set(holder.querySelector(".done"), number(done));
  if (due !== null) set(holder.querySelector(".due"), number(due, 1));
  const share = day ? Math.min(100, (100 * done) / day) : 0;
  holder.querySelector(".pace .fill")?.setAttribute("width", share.toFixed(1));
  const mark = holder.querySelector(".pace .mark");
  if (mark && day && due !== null) {
    const at = Math.min(100, (100 * due) / day).toFixed(1);
    mark.setAttribute("x1", at);
    mark.setAttribute("x2", at);
  }
  if (changed) {
    holder.classList.add("fresh-cell");
    setTimeout(() => holder.classList.remove("fresh-cell"), 1500);
  }
}

const UNTIMED = ["available", "offline"];

function state(line, row) {
  const cell = line.querySelector("[data-state]");
  if (!cell || !row.state) return;
  const words = JSON.parse(cell.closest("[data-states]").dataset.states);
  if (cell.dataset.state !== row.state) {
    cell.dataset.state = row.state;
    cell.className = `state ${row.state}`;
    set(cell.querySelector("[data-word]"), words[row.state] ?? row.state);
    cell.querySelector("[data-mark]").hidden = row.state !== "technical";
  }
  const since = cell.querySelector("[data-ago]");
  since.dataset.ago = UNTIMED.includes(row.state) ? "" : (row.state_since ?? "");
  if (!since.dataset.ago) set(since, "");
}

export function cells({ rows, teams }) {
  for (const row of rows) {
    for (const line of document.querySelectorAll(`tr[data-agent="${CSS.escape(row.agent)}"]`)) {
      for (const holder of line.querySelectorAll("[data-cell]")) {
        const step = holder.dataset.cell;
        fill(holder, row.done[step], row.due[step], row.due_day[step]);
      }
      state(line, row);
      const since = line.querySelector("[data-since]");
      if (since && row.last_call_at) since.dataset.since = row.last_call_at;
    }
  }
  for (const team of teams) {
    for (const card of document.querySelectorAll(`[data-team="${CSS.escape(team.team)}"]`)) {
      for (const holder of card.querySelectorAll("[data-cell]")) {
        const step = holder.dataset.cell;
        fill(holder, team.done[step], team.due[step], team.due_day[step]);
      }
    }
  }
}
