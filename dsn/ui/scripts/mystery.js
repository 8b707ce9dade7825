// Whom a visitor guesses is marked at once; the trace follows.
element.addEventListener("click", (event) => {
  const guess = event.target.closest("[data-guess]");
  if (!guess) return;
  for (const one of element.querySelectorAll("[data-guess]")) one.setAttribute("aria-pressed", one === guess);
  trigger("click", { index: Number(guess.dataset.guess) });
});
