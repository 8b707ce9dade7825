// A copy is asked with one serial after another, as often as its visitor needs before guessing. Whom a visitor guesses is
// marked at once; the trace follows. A copy is guessed once; another is there for the asking.
function ask(pressed) {
  if (pressed.getAttribute("aria-disabled") === "true") return;
  pressed.textContent = pressed.dataset.says;
  pressed.setAttribute("aria-label", pressed.dataset.named + pressed.dataset.says);
  pressed.setAttribute("aria-disabled", true);
}

element.addEventListener("click", (event) => {
  if (event.target.closest("[data-again]")) return trigger("open");
  const question = event.target.closest("[data-says]");
  if (question) return ask(question);
  const guess = event.target.closest("[data-guess]");
  if (!guess || guess.getAttribute("aria-disabled") === "true") return;
  for (const one of element.querySelectorAll("[data-guess]")) {
    one.setAttribute("aria-pressed", one === guess);
    one.setAttribute("aria-disabled", true);
  }
  const again = element.querySelector(".mystery-again");
  again.hidden = false;
  again.firstElementChild.textContent = again.dataset.asked.replace("{count}", element.querySelectorAll("[data-says][aria-disabled]").length);
  element.querySelectorAll("[data-says]").forEach(ask); // what is over may be looked at
  document.querySelector("#trace-guess").removeAttribute("data-folded");
  trigger("click", { index: Number(guess.dataset.guess) });
});
