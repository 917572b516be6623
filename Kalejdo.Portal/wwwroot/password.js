// Shows and hides what is typed as a password. Without it the button beside the field stays hidden.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  const [show, hide] = [button.textContent, button.dataset.hide];
  const set = (visible) => {
    field.type = visible ? "text" : "password";
    button.textContent = visible ? hide : show;
  };
  button.hidden = false;
  button.addEventListener("click", () => set(field.type === "password"));
  // Else a browser would keep it among what was typed in text fields.
  field.form.addEventListener("submit", () => set(false));
}
