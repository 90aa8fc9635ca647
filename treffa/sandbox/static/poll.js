// Fetches the page every two seconds and, when something has come in, swaps its content in place.
const PAUSE = 2000;
let last = null;

async function look() {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-poll]");
  for (const changing of fresh.querySelectorAll("time")) changing.textContent = "";
  if (last !== null && last !== fresh.innerHTML && !busy()) {
    location.reload();
  }
  last = fresh.innerHTML;
}

// Whoever is selecting text or walking by keyboard is left alone.
function busy() {
  return !getSelection().isCollapsed;
}

setInterval(() => { if (!document.hidden) look().catch(() => {}); }, PAUSE);
