// A pad to draw on, white on black as the network's training pictures; each finished stroke is sent.
const pad = element.querySelector("canvas");
const pen = pad.getContext("2d");
let drawing = false;

function clear() {
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, pad.width, pad.height);
}

function place(event) {
  const frame = pad.getBoundingClientRect();
  const scale = pad.width / frame.width;
  return [(event.clientX - frame.left) * scale, (event.clientY - frame.top) * scale];
}

clear();
pen.strokeStyle = "#fff";
pen.lineCap = pen.lineJoin = "round";
pen.lineWidth = 22;

pad.addEventListener("pointerdown", (event) => {
  drawing = true;
  pad.setPointerCapture(event.pointerId);
  pen.beginPath();
  pen.moveTo(...place(event));
  pen.lineTo(...place(event));
  pen.stroke();
});

pad.addEventListener("pointermove", (event) => {
  if (!drawing) return;
  pen.lineTo(...place(event));
  pen.stroke();
});

for (const end of ["pointerup", "pointercancel"]) {
  pad.addEventListener(end, () => {
    if (!drawing) return;
    drawing = false;
    trigger("click", { picture: pad.toDataURL("image/png") });
  });
}

element.querySelector("button").addEventListener("click", clear);
