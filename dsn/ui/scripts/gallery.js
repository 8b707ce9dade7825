// Pictures to choose from, drawn by what draws Compare's. The chosen one is marked at once; the panels follow.
const draw = (record) => void (element.innerHTML = record?.pictures ? window.dsnDrawing.galleryHtml(record) : "");
draw(props.value);
watch("value", () => draw(props.value));
element.addEventListener("click", (event) => {
  const pressed = event.target.closest("button[data-index]");
  if (!pressed) return;
  element.querySelectorAll("button[data-index]").forEach((one) => one.setAttribute("aria-pressed", one === pressed));
  trigger("click", { index: Number(pressed.dataset.index) });
});
