// Every control answers at once: it is marked, and the panels dim, from the click until the network has answered.
const bench = element.closest(".workbench");
const view = element.closest("#panels");
const CONTROLS = ".bits-and-buttons button, #gallery button, .segmented input, #serial input";

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

// What was asked of another choice is dimmed and says so, and so are the answers to a drawing once it is gone.
const stage = view.closest(".tabitem") ?? document;
const picture = () => view.querySelector(".panel.absent img")?.src;
const askedWith = new WeakMap(); // of what was asked of the picture that is shown: that picture

function freshen() {
  const shown = view.querySelector(".panels")?.dataset ?? {};
  for (const one of stage.querySelectorAll(".asked-of")) {
    if (!askedWith.has(one)) askedWith.set(one, picture());
    const other = ["task", "customer", "lock", "serial"].some((name) => name in one.dataset && one.dataset[name] !== shown[name]);
    const stale = other || ("picture" in one.dataset && askedWith.get(one) !== picture());
    if (one.classList.contains("stale") !== stale) one.classList.toggle("stale", stale);
  }
}

document.addEventListener("answered", () => {
  view.querySelector(".panels")?.classList.remove("stale");
  freshen();
});
document.addEventListener("dsn:cleared", () => view.querySelector(".panels")?.classList.add("stale"));
for (const place of stage.querySelectorAll("#flips, #measurement")) new MutationObserver(freshen).observe(place, { subtree: true, childList: true });

// While what the middle panel answers is out of view, the chips at the screen's edge say it: what is pressed changes it first.
const away = new IntersectionObserver((seen) => document.body.classList.toggle("answers-away", !seen.at(-1).isIntersecting));
let watched = null;

function watch() {
  const answer = view.querySelector(".panel.entered .verdict");
  if (answer === watched) return;
  away.disconnect();
  watched = answer;
  if (answer) away.observe(answer);
}

new MutationObserver(watch).observe(view, { subtree: true, childList: true });
watch();

// From what is said of the lock, here and in the lesson, to the attack that shows it; and from the lesson's end onwards.
// A tab's contents come when it is first opened, and not at once: what is to be pressed there is pressed once it is there.
function until(isDone, press, tries = 100) {
  if (isDone() || tries === 0) return;
  press();
  setTimeout(() => until(isDone, press, tries - 1), 100);
}

const at = (selector) => document.querySelector(selector);
// From its beginning, and with the focus: what was pressed is no longer there.
function openTab(name) {
  const tab = at(`#tabs > .tab-wrapper [role="tablist"]:not(.visually-hidden) [data-tab-id="${name}"]`);
  tab?.click();
  tab?.focus({ preventScroll: true });
  scrollTo(0, 0);
}

document.addEventListener("click", (event) => {
  const { see, play, tab, press } = event.target.closest("[data-see], [data-play], [data-tab], [data-press]")?.dataset ?? {};
  if (see) {
    openTab("attack");
    until(() => at(`#attack-choice input[value="${see}"]`)?.checked, () => at(`#attack-choice input[value="${see}"]`)?.click());
  } else if (play) {
    openTab("attack");
    until(() => at(".break-in-open:not([hidden])"), () => at("#break-in [data-do=begin]")?.click());
  } else if (tab) openTab(tab);
  else if (press) {
    at("#share").scrollIntoView({ block: "nearest" });
    at(`#share ${press}`).click();
  }
});

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
    const words = (one) => one.textContent.replace(/[✓✗→–]/g, "").replace(/\s+/g, " ").trim();
    told.textContent = panels.map((panel) => `${words(panel.querySelector("h3"))}: ${words(panel.querySelector(".verdict"))}.`).join(" ");
  }, QUIET);
});
