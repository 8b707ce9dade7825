// Presenter mode: the same steps, one idea a screen, led by the keyboard. The page's own rules hide all the rest.
const keys = lesson.querySelector(".present-keys");

// What stands in the place of a step: "title" before the first, "end" after the last, or nothing.
const cover = () => document.body.dataset.presentCover ?? "";

function showCover(name) {
  if (name) document.body.dataset.presentCover = name;
  else delete document.body.dataset.presentCover;
}

/** Begin a talk; `slide`: where it was when the page was loaded again. */
function present(slide = null) {
  if (!slide) history.pushState(null, "", location.href); // so that going back leaves the talk, and not the page
  openTab(lesson.dataset.compare);
  revealed.clear();
  drawn.clear();
  document.body.classList.add("presenting");
  document.documentElement.style.overscrollBehaviorX = "none"; // a swipe is the talk's, and not the browser's way back
  scrollTo(0, 0);
  const link = new URLSearchParams(location.search);
  const named = slide?.step ?? Number(link.get("step"));
  if (!step() && !named) showCover("title");
  if (step() || !named) go(step() || 1);
  else go(named, link.has("task")); // a link's step, with what the link shows, if it shows anything
  if (!slide) return;
  showCover(slide.cover);
  if (slide.isOpen) reveal();
  goStage(slide.stage);
}

function leavePresenting() {
  keys.close();
  showCover("");
  document.body.classList.remove("presenting", "noting");
  document.documentElement.style.overscrollBehaviorX = "";
  const address = new URL(location.href);
  address.searchParams.delete("present");
  history.replaceState(null, "", address);
  lesson.querySelector(".lesson-open [data-do=present]").focus();
}

function forwards() {
  const stage = Number(training.dataset.stage);
  const hasStages = article().dataset.shown === "training" && revealed.has(step());
  if (cover() === "title") showCover("");
  else if (hasStages && stage < stages.length) goStage(stage + 1);
  else if (step() < articles.length) go(step() + 1);
  else showCover("end");
}

function backwards() {
  const stage = Number(training.dataset.stage);
  if (cover() === "end") showCover("");
  else if (article().dataset.shown === "training" && stage > 1) goStage(stage - 1);
  else if (step() > 1) go(step() - 1);
  else showCover("title");
}

function another() {
  drawn.set(step(), (drawn.get(step()) ?? 0) + 1);
  ask(false);
}

const moves = {
  ArrowRight: forwards,
  PageDown: forwards,
  " ": forwards,
  ArrowLeft: backwards,
  PageUp: backwards,
  r: reveal,
  Enter: reveal,
  n: another,
  s: () => document.body.classList.toggle("noting"),
  "?": () => keys.showModal(),
  Escape: leavePresenting,
};

document.addEventListener("keydown", (event) => {
  if (!isPresenting() || keys.open || event.ctrlKey || event.metaKey || event.altKey) return;
  const onButton = event.target.closest?.("button");
  if (onButton && (event.key === "Enter" || event.key === " ")) return;
  const move = moves[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!move) return;
  event.preventDefault();
  move();
});

// Going back leaves; a swipe goes on and back.
window.addEventListener("popstate", () => {
  if (isPresenting()) leavePresenting();
});

const FAR = 60; // pixels
let from = null;
document.addEventListener("touchstart", (event) => {
  from = isPresenting() && event.touches.length === 1 ? event.touches[0] : null;
}, { passive: true });
document.addEventListener("touchend", (event) => {
  if (!from || !isPresenting()) return;
  const across = event.changedTouches[0].clientX - from.clientX;
  const down = event.changedTouches[0].clientY - from.clientY;
  from = null;
  if (Math.abs(across) < FAR || Math.abs(across) < 2 * Math.abs(down)) return;
  if (across < 0) forwards();
  else backwards();
}, { passive: true });

// A pressed button gives the keys back to the talk.
lesson.addEventListener("pointerup", () => {
  if (isPresenting()) requestAnimationFrame(() => !keys.open && document.activeElement?.blur?.());
});

// A page that is loaded again in a talk goes on with it.
const TALK = "dsn-talk";
addEventListener("pagehide", () => {
  const slide = { step: step(), cover: cover(), isOpen: revealed.has(step()), stage: Number(training.dataset.stage) };
  try {
    if (isPresenting()) sessionStorage.setItem(TALK, JSON.stringify(slide));
    else sessionStorage.removeItem(TALK);
  } catch {} // a browser that keeps nothing begins anew
});

function keptSlide() {
  if (performance.getEntriesByType("navigation")[0]?.type !== "reload") return null;
  try {
    return JSON.parse(sessionStorage.getItem(TALK));
  } catch {
    return null;
  }
}

const slide = keptSlide();
if (slide || new URLSearchParams(location.search).get("present") === "1") present(slide);
