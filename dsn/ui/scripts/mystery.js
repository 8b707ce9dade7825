// Whom a visitor guesses is marked at once; the trace follows. A copy is guessed once; another is there for the asking.
element.addEventListener("click", (event) => {
  if (event.target.closest("[data-again]")) {
    document.querySelector("#trace-report .note.guessed")?.remove(); // it is of the last copy
    document.querySelector("#trace-report .trace")?.classList.add("stale");
    return trigger("open");
  }
  const guess = event.target.closest("[data-guess]");
  if (!guess || guess.getAttribute("aria-disabled") === "true") return;
  for (const one of element.querySelectorAll("[data-guess]")) {
    one.setAttribute("aria-pressed", one === guess);
    one.setAttribute("aria-disabled", true);
  }
  element.querySelector(".mystery-again").hidden = false;
  trigger("click", { index: Number(guess.dataset.guess) });
});
