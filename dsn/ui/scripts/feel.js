// Every control answers at once: it is marked, and the panels dim, from the click until the network has answered.
const bench = element.closest(".workbench");
const view = element.closest("#panels");
const CONTROLS = ".bits-and-buttons button, #gallery button, .segmented input, #serial input, #sketch button";

view.setAttribute("aria-busy", "false");

function begin(control) {
  end();
  view.setAttribute("aria-busy", "true");
  control.classList.add("pressed");
}

function end() {
  view.setAttribute("aria-busy", "false");
  bench.querySelectorAll(".pressed").forEach((one) => one.classList.remove("pressed"));
}

for (const kind of ["click", "input"]) {
  bench.addEventListener(kind, (event) => {
    const control = event.target.closest(CONTROLS);
    if (control && (kind === "input") === control.matches("#serial input")) begin(control);
  }, true);
}
document.addEventListener("answered", end);
