/* The board by keyboard: keys press what is on the page. Nothing needs it; while somebody types it does nothing. */
"use strict";

const rowsOf = () => [...document.querySelectorAll(".row-item")].filter((row) => row.offsetParent !== null);
const current = () => document.activeElement?.closest(".row-item");
const inRow = (name) => { const row = current(); return row && document.getElementById(`${name}-${row.id.slice("case-".length)}`); };

function go(step) {
  const rows = rowsOf();
  const at = rows.indexOf(current());
  const row = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1)];
  row?.querySelector(".row-item__who a").focus();
  row?.scrollIntoView({ block: "nearest" });
}

function press(target) {
  if (!target) return false;
  if (target.matches("summary")) target.parentElement.open = true;
  target.click();
  return true;
}

// The chosen ones, or the one under the cursor where none is.
function together(act) {
  const bulk = document.getElementById("bulk");
  if (!bulk) return false;
  const picks = [...document.querySelectorAll(".row-item__pick input")];
  const here = inRow("pick");
  if (!picks.some((pick) => pick.checked) && here) here.checked = true;
  if (!picks.some((pick) => pick.checked)) return false;
  bulk.requestSubmit(bulk.querySelector(`[value="${act}"]`));
  return true;
}

const KEYS = {
  j: () => { go(1); return true; },
  k: () => { go(-1); return true; },
  e: () => press(inRow("mend")),
  x: () => press(inRow("pick")),
  p: () => press(inRow("performed")),
  n: () => press(inRow("noshow")),
  i: () => press(inRow("not")),
  u: () => press(inRow("unmark")) || press(document.getElementById("undo-bulk")),
  r: () => together("remind"),
  a: () => together("assign"),
  w: () => together("waive"),
  f: () => press(document.getElementById("narrow")),
  "?": () => { document.getElementById("keys").showModal(); return true; },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const field = event.target.closest("input, select, textarea");
  if (field && field.type !== "checkbox") return;
  if (KEYS[event.key]?.()) event.preventDefault();
});

// How many are chosen; what was chosen stays so through the news.
let picked = [];
function count() {
  const bulk = document.getElementById("bulk");
  if (!bulk) return;
  const chosen = document.querySelectorAll(".row-item__pick input:checked").length;
  bulk.classList.toggle("bulk--picked", chosen > 0);
  const says = bulk.querySelector("[data-picked]");
  if (chosen) says.textContent = `${chosen} ${says.dataset.picked}`;
}
document.addEventListener("change", (event) => { if (event.target.matches(".row-item__pick input")) count(); });
document.addEventListener("htmx:beforeSwap", () => { picked = [...document.querySelectorAll(".row-item__pick input:checked")].map((pick) => pick.id); });
document.addEventListener("htmx:afterSettle", () => {
  for (const id of picked) { const pick = document.getElementById(id); if (pick) pick.checked = true; }
  count();
});
document.documentElement.classList.add("has-keys");
count();
