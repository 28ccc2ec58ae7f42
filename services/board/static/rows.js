// Keyboard and search over tables marked data-rows. Keys do nothing while somebody types.
const typing = (node) => node?.closest?.("input, select, textarea, dialog");
const links = () =>
  [...document.querySelectorAll("[data-rows] tbody tr, [data-rows] tbody.one")]
    .filter((row) => !row.hidden && row.offsetParent !== null)
    .map((row) => row.querySelector("a"))
    .filter((link, at, all) => link && all.indexOf(link) === at);

function move(step) {
  const all = links();
  if (!all.length) return;
  const row = document.activeElement?.closest?.("tr, tbody.one");
  const at = all.findIndex((link) => row?.contains(link));
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))];
  next.focus({ preventScroll: true });
  next.closest("tr").scrollIntoView({ block: "nearest" });
}

export function filter() {
  const asked = (document.querySelector("[data-search]")?.value ?? "").trim().toLowerCase();
  let found = 0;
  for (const row of document.querySelectorAll("[data-rows] [data-name]")) {
    row.hidden = asked !== "" && !row.dataset.name.includes(asked);
    found += row.hidden ? 0 : 1;
  }
  const none = document.querySelector("[data-none]");
  if (none) none.hidden = found > 0;
}

export function keys() {
  const dialog = document.querySelector("[data-help-dialog]");
  document.querySelector("[data-help]")?.addEventListener("click", () => dialog?.showModal());
  document.querySelector("[data-search]")?.addEventListener("input", filter);
  document.querySelector("[data-search]")?.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.target.value = "";
      filter();
      event.target.blur();
    } else if (event.key === "Enter") {
      event.preventDefault();
      links()[0]?.focus();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      "/": () => document.querySelector("[data-search]")?.focus(),
      j: () => move(1),
      k: () => move(-1),
      "?": () => dialog?.showModal(),
    }[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
  for (const form of document.querySelectorAll("form[data-auto]")) {
    form.addEventListener("change", (event) => event.target.name && form.requestSubmit());
  }
}
