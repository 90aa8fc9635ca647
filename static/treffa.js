/* Small helps on the staff's pages; everything works without them. */
"use strict";

// A look for news never takes a form out of somebody's hands.
document.addEventListener("htmx:beforeRequest", (event) => {
  const polls = event.target.matches("[hx-trigger^=every]") && event.detail.requestConfig.elt === event.target;
  const typed = [...event.target.querySelectorAll("input, textarea")].some((field) => field.value !== field.defaultValue);
  const busy = document.activeElement?.closest("select, input, textarea, [data-busy]");
  if (polls && (document.hidden || typed || (busy && event.target.contains(busy)) || event.target.querySelector("details.act[open]:not(.row-contact)"))) {
    event.preventDefault();
  }
});

// What was unfolded stays so through the news. It is told by its place: many say the same, and a number in it changes.
let reading = [];
const place = (fold) => {
  const owner = fold.closest("[id]");
  return `${owner?.id} ${[...(owner || document).querySelectorAll("details.fold")].indexOf(fold)}`;
};
document.addEventListener("htmx:beforeSwap", (event) => { reading = [...event.detail.target.querySelectorAll("details.fold[open]")].map(place); });
document.addEventListener("htmx:afterSwap", () => {
  for (const fold of document.querySelectorAll("details.fold")) {
    if (reading.includes(place(fold))) fold.open = true;
  }
});

// Connection lost and back.
const offline = (lost) => { const note = document.getElementById("offline"); if (note) note.hidden = !lost; };
document.addEventListener("htmx:sendError", () => offline(true));
document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.xhr?.status) offline(false); });
window.addEventListener("online", () => offline(false));
window.addEventListener("offline", () => offline(true));

// Who opens a row to enter a contact can type at once.
document.addEventListener("toggle", (event) => {
  if (event.target.matches(".row-contact[open]")) (event.target.querySelector("[aria-invalid]") || event.target.querySelector("[type=tel]")).focus();
}, true);

// "/" goes to the search; a click elsewhere or Escape closes a menu.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    document.getElementById("search")?.focus();
    event.preventDefault();
  }
  if (event.key === "Escape") closeMenus(null, true);
});
document.addEventListener("click", (event) => closeMenus(event.target));
function closeMenus(inside, focus) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu.contains(inside)) continue;
    menu.open = false;
    if (focus) menu.querySelector("summary").focus();
  }
}
