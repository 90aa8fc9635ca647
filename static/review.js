/* The review by keyboard: keys press the buttons that are on the page; zoom and turn are classes. Nothing needs it. */
"use strict";

const ZOOMS = [50, 75, 100, 125, 150, 200, 300];
const look = { zoom: 100, turn: 0, beside: false }; // kept from one document to the next, but for the turn
const KEPT = 12;
const fetched = new Map(); // the pictures of the next one and the last ones: most browsers then fetch none again (nothing is stored on disk)

const root = () => document.getElementById("review");
const stage = () => document.getElementById("stage");
const pressed = (key) => [...root().querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);

function draw() {
  const pages = stage();
  pages.classList.remove(...ZOOMS.map((percent) => `zoom-${percent}`), "turn-1", "turn-2", "turn-3", "is-beside");
  pages.classList.add(`zoom-${look.zoom}`);
  if (look.turn) pages.classList.add(`turn-${look.turn}`);
  if (look.beside) pages.classList.add("is-beside");
  const said = root().querySelector("[data-zoom-said]");
  if (said) said.textContent = `${look.zoom} %`;
  root().querySelector("[data-beside]")?.setAttribute("aria-pressed", String(look.beside));
}

function zoom(step) {
  const place = ZOOMS.indexOf(look.zoom) + step;
  look.zoom = ZOOMS[Math.min(Math.max(place, 0), ZOOMS.length - 1)];
  draw();
}

// What a page needs a script for is shown once there is one; the next document's pictures are fetched meanwhile.
function settle() {
  look.turn = 0;
  for (const one of root().querySelectorAll("[data-needs-script], [data-open]")) one.hidden = false;
  draw();
  const shown = [...root().querySelectorAll(".doc-page:not([loading])")].map((one) => one.getAttribute("src"));
  const ahead = root().querySelector("[data-ahead]")?.dataset.ahead.trim().split(/\s+/).filter(Boolean) ?? [];
  for (const address of [...shown, ...ahead]) keep(address);
  for (const address of [...fetched.keys()].slice(0, -KEPT)) fetched.delete(address);
  // Two open panels of one name shut each other while the old page gives way to the new.
  const refused = root().querySelector("details.act [aria-invalid]");
  if (refused) refused.closest("details").open = true;
  focusFirst();
}

function keep(address) {
  const picture = fetched.get(address) ?? new Image();
  if (!picture.src) picture.src = address;
  fetched.delete(address); // the newest stands last
  fetched.set(address, picture);
}

// To the mistake, else to the date that is asked for (on a desk), else to the title: keys work from all of them.
function focusFirst() {
  const mistake = root().querySelector("[aria-invalid]");
  const open = root().querySelector("details.act[open] input, details.act[open] textarea");
  const date = matchMedia("(min-width: 62rem)").matches ? document.getElementById("document-date") : null;
  (mistake ?? (open?.type === "hidden" ? null : open) ?? date ?? document.getElementById("review-title")).focus({ preventScroll: true });
}

function press(key) {
  if (key === "0") { look.zoom = 100; draw(); return true; }
  const target = pressed(key);
  if (!target) return false;
  if (target.matches("input")) target.focus();
  else if (target.matches("summary")) open(target.parentElement);
  else target.click();
  return true;
}

function open(panel, phrase) {
  panel.open = true;
  const chosen = phrase && panel.querySelector(`input[value="${CSS.escape(phrase)}"]`);
  if (chosen) choose(chosen);
  (chosen || panel.querySelector("input[type=radio], textarea")).focus();
  panel.scrollIntoView({ block: "nearest" });
}

// A chosen sentence stands in the field, in the patient's language, to be changed before it goes out.
function choose(radio) {
  radio.checked = true;
  const words = radio.form.elements.reason;
  words.value = radio.dataset.says;
}

document.addEventListener("keydown", (event) => {
  if (!root() || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const field = event.target.closest("textarea, select, input");
  const typing = field && !["radio", "checkbox", "date"].includes(field.type);
  if (event.key === "Escape") {
    const panel = root().querySelector("details.act[open]");
    if (panel) { panel.open = false; panel.querySelector("summary").focus(); } else event.target.blur();
    return;
  }
  if (typing) return;
  const number = root().querySelector(`#ask[open] [data-number="${/^[1-9]$/.test(event.key) ? event.key : "none"}"]`);
  if (number && field?.type !== "date") { choose(number); number.focus(); event.preventDefault(); return; }
  if (field?.type === "date" && !/^[a-z?+=-]$/i.test(event.key)) return; // digits and arrows are the date's
  const arrows = field ? {} : { ArrowRight: "j", ArrowLeft: "k" };
  const key = arrows[event.key] ?? (event.key === "=" ? "+" : event.key.length === 1 ? event.key.toLowerCase() : "");
  if (key && press(key)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-zoom], [data-turn], [data-beside], [data-open], [data-ask]");
  if (!target) return;
  if (target.dataset.zoom) zoom(Number(target.dataset.zoom));
  else if ("turn" in target.dataset) { look.turn = (look.turn + 1) % 4; draw(); }
  else if ("beside" in target.dataset) { look.beside = !look.beside; draw(); }
  else if ("open" in target.dataset) document.getElementById(target.dataset.open).showModal();
  else { event.preventDefault(); open(document.getElementById("ask"), target.dataset.ask); }
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-says]")) choose(event.target);
});

// A second press while the first is under way does nothing.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches("form, a") && event.detail.boosted) {
    if (root().hasAttribute("aria-busy")) event.preventDefault();
    else root().setAttribute("aria-busy", "true");
  }
});
document.addEventListener("htmx:afterRequest", () => root()?.removeAttribute("aria-busy"));
document.addEventListener("htmx:responseError", () => location.reload());
document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "review") settle(); });
settle(); // deferred: the page is there
