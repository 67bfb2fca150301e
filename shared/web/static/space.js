// Asks for the images of a Study that were evicted, says what became of that, and pins a Study so that its images stay.
"use strict";
(() => {
  const json = { "Content-Type": "application/json" };
  const asked = async (url, body) => {
    const answer = await fetch(url, body ? { method: "POST", headers: json, body: JSON.stringify(body) } : undefined);
    return [answer, await answer.json().catch(() => ({}))];
  };
  const refused = (form, answer, kept) =>
    form.dataset.refused.replace("{status}", answer.status).replace("{detail}", kept.detail || kept.reason || "");

  const recall = document.getElementById("recall");
  if (recall) {
    const told = document.getElementById("recalled");
    const states = JSON.parse(recall.dataset.states);
    const show = (found) => {
      told.textContent = (states[found.state] || found.state).replace("{by}", found.requested_by).replace("{at}", found.requested_at.slice(0, 16).replace("T", " "))
        .replace("{count}", Object.values(found.missing || {}).reduce((sum, each) => sum + each, 0))
        .replace("{reasons}", Object.keys(found.missing || {}).join(", "));
    };
    const look = async () => {
      const [answer, kept] = await asked(`/api/recalls?study=${encodeURIComponent(recall.dataset.study)}`);
      const found = answer.ok && kept.recalls[0];
      if (found) show(found);
      if (found && found.state === "requested") window.setTimeout(look, 5000);
    };
    recall.addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = { study_instance_uid: recall.dataset.study, by: recall.elements.by.value, site: "" };
      const [answer, kept] = await asked("/api/recalls", body);
      if (answer.ok) look(); else told.textContent = refused(recall, answer, kept);
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
