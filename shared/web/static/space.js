// Asks for the images of a Study that were evicted, says how far that is and what became of it, and pins a Study so that its images stay.
"use strict";
(() => {
  const json = { "Content-Type": "application/json" };
  const asked = async (url, body) => {
    const answer = await fetch(url, body ? { method: "POST", headers: json, body: JSON.stringify(body) } : undefined);
    return [answer, await answer.json().catch(() => ({}))];
  };
  const refused = (form, answer, kept) =>
    form.dataset.refused.replace("{status}", answer.status).replace("{detail}", kept.detail || kept.reason || "");

  const recalled = document.getElementById("recalled");
  const recall = document.getElementById("recall");
  if (recalled) {
    const texts = JSON.parse(recalled.dataset.texts);
    const filled = (text, values) => Object.entries(values).reduce((now, [name, value]) => now.replace(`{${name}}`, value), text);
    const counted = (counts, words) => Object.entries(counts || {}).map(([word, count]) => `${words[word] || words[word.split(" ")[0]] || word} (${count})`);
    const minute = (at) => at.slice(0, 16).replace("T", " ");
    const lines = (found) => {
      const count = Object.values(found.missing || {}).reduce((sum, each) => sum + each, 0);
      const values = { by: found.requested_by, at: minute(found.requested_at), count };
      const last = found.state === "requested" && (found.steps || []).at(-1);
      const compared = { same: 0, changed: 0, missing: 0, new: 0, ...found.compared };
      return [
        found.state === "redelivered" && !recall ? "" : filled(texts.states[found.state] || found.state, values),
        ...counted(found.missing, texts.reasons),
        last ? `${texts.steps[last.step] || last.step} (${minute(last.at)})` : "",
        Object.keys(found.compared || {}).length ? filled(texts.compared, compared) : "",
        ...counted(found.changed_by, texts.why),
      ].filter(Boolean);
    };
    const look = async () => {
      const [answer, kept] = await asked(`/api/recalls?study=${encodeURIComponent(recalled.dataset.study)}`);
      const found = answer.ok && kept.recalls[0];
      if (!found) return;
      recalled.hidden = !lines(found).length;
      recalled.replaceChildren(...lines(found).map((text) => Object.assign(document.createElement("div"), { textContent: text })));
      if (found.state === "requested") window.setTimeout(look, 5000);
    };
    recall?.addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = { study_instance_uid: recall.dataset.study, by: recall.elements.by.value, site: "" };
      const [answer, kept] = await asked("/api/recalls", body);
      document.getElementById("recall-refused").textContent = answer.ok ? "" : refused(recall, answer, kept);
      if (answer.ok) look();
    });
    look();
  }

  const pin = document.getElementById("pin");
  if (!pin) return;
  const told = document.getElementById("pinned");
  const list = pin.querySelector("ul");
  const row = (each) => {
    const text = each.dataset ? `${pin.dataset.dataset} ${each.dataset}` : pin.dataset.pinned;
    const item = Object.assign(document.createElement("li"), { textContent: `${text} – ${each.by} ${each.at.slice(0, 10)} ` });
    const button = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: pin.dataset.remove });
    button.addEventListener("click", () => change({ dataset: each.dataset, by: each.by, remove: true }));
    item.append(button);
    return item;
  };
  const look = async () => {
    const [answer, kept] = await asked(`/api/pins?study=${encodeURIComponent(pin.dataset.study)}`);
    if (answer.ok) list.replaceChildren(...kept.pins.map(row));
  };
  const change = async (body) => {
    const [answer, kept] = await asked("/api/pins", { study_instance_uid: pin.dataset.study, ...body });
    told.textContent = answer.ok ? "" : refused(pin, answer, kept);
    if (answer.ok) look();
  };
  pin.addEventListener("submit", (event) => {
    event.preventDefault();
    change({ by: pin.elements.by.value });
  });
  look();
})();
