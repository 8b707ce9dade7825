// The stages of the training's diagram, wherever it is drawn.
function showStage(training, number) {
  training.dataset.stage = number;
  for (const one of training.querySelectorAll("[data-go-stage]")) one.setAttribute("aria-pressed", Number(one.dataset.goStage) === number);
  for (const one of training.querySelectorAll("[data-of-stage]")) one.hidden = Number(one.dataset.ofStage) !== number;
  for (const one of training.querySelectorAll("[data-of]")) one.classList.toggle("lit", one.dataset.of.split(" ").includes(String(number)));
}
