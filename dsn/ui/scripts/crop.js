// The box on a visitor's picture: dragged, pulled at its corners, or moved by keyboard; where it rests is sent.
const LEAST = 4; // percent of the picture, of a side
const STEP = 2;
const RESTS = 300; // milliseconds after the last key
let drag = null;
let resting = 0;

const numbers = (text) => text.split(" ").map(Number);
const held = (value) => Math.min(100, Math.max(0, value));

function draw(box, [left, top, right, bottom]) {
  box.dataset.box = [left, top, right, bottom].map((value) => value.toFixed(2)).join(" ");
  Object.assign(box.style, { left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%` });
}

function send(box) {
  trigger("click", { box: numbers(box.dataset.box).map((value) => value / 100) });
}

function moved([left, top, right, bottom], across, down) {
  const x = Math.min(100 - right, Math.max(-left, across));
  const y = Math.min(100 - bottom, Math.max(-top, down));
  return [left + x, top + y, right + x, bottom + y];
}

function pulled([left, top, right, bottom], corner, across, down) {
  if (corner.includes("w")) left = Math.min(right - LEAST, held(left + across));
  if (corner.includes("e")) right = Math.max(left + LEAST, held(right + across));
  if (corner.includes("n")) top = Math.min(bottom - LEAST, held(top + down));
  if (corner.includes("s")) bottom = Math.max(top + LEAST, held(bottom + down));
  return [left, top, right, bottom];
}

element.addEventListener("pointerdown", (event) => {
  const box = event.target.closest(".crop-box");
  if (!box || event.button) return;
  event.preventDefault();
  box.focus();
  box.setPointerCapture(event.pointerId);
  const corner = event.target.classList.contains("crop-corner") ? event.target.classList[1] : "";
  drag = { box, corner, from: numbers(box.dataset.box), x: event.clientX, y: event.clientY };
});

element.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const frame = drag.box.parentElement.getBoundingClientRect();
  const across = ((event.clientX - drag.x) / frame.width) * 100;
  const down = ((event.clientY - drag.y) / frame.height) * 100;
  draw(drag.box, drag.corner ? pulled(drag.from, drag.corner, across, down) : moved(drag.from, across, down));
});

for (const end of ["pointerup", "pointercancel"]) {
  element.addEventListener(end, () => {
    if (!drag) return;
    const { box, from } = drag;
    drag = null;
    if (box.dataset.box !== from.map((value) => value.toFixed(2)).join(" ")) send(box);
  });
}

element.addEventListener("keydown", (event) => {
  const box = event.target.closest(".crop-box");
  const way = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
  if (!box || !way || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const from = numbers(box.dataset.box);
  draw(box, event.shiftKey ? pulled(from, "se", ...way) : moved(from, ...way));
  clearTimeout(resting);
  resting = setTimeout(() => send(box), RESTS);
});

element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-crop]");
  if (!button) return;
  const box = element.querySelector(".crop-box");
  draw(box, numbers(button.dataset.crop));
  send(box);
});
