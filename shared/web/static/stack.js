// The stack view of a case: one Series as rendered frames (PS3.18 10.4.1.1.3), scrolled and windowed (8.3.5.1.4).
const box = document.getElementById("stack");
const [pane, image, slice, where, windowed, trouble, presets, viewer] =
  ["pane", "frame", "slice", "where", "window", "trouble", "presets", "viewer"].map((id) => document.getElementById(id));
const links = [...document.querySelectorAll("a[data-series]")];
const PAGE = 500; // Instances of one QIDO-RS answer
const AHEAD = 6; // frames that are fetched before they are asked for
const KEPT = 80; // rendered frames that are kept
const SIDE = 768;

const first = (object, tag) => object[tag]?.Value?.[0];
const say = (name, values) => Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), box.dataset[name]);

let frames = [], at = 0, step = 1, wanted = null, stored = null, opening = 0;
const kept = new Map(); // url → promise of the blob's URL, the longest unused first
const running = new Map(); // url → AbortController

const urlOf = (frame) => `${frame.url}/rendered?viewport=${SIDE},${SIDE}${wanted ? `&window=${wanted.join(",")},linear` : ""}`;

function picture(url) {
  const known = kept.get(url);
  if (known) { kept.delete(url); kept.set(url, known); return known; }
  const stop = new AbortController();
  running.set(url, stop);
  const answer = fetch(url, { signal: stop.signal, headers: { Accept: "image/jpeg" } })
    .then((got) => { if (!got.ok) throw new Error(say("refused", { status: got.status })); return got.blob(); })
    .then((blob) => URL.createObjectURL(blob))
    .finally(() => running.delete(url));
  answer.catch(() => kept.delete(url));
  kept.set(url, answer);
  for (const [oldest, each] of kept) {
    if (kept.size <= KEPT) break;
    kept.delete(oldest);
    each.then((blob) => URL.revokeObjectURL(blob), () => {});
  }
  return answer;
}

// Shows the frame that is asked for now; what is fetched and no longer near it is cancelled.
async function show() {
  const frame = frames[at];
  if (!frame) return;
  slice.value = String(at);
  where.textContent = say("where", { number: at + 1, count: frames.length });
  windowed.textContent = wanted ? say("window", { center: wanted[0], width: wanted[1] }) : "";
  const url = urlOf(frame);
  const ahead = Array.from({ length: AHEAD }, (_, n) => frames[at + step * (n + 1)]).filter(Boolean).map(urlOf);
  for (const [each, stop] of running) if (each !== url && !ahead.includes(each)) stop.abort();
  try {
    const shown = await picture(url);
    if (urlOf(frames[at]) !== url) return;
    image.src = shown;
    trouble.textContent = "";
    for (const each of ahead) picture(each).catch(() => {});
  } catch (error) {
    if (error.name !== "AbortError" && frames[at] === frame) trouble.textContent = `– ${error.message || box.dataset.broken}`;
  }
}

function go(to) {
  const next = Math.max(0, Math.min(frames.length - 1, to));
  if (next === at) return;
  step = Math.sign(next - at);
  at = next;
  show();
}

async function instances(root) {
  const found = [];
  for (;;) {
    const query = `includefield=00280008&limit=${PAGE}&offset=${found.length}`;
    const answer = await fetch(`${root}/instances?${query}`, { headers: { Accept: "application/dicom+json" } });
    if (answer.status === 204) return found;
    if (!answer.ok) throw new Error(say("refused", { status: answer.status }));
    const page = await answer.json();
    if (!page.length) return found;
    found.push(...page);
  }
}

async function open(link) {
  const mine = ++opening;
  const root = `${box.dataset.root}/series/${link.dataset.series}`;
  links.forEach((each) => { if (each === link) each.setAttribute("aria-current", "true"); else each.removeAttribute("aria-current"); });
  presets.hidden = link.dataset.modality !== "CT";
  viewer.href = `${viewer.href.split("&initialSeries")[0]}&initialSeriesInstanceUID=${link.dataset.series}`;
  trouble.textContent = "";
  let found;
  try {
    found = await instances(root);
  } catch (error) {
    if (mine === opening) trouble.textContent = `– ${error.message}`;
    return;
  }
  if (mine !== opening) return;
  found.sort((a, b) => (first(a, "00200013") || 0) - (first(b, "00200013") || 0));
  frames = found.flatMap((each) => {
    const url = `${root}/instances/${first(each, "00080018")}`;
    const count = Number(first(each, "00280008") || 1);
    return count === 1 ? [{ url, instance: url }] : Array.from({ length: count }, (_, i) => ({ url: `${url}/frames/${i + 1}`, instance: url }));
  });
  [wanted, stored] = [null, null];
  at = Math.floor((frames.length - 1) / 2);
  slice.max = String(Math.max(0, frames.length - 1));
  show();
}

// The window that a drag begins with: the stored one, else the whole range of stored values (PS3.3 C.11.2, C.7.6.3).
async function windowNow() {
  if (wanted) return wanted;
  if (stored) return stored;
  const answer = await fetch(`${frames[at].instance}/metadata`, { headers: { Accept: "application/dicom+json" } });
  const header = answer.ok ? (await answer.json())[0] : {};
  const bits = Number(first(header, "00280101") || 8);
  stored = [Number(first(header, "00281050") ?? 2 ** (bits - 1)), Number(first(header, "00281051") ?? 2 ** bits)];
  return stored;
}

function choose(text) {
  wanted = text ? text.split(",").map(Number) : null;
  show();
}

const mode = box?.querySelector("[data-mode]");
function switchMode() {
  const isWindow = mode.getAttribute("aria-pressed") !== "true";
  mode.setAttribute("aria-pressed", String(isWindow));
  pane.dataset.drag = isWindow ? "window" : "slice";
}

function dragged() {
  let from = null;
  pane.addEventListener("contextmenu", (event) => event.preventDefault());
  pane.addEventListener("pointerdown", async (event) => {
    if (!frames.length) return;
    pane.setPointerCapture(event.pointerId);
    const isWindow = event.button === 2 || pane.dataset.drag === "window";
    from = { x: event.clientX, y: event.clientY, at, window: null };
    const mine = from;
    if (isWindow) mine.window = await windowNow();
  });
  pane.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [x, y] = [event.clientX - from.x, event.clientY - from.y];
    if (from.window) {
      const scale = Math.max(from.window[1], 8) / 256;
      wanted = [Math.round(from.window[0] + y * scale), Math.max(1, Math.round(from.window[1] + x * scale))];
      show();
    } else if (pane.dataset.drag !== "window" && event.buttons !== 2) {
      go(from.at + Math.round(y / 6));
    }
  });
  for (const end of ["pointerup", "pointercancel"]) pane.addEventListener(end, () => { from = null; });
}

const other = (by) => {
  const now = links.findIndex((each) => each.hasAttribute("aria-current"));
  const next = links[now + by];
  if (next) { open(next); next.scrollIntoView({ block: "nearest" }); }
};
const KEYS = {
  ArrowUp: () => go(at - 1), ArrowDown: () => go(at + 1), ArrowLeft: () => go(at - 1), ArrowRight: () => go(at + 1),
  PageUp: () => go(at - 10), PageDown: () => go(at + 10), Home: () => go(0), End: () => go(frames.length - 1),
  0: () => choose(""), w: switchMode, "[": () => other(-1), "]": () => other(1),
};

if (box && links.length) {
  box.hidden = false;
  pane.dataset.drag = "slice";
  slice.addEventListener("input", () => go(Number(slice.value)));
  pane.addEventListener("wheel", (event) => { event.preventDefault(); go(at + Math.sign(event.deltaY)); }, { passive: false });
  pane.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const preset = !presets.hidden && presets.querySelectorAll("button")[Number(event.key) - 1];
    const action = KEYS[event.key] || (preset && (() => choose(preset.dataset.window)));
    if (!action) return;
    event.preventDefault();
    action();
  });
  box.querySelectorAll("button[data-window]").forEach((each) => each.addEventListener("click", () => choose(each.dataset.window)));
  mode.addEventListener("click", switchMode);
  links.forEach((each) => each.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(each);
    pane.focus();
  }));
  dragged();
  open(links[0]);
}
