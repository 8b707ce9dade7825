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

// What the three panels say is told to screen readers once the visitor pauses, from a place that is never replaced.
const QUIET = 700; // milliseconds
const told = document.createElement("p");
told.className = "told";
told.setAttribute("role", "status");
bench.append(told);
let pause;

document.addEventListener("answered", () => {
  clearTimeout(pause);
  pause = setTimeout(() => {
    const panels = [...view.querySelectorAll(".panel")];
    const words = (one) => one.textContent.replace(/[✓✗→]/g, "").replace(/\s+/g, " ").trim();
    told.textContent = panels.map((panel) => `${words(panel.querySelector("h3"))}: ${words(panel.querySelector(".verdict"))}.`).join(" ");
  }, QUIET);
});
