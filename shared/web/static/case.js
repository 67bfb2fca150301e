// Records a confirmed diagnosis, shows what is doubtful in its text, and shows the case anew when search has taken it in.
"use strict";
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
