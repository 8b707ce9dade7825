// Explained terms: on hover, on focus and on touch; Escape closes.
const termOf = (target) => target?.closest?.(".term");

function explain(term) {
  document.querySelectorAll(".term.open").forEach((one) => one !== term && one.classList.remove("open"));
  if (!term || term.classList.contains("open")) return;
  term.classList.add("open");
  const word = term.querySelector("button").getBoundingClientRect();
  const tip = term.querySelector("[role=tooltip]");
  const left = Math.min(word.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
  const below = word.bottom + tip.offsetHeight < document.documentElement.clientHeight;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${below ? word.bottom : word.top - tip.offsetHeight}px`;
}

document.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "mouse") return;
  const term = termOf(event.target);
  if (term) explain(term);
  else if (!termOf(document.activeElement)) explain(null);
});
document.addEventListener("focusin", (event) => explain(termOf(event.target)));
document.addEventListener("focusout", () => explain(null));
document.addEventListener("click", (event) => explain(termOf(event.target)));
document.addEventListener("scroll", () => explain(null), { capture: true, passive: true });
// Before the presenter's own Escape, which leaves.
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || !document.querySelector(".term.open")) return;
    event.stopPropagation();
    explain(null);
  },
  true,
);
