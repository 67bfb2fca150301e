// Shows the rendered frames of a series: PS3.18 rendered instances, in order of Instance Number.
"use strict";
(() => {
  const box = document.getElementById("frames");
  if (!box) return;
  const [image, slice, where] = ["frame", "slice", "where"].map((id) => document.getElementById(id));
  let shown = [];
  const first = (object, tag) => (object[tag] && object[tag].Value ? object[tag].Value[0] : undefined);
  const show = () => {
    const at = shown[Number(slice.value)];
    if (!at) return;
    image.src = `${at.url}/rendered?viewport=768,768`;
    where.textContent = box.dataset.where.replace("{number}", Number(slice.value) + 1).replace("{count}", shown.length);
  };
  const load = async (series) => {
    const root = `${box.dataset.root}/series/${series}`;
    const answer = await fetch(`${root}/instances?includefield=00280008&limit=5000`, { headers: { Accept: "application/dicom+json" } });
    if (!answer.ok && answer.status !== 204) { where.textContent = box.dataset.refused.replace("{status}", answer.status); return; }
    const found = answer.status === 204 ? [] : await answer.json();
    found.sort((a, b) => (first(a, "00200013") || 0) - (first(b, "00200013") || 0));
    shown = found.flatMap((each) => {
      const url = `${root}/instances/${first(each, "00080018")}`;
      const frames = Number(first(each, "00280008") || 1);
      return frames === 1 ? [{ url }] : Array.from({ length: frames }, (_, i) => ({ url: `${url}/frames/${i + 1}` }));
    });
    slice.max = String(Math.max(0, shown.length - 1));
    slice.value = String(Math.floor((shown.length - 1) / 2));
    show();
  };
  slice.addEventListener("input", show);
  box.addEventListener("wheel", (event) => {
    event.preventDefault();
    slice.value = String(Number(slice.value) + Math.sign(event.deltaY));
    show();
  }, { passive: false });
  image.addEventListener("error", () => { where.textContent += ` – ${box.dataset.broken}`; });
  const buttons = [...document.querySelectorAll("[data-series]")];
  buttons.forEach((button) => button.addEventListener("click", () => load(button.dataset.series)));
  if (buttons.length) load(buttons[0].dataset.series);
})();

// Records a confirmed diagnosis, shows what is doubtful in its text, and shows the case anew when search has taken it in.
(() => {
  const form = document.getElementById("diagnosis");
  if (!form) return;
  const [told, doubts] = ["recorded", "doubts"].map((id) => document.getElementById(id));
  const words = JSON.parse(doubts.dataset.words);
  const send = async (body) => {
    const answer = await fetch("/api/diagnoses", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const kept = await answer.json().catch(() => ({}));
    if (answer.ok) return kept;
    const detail = kept.reason === "text-identifies" ? form.dataset.identifies : kept.detail || kept.reason || "";
    told.textContent = form.dataset.refused.replace("{status}", answer.status).replace("{detail}", detail);
    return null;
  };
  const done = (text) => { told.textContent = text; window.setTimeout(() => window.location.reload(), 1500); };
  const ask = (kept, body) => {
    const reasons = new Set(kept.warnings.map((each) => each.slice(each.indexOf(": ") + 2)));
    const sentences = new Set([...reasons].map((each) => words[each] || words[""]));
    doubts.querySelector("ul").replaceChildren(...[...sentences].map((each) => Object.assign(document.createElement("li"), { textContent: each })));
    doubts.hidden = false;
    document.getElementById("keep").onclick = () => { doubts.hidden = true; done(form.dataset.recorded); };
    document.getElementById("withdraw").onclick = async () => {
      if (!await send({ ...body, id: kept.id, version: kept.version, reason: form.dataset.withdrawn, remove: true })) return;
      doubts.hidden = true;
      done(form.dataset.withdrawn);
    };
    document.getElementById("withdraw").focus();
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form));
    const body = { by: values.by, note: values.note };
    if (values.code) Object.assign(body, { code: values.code, system: "http://hl7.org/fhir/sid/icd-10", display: values.note });
    if (form.dataset.study) body.study_instance_uids = [form.dataset.study];
    else body.report_id = form.dataset.report;
    doubts.hidden = true;
    told.textContent = "";
    const kept = await send(body);
    if (kept && kept.warnings) ask(kept, { ...body, code: "", system: "", display: "", note: "" });
    else if (kept) done(form.dataset.recorded);
  });
})();
