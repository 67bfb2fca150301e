// A form that is sent when one of its choices changes: pages have no inline scripts.
for (const choice of document.querySelectorAll("select[data-submits]")) {
  choice.addEventListener("change", () => choice.form.requestSubmit());
}
