/* Hands in files piece by piece: with progress, with a way to stop, and on from where the network left off.
   Without this script the same page has a plain form. Words come from the page. */
(() => {
  "use strict";
  const PIECE = 256 * 1024, PATIENCE = 120000;
  const box = document.getElementById("pages"), form = document.getElementById("files-form");
  if (!box || !form || !window.fetch || !window.AbortController || !File.prototype.slice) return;
  const input = document.getElementById("files"), words = box.dataset;
  const queue = [];
  let busy = false;

  const wait = (ms) => new Promise((go) => setTimeout(go, ms));
  /* The next try comes when the phone says that it has a network again, or after a while. */
  const later = (tries) => Promise.race([
    wait(Math.min(1000 * 2 ** tries, 15000)),
    new Promise((go) => addEventListener("online", go, { once: true })),
  ]);

  /* A file's own name for the server: chosen again it goes on where it stopped. */
  const keyOf = (file) => {
    let a = 0xdeadbeef, b = 0x41c6ce57;
    for (const c of `${file.name}|${file.size}|${file.lastModified}`) {
      a = Math.imul(a ^ c.codePointAt(0), 2654435761);
      b = Math.imul(b ^ c.codePointAt(0), 1597334677);
    }
    return ((a >>> 0).toString(16).padStart(8, "0") + (b >>> 0).toString(16).padStart(8, "0"));
  };

  const element = (tag, css, text) => {
    const made = document.createElement(tag);
    if (css) made.className = css;
    if (text) made.textContent = text;
    return made;
  };

  const list = () => {
    let pages = box.querySelector(".pages");
    if (!pages) {
      pages = element("ol", "pages");
      box.append(pages);
    }
    return pages;
  };

  /* The page as it is on its way: name, state, progress, and a way to stop. */
  const show = (job) => {
    const old = box.querySelector(`[data-key="${job.key}"]`);
    job.row = element("li", "leaf is-todo");
    job.row.dataset.key = job.key;
    job.pic = element("span", "leaf__pic");
    job.state = element("p", "leaf__state", words.sending);
    job.state.setAttribute("role", "status");
    job.bar = element("progress");
    job.bar.max = 100;
    job.bar.setAttribute("aria-label", job.file.name);
    const rest = element("div", "leaf__text"), stop = element("button", "p-btn p-btn--second p-btn--small", words.cancel);
    stop.type = "button";
    stop.addEventListener("click", () => cancel(job));
    rest.append(job.bar, stop);
    job.row.append(job.pic, element("p", "leaf__name", job.file.name), job.state, rest);
    if (old) old.replaceWith(job.row); else list().append(job.row);
    draw(job);
  };

  const progress = (job, sent) => {
    const percent = Math.round((100 * sent) / job.file.size);
    job.bar.value = percent;
    job.state.textContent = percent < 100 ? `${words.sending}, ${percent} %` : words.looking;
  };

  const fail = (job, text) => {
    job.row.className = "leaf leaf--warn is-warn";
    job.state.textContent = text || words.failed;
    job.bar.remove();
  };

  /* Small pictures of what was chosen here, drawn and kept by the phone alone: the server gives none back. */
  const draw = async (job) => {
    try {
      const bitmap = await createImageBitmap(job.file, { resizeWidth: 136 });
      const canvas = element("canvas");
      canvas.width = 136;
      canvas.height = 176;
      const scale = Math.max(136 / bitmap.width, 176 / bitmap.height);
      const w = bitmap.width * scale, h = bitmap.height * scale;
      canvas.getContext("2d").drawImage(bitmap, (136 - w) / 2, (176 - h) / 2, w, h);
      sessionStorage.setItem(`page-${job.key}`, canvas.toDataURL("image/jpeg", 0.6));
      adorn();
    } catch { /* a format that this browser can't draw, or no room: the page shows a sheet */ }
  };

  const adorn = () => {
    for (const row of box.querySelectorAll("[data-key]")) {
      const kept = sessionStorage.getItem(`page-${row.dataset.key}`), pic = row.querySelector(".leaf__pic");
      if (!kept || !pic || pic.querySelector("img")) continue;
      const image = element("img");
      image.alt = "";
      image.src = kept;
      pic.replaceChildren(image);
    }
    for (const one of box.querySelectorAll(".js")) one.hidden = false;
    for (const one of box.querySelectorAll("input[data-replaces]")) {
      one.onchange = () => take(one.files, one.dataset.replaces);
    }
  };

  const post = async (job, url, body, headers) => {
    job.abort = new AbortController();
    const late = setTimeout(() => job.abort.abort(), PATIENCE);
    try {
      return await fetch(url, { method: "POST", body, headers, signal: job.abort.signal, credentials: "same-origin", redirect: "error" });
    } finally {
      clearTimeout(late);
    }
  };

  const begin = (job) => post(job, words.url, new URLSearchParams({
    form: words.form, key: job.key, size: job.file.size, name: job.file.name, replaces: job.replaces || "",
  }));

  const piece = (job, at) => post(job, `${words.url}${job.key}/piece/?at=${at}&name=${encodeURIComponent(job.file.name)}`,
    job.file.slice(at, at + PIECE), { "X-Form": words.form, "Content-Type": "application/octet-stream" });

  /* True once it is over: arrived, refused, stopped or hopeless. False: nothing answers, try again. */
  const step = async (job) => {
    let answer = await begin(job), at;
    for (;;) {
      if (answer.status === 422) return fail(job, (await answer.json()).problem), true;
      if (answer.status === 503) { await wait(4000); answer = await piece(job, job.file.size); continue; }
      if (answer.status >= 500) return false;
      if (!answer.ok) return fail(job), true;
      if ((answer.headers.get("Content-Type") || "").startsWith("text/html")) {
        box.innerHTML = await answer.text();
        for (const other of queue) if (other !== job) show(other);
        adorn();
        box.querySelector("h2")?.focus({ preventScroll: true });
        return true;
      }
      const said = await answer.json();
      at = said.ready ? job.file.size : said.received;
      progress(job, at);
      answer = await piece(job, at);
    }
  };

  const send = async (job) => {
    for (let tries = 0; !job.stopped; tries++) {
      try {
        if (await step(job)) return;
      } catch (error) {
        if (job.stopped) return;
      }
      job.state.textContent = words.waiting;
      await later(tries);
    }
  };

  const cancel = (job) => {
    job.stopped = true;
    job.abort?.abort();
    job.row.remove();
    const at = queue.indexOf(job);
    if (at >= 0) queue.splice(at, 1);
    fetch(`${words.url}${job.key}/`, { method: "POST", body: new URLSearchParams({ form: words.form, act: "remove" }), redirect: "manual" }).catch(() => {});
  };

  const work = async () => {
    if (busy) return;
    busy = true;
    while (queue.length) {
      const job = queue[0];
      await send(job);
      if (queue[0] === job) queue.shift();
    }
    busy = false;
  };

  const take = (files, replaces) => {
    for (const file of files) {
      const job = { file, key: keyOf(file), replaces };
      if (queue.some((other) => other.key === job.key)) continue;
      show(job);
      if (!file.size) { fail(job); continue; }
      queue.push(job);
      replaces = "";
    }
    work();
  };

  for (const one of form.querySelectorAll(".js")) one.hidden = false;
  for (const one of form.querySelectorAll(".nojs")) one.hidden = true;
  for (const one of form.querySelectorAll("input[type=file]")) {
    const chosen = () => { take(one.files, ""); one.value = ""; };
    one.addEventListener("change", chosen);
    if (one.files.length) chosen(); // before this script was there
  }
  form.addEventListener("dragover", (event) => event.preventDefault());
  form.addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files, ""); });
  addEventListener("beforeunload", (event) => { if (queue.length) event.preventDefault(); });
  form.addEventListener("submit", (event) => { if (!input.files.length && queue.length) event.preventDefault(); });
  adorn();
})();
