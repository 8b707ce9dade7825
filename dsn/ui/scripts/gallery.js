// The chosen picture is marked at once; the panels follow.
element.addEventListener("click", (event) => {
  const pressed = event.target.closest("button[data-index]");
  if (!pressed) return;
  element.querySelectorAll("button[data-index]").forEach((one) => one.setAttribute("aria-pressed", one === pressed));
  trigger("click", { index: Number(pressed.dataset.index) });
});
