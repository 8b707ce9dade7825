// A pad to draw on, white on black as the network's training pictures; each finished stroke is sent. One finger draws;
// a second one puts an end to its stroke.
const pad = element.querySelector("canvas");
const pen = pad.getContext("2d");
let finger = null; // that draws

function clear() {
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, pad.width, pad.height);
  document.dispatchEvent(new Event("dsn:cleared"));
}

function place(event) {
  const frame = pad.getBoundingClientRect();
  const scale = pad.width / frame.width;
  return [(event.clientX - frame.left) * scale, (event.clientY - frame.top) * scale];
}

function lift() {
  if (finger === null) return;
  finger = null;
  trigger("click", { picture: pad.toDataURL("image/png") });
}

pen.fillStyle = "#000";
pen.fillRect(0, 0, pad.width, pad.height);
pen.strokeStyle = "#fff";
pen.lineCap = pen.lineJoin = "round";
pen.lineWidth = 22;

pad.addEventListener("pointerdown", (event) => {
  if (finger !== null) return lift();
  if (!event.isPrimary) return;
  finger = event.pointerId;
  pad.setPointerCapture(event.pointerId);
  pen.beginPath();
  pen.moveTo(...place(event));
  pen.lineTo(...place(event));
  pen.stroke();
});

pad.addEventListener("pointermove", (event) => {
  if (event.pointerId !== finger) return;
  pen.lineTo(...place(event));
  pen.stroke();
});

for (const end of ["pointerup", "pointercancel"]) {
  pad.addEventListener(end, (event) => {
    if (event.pointerId === finger) lift();
  });
}

element.querySelector("button").addEventListener("click", clear);
