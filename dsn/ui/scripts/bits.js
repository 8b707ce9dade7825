// A pressed bit answers at once; the page follows with the server's word. Arrow keys move between bits.
const bits = () => Array.from(element.querySelectorAll("button[data-bit]"));

element.addEventListener("click", (event) => {
  const pressed = event.target.closest("button[data-bit]");
  if (!pressed) return;
  pressed.setAttribute("aria-pressed", pressed.getAttribute("aria-pressed") === "true" ? "false" : "true");
  element.querySelector(".bits").classList.remove("empty");
  trigger("click", { bits: bits().map((bit) => (bit.getAttribute("aria-pressed") === "true" ? 1 : 0)) });
});

element.addEventListener("keydown", (event) => {
  const all = bits();
  const at = all.indexOf(document.activeElement);
  const side = Math.round(Math.sqrt(all.length));
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -side, ArrowDown: side }[event.key];
  if (at < 0 || step === undefined) return;
  event.preventDefault();
  const next = all[at + step];
  if (!next) return;
  all.forEach((bit) => (bit.tabIndex = -1));
  next.tabIndex = 0;
  next.focus();
});
