// A stage of the diagram is shown by its button.
element.addEventListener("click", (event) => {
  const stage = event.target.closest("[data-go-stage]")?.dataset.goStage;
  if (stage) showStage(element.querySelector(".training"), Number(stage));
});
