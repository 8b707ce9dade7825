// A pressed button says at once that its file is being made; the answer beside it says when it is there.
const making = element.querySelector(".making");

element.addEventListener("click", (event) => {
  const pressed = event.target.closest("button[data-kind]");
  if (!pressed || element.querySelector("[aria-busy]")) return;
  pressed.setAttribute("aria-busy", "true");
  making.textContent = making.dataset.making;
  document.dispatchEvent(new Event("dsn:exporting"));
  trigger("make", { kind: pressed.dataset.kind });
});

document.addEventListener("dsn:exported", () => {
  element.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  making.textContent = "";
});
