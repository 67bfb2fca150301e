// The pages of review: keys, the boxes on a picture, the doubts and cuts of a report. Everything works without a mouse.
"use strict";

// Keys: data-key on a link follows it, on a button of the decision goes to it (Enter does it), on others presses it.
const isTyping = target => target.matches("input:not([type=radio]):not([type=checkbox]):not([type=hidden]), textarea:not([readonly]), select");
const actions = {};
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || event.target.id === "picture") return;
  const action = actions[event.key];
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!action && !target) return;
  event.preventDefault();
  if (action) action(event);
  else if (target.matches("a")) target.click();
  else if (target.matches("button[name=decision]")) target.focus();
  else { target.focus(); target.click(); }
});

// The name of who decides is asked once in a browser.
const names = document.querySelectorAll("input.actor");
names.forEach(name => {
  name.value = name.value || localStorage.getItem("jmid_actor") || "";
  name.addEventListener("change", () => { localStorage.setItem("jmid_actor", name.value); names.forEach(other => { other.value = name.value; }); });
});
actions.w = () => { const name = document.querySelector("#decide input.actor") || names[0]; if (name) name.focus(); };

// The queue: j and k go from row to row.
const rows = [...document.querySelectorAll("a.row, button.row")];
if (rows.length) {
  const go = step => { const at = rows.indexOf(document.activeElement); rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + step))].focus(); };
  actions.j = () => go(1);
  actions.k = () => go(-1);
}

function picturePage(canvas) {
  const base = location.pathname.replace(/\/$/, ""), pen = canvas.getContext("2d"), picture = new Image();
  const field = document.getElementById("boxes"), frame = document.getElementById("frame");
  const list = document.getElementById("boxlist"), said = document.getElementById("proposed");
  let boxes = [], from = null, cursor = null;
  // A box of a document has the number of its page behind its corners; one of an image is of every frame.
  const isHere = box => box.length < 5 || box[4] === frame.value - 1;
  const add = box => boxes.push(canvas.dataset.pages ? [...box.slice(0, 4), frame.value - 1] : box);
  const written = ([l, t, r, b, page]) => `${page === undefined ? "" : `${page}:`}${[l, t, r, b].join(",")}`;
  function paint([l, t, r, b], colour) {
    pen.strokeStyle = colour; pen.fillStyle = "rgba(238,51,51,.35)";
    pen.fillRect(l, t, r - l, b - t); pen.strokeRect(l, t, r - l, b - t);
  }
  function draw(extra) {
    pen.drawImage(picture, 0, 0);
    pen.lineWidth = Math.max(2, canvas.width / 400);
    boxes.filter(isHere).forEach(box => paint(box, "#e33"));
    if (extra) paint(extra, "#e33");
    if (cursor) paint(cursor, "#fc0");
    field.value = boxes.map(written).join(";");
    list.textContent = field.value || list.dataset.none;
  }
  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [Math.round((event.clientX - box.left) * canvas.width / box.width), Math.round((event.clientY - box.top) * canvas.height / box.height)];
  }
  const inside = (value, most) => Math.max(0, Math.min(most, value));
  const between = ([a, b], [c, d]) => [inside(Math.min(a, c), canvas.width), inside(Math.min(b, d), canvas.height), inside(Math.max(a, c), canvas.width), inside(Math.max(b, d), canvas.height)];
  function key(event) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = arrows[event.key];
    if (way) {
      const step = event.altKey ? 1 : Math.max(1, Math.round(canvas.width / 50));
      cursor = cursor || [0, 0, Math.round(canvas.width / 4), Math.round(canvas.height / 10)];
      const [x, y] = [way[0] * step, way[1] * step], [l, t, r, b] = cursor;
      if (event.shiftKey) cursor = [l, t, inside(Math.max(l + 1, r + x), canvas.width), inside(Math.max(t + 1, b + y), canvas.height)];
      else {
        const left = inside(l + x, canvas.width - (r - l)), top = inside(t + y, canvas.height - (b - t));
        cursor = [left, top, left + r - l, top + b - t];
      }
    } else if (event.key === "Enter" && cursor) { add(cursor); cursor = null; }
    else if (event.key === "Backspace") { if (cursor) cursor = null; else boxes.splice(boxes.findLastIndex(isHere), boxes.some(isHere) ? 1 : 0); }
    else if (event.key === "Escape") { cursor = null; document.getElementById("propose").focus(); }
    else return;
    event.preventDefault();
    draw();
  }
  async function propose() {
    said.textContent = said.dataset.asking; said.dataset.outcome = "asking";
    let answer = await fetch(`${base}/proposal?frame=${frame.value - 1}`), lead = "";
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({}));
      lead = problem.reason === "no-text-detector" ? said.dataset.missing : `${said.dataset.cannot} ${problem.reason || answer.status}`;
      answer = await fetch(`${base}/proposal?frame=${frame.value - 1}&regions=1`);
    }
    const found = answer.ok ? await answer.json() : { outcome: "cannot", boxes: [], text: 0, outside_regions: 0 };
    boxes.push(...found.boxes);
    draw();
    const counts = [];
    if (found.text) counts.push(`${said.dataset.text} ${found.text}`);
    if (found.outside_regions) counts.push(`${said.dataset.outside} ${found.outside_regions}`);
    said.textContent = [lead, ...counts].filter(Boolean).join(" · ") || said.dataset.none;
    said.dataset.outcome = lead ? "cannot" : found.outcome;
  }
  picture.onload = () => { canvas.width = picture.naturalWidth; canvas.height = picture.naturalHeight; draw(); };
  const load = () => { picture.src = `${base}/frames/${frame.value - 1}.png`; };
  frame.onchange = load;
  canvas.onpointerdown = event => { from = at(event); canvas.setPointerCapture(event.pointerId); };
  canvas.onpointermove = event => { if (from) draw(between(from, at(event))); };
  canvas.onpointerup = event => { if (!from) return; const box = between(from, at(event)); from = null; if (box[2] - box[0] > 1 && box[3] - box[1] > 1) add(box); draw(); };
  canvas.onkeydown = key;
  document.getElementById("clear").onclick = () => { boxes = boxes.filter(box => !isHere(box)); cursor = null; draw(); };
  document.getElementById("propose").onclick = propose;
  actions.b = () => canvas.focus();
  load();
}

function reportPage(fields) {
  const chosen = document.getElementById("chosen"), doubts = [...document.querySelectorAll("#findings li")];
  let cuts = [], last = null, here = -1;
  // positions are counted in characters, not in UTF-16 units
  const signs = text => Array.from(text).length;
  const units = (text, count) => Array.from(text).slice(0, count).join("").length;
  const placeOf = item => item.dataset.place.split(",").map(Number);
  fields.forEach((field, number) => field.addEventListener("select", () => { last = number; }));
  function select(item) {
    const [number, start, end] = placeOf(item), field = fields[number];
    field.focus();
    field.setSelectionRange(units(field.value, start), units(field.value, end));
    last = number;
    here = doubts.indexOf(item);
  }
  function go(step) {
    if (doubts.length) select(doubts[(Math.max(here, step < 0 ? 0 : -1) + step + doubts.length) % doubts.length]);
  }
  function mark(item, state) {
    const tag = item.querySelector(".tag");
    tag.hidden = !state;
    tag.textContent = state ? tag.dataset[state] : "";
    tag.className = state === "cut" ? "tag warn" : "tag good";
    item.dataset.state = state;
  }
  function show() {
    document.getElementById("cuts").value = cuts.map(cut => cut.place.join(",")).join(";");
    chosen.replaceChildren(...cuts.map(cut => Object.assign(document.createElement("li"), { textContent: cut.text })));
  }
  function add(number, from, to) {
    const text = fields[number].value;
    const place = [number, signs(text.slice(0, from)), signs(text.slice(0, to))];
    if (from === to || cuts.some(cut => cut.place.join() === place.join())) return;
    cuts.push({ place, text: text.slice(from, to) });
    doubts.filter(item => item.dataset.place === place.join()).forEach(item => mark(item, "cut"));
    show();
  }
  function drop(item) {
    cuts = cuts.filter(cut => cut.place.join() !== item.dataset.place);
    show();
  }
  doubts.forEach(item => {
    item.querySelector(".finding").onclick = () => select(item);
    item.querySelector(".fine").onclick = () => { drop(item); mark(item, "fine"); };
    item.querySelector(".mask").onclick = () => { const [number, start, end] = placeOf(item), text = fields[number].value; add(number, units(text, start), units(text, end)); };
  });
  const listed = document.getElementById("listed");
  function toList(words) { listed.value = words.trim(); listed.focus(); }
  doubts.forEach(item => { item.querySelector(".list").onclick = () => toList(item.querySelector(".finding").textContent); });
  actions.l = () => { if (last !== null) toList(fields[last].value.slice(fields[last].selectionStart, fields[last].selectionEnd)); };
  document.getElementById("cut").onclick = () => { if (last !== null) add(last, fields[last].selectionStart, fields[last].selectionEnd); };
  document.getElementById("clear").onclick = () => { cuts = []; doubts.forEach(item => mark(item, "")); show(); };
  actions.n = () => go(1);
  actions.N = () => go(-1);
  actions.f = () => { if (here >= 0) doubts[here].querySelector(".fine").click(); };
}

const canvas = document.getElementById("picture");
if (canvas) picturePage(canvas);
const fields = [...document.querySelectorAll("textarea.text")];
if (fields.length) reportPage(fields);
