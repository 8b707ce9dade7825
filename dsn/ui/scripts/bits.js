// Arrow keys move between the bits of a serial.
element.addEventListener("keydown", (event) => {
  const all = Array.from(element.querySelectorAll("button[data-bit]"));
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
