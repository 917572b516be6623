// Makes or asks for a passkey, and posts the browser's answer with the form. Where the browser cannot, its forms stay hidden.
if (window.PublicKeyCredential?.parseCreationOptionsFromJSON && window.PublicKeyCredential.parseRequestOptionsFromJSON) {
  for (const without of document.querySelectorAll("[data-without-passkeys]")) {
    without.hidden = true;
  }
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (form.querySelector("input[type=text]")?.value.trim() === "") {
        // The portal asks for the name, before a passkey is made that has none.
        form.submit();
        return;
      }
      const [button, failed] = [form.querySelector("button"), form.querySelector("[data-failed]")];
      failed.hidden = true;
      button.disabled = true;
      try {
        const answer = await fetch(form.dataset.options, { method: "POST", body: new FormData(form) });
        if (answer.redirected || !answer.ok) {
          // Signed out, or too long ago: the page itself says so, or leads on.
          location.reload();
          return;
        }
        const options = await answer.json();
        const credential = form.dataset.passkey === "create"
          ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
          : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
        form.elements["Key.Credential"].value = JSON.stringify(credential.toJSON());
        form.submit();
      } catch {
        // Cancelled, or there is none.
        failed.hidden = false;
        button.disabled = false;
        button.focus();
      }
    });
  }
}
