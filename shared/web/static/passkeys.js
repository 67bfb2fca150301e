// Passkeys: has the browser make or show one, and sends what it answers with the form (W3C Web Authentication Level 3).
"use strict";

const answered = async (kind, options) => kind === "create"
  ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
  : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const problem = form.querySelector("[role=alert]");
  form.addEventListener("submit", async event => {
    event.preventDefault();
    problem.hidden = true;
    try {
      const credential = await answered(form.dataset.passkey, JSON.parse(form.dataset.options));
      form.elements.credential.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch {
      problem.textContent = problem.dataset.failed;
      problem.hidden = false;
    }
  });
}
