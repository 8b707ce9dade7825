// The guided lesson. Where it stands, what was predicted and what is revealed live here, for this visit only; led.js
// sets the page to each step's state. present.js goes on from here.
const lesson = element.querySelector(".lesson");
const articles = [...lesson.querySelectorAll(".lesson-step")];
const predicted = new Map(); // step: choice
const revealed = new Set();
const drawn = new Map(); // step: how many other serials were asked for

const step = () => Number(lesson.dataset.step);
const article = () => articles[step() - 1];
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const isPresenting = () => document.body.classList.contains("presenting");

function draw() {
  const now = step();
  lesson.querySelector(".lesson-closed").hidden = now > 0;
  lesson.querySelector(".lesson-open").hidden = now === 0;
  articles.forEach((one, index) => (one.hidden = index !== now - 1));
  if (now === 0) {
    delete document.body.dataset.lessonShown;
    return;
  }
  const open = revealed.has(now);
  const choice = predicted.get(now);
  const correct = Number(article().dataset.correct);
  document.body.dataset.lessonShown = article().dataset.shown;
  document.body.dataset.lessonCovered = open ? "no" : "yes";
  article().classList.toggle("open", open);
  article().querySelectorAll(".lesson-hidden, .lesson-figure").forEach((one) => (one.hidden = !open));
  article().querySelectorAll("[data-choice]").forEach((one, index) => {
    one.setAttribute("aria-pressed", choice === index);
    one.setAttribute("aria-disabled", open);
    one.classList.toggle("is-correct", open && index === correct);
    one.classList.toggle("is-wrong", open && index === choice && index !== correct);
  });
  const answer = article().querySelector(".lesson-answer");
  const said = choice === undefined ? "" : choice === correct ? answer.dataset.right : answer.dataset.wrong;
  answer.querySelector(".lesson-verdict").textContent = said;
  article().querySelector("[data-do=reveal]").setAttribute("aria-disabled", open);
  lesson.querySelectorAll("[data-go]").forEach((dot, index) => {
    if (index === now - 1) dot.setAttribute("aria-current", "step");
    else dot.removeAttribute("aria-current");
    const guess = predicted.get(index + 1);
    dot.classList.toggle("was-right", guess === Number(articles[index].dataset.correct));
    dot.classList.toggle("was-wrong", guess !== undefined && guess !== Number(articles[index].dataset.correct));
  });
  lesson.querySelector("[data-do=previous]").setAttribute("aria-disabled", now === 1);
  lesson.querySelector("[data-do=next]").setAttribute("aria-disabled", now === articles.length);
  const values = { step: now, steps: articles.length };
  lesson.querySelector(".lesson-place").textContent = filled(lesson.dataset.place, values);
  lesson.querySelector(".present-place").textContent = filled(lesson.dataset.presentPlace, values);
  const right = [...predicted].filter(([of, guess]) => guess === Number(articles[of - 1].dataset.correct)).length;
  lesson.querySelector(".lesson-tally").textContent = predicted.size
    ? filled(lesson.dataset.tally, { right, asked: predicted.size })
    : "";
}

/** Set the page to the step's state, unless that is to be kept; what is drawn from the students comes once. */
function ask(keep) {
  const [now, count] = [step(), drawn.get(step()) ?? 0];
  if (!keep) leading().then((to) => to.step(now, count));
  if (article().dataset.shown === "clouds" && !document.querySelector("#lesson-clouds .dots circle")) trigger("draw");
}

// Where a step and what it is about fill the screen, it is brought there whole.
const isNarrow = matchMedia("(max-width: 900px)");

function bring() {
  if (isNarrow.matches && step() > 0 && !isPresenting()) lesson.scrollIntoView({ block: "start" });
}

function go(number, keep = false) {
  const lowest = isPresenting() ? 1 : 0; // a talk always shows a step, whatever its link says
  const next = Math.min(Math.max(Number(number) || 0, lowest), articles.length);
  const changed = next !== step();
  lesson.dataset.step = next;
  draw();
  if (next > 0) {
    goStage(1);
    ask(keep);
  }
  if (changed) bring();
  if (changed) document.dispatchEvent(new Event("dsn:changed"));
}

function reveal() {
  if (step() === 0) return;
  revealed.add(step());
  const isAway = document.activeElement?.dataset.do === "reveal"; // with what was pressed, the keyboard's place would go
  draw();
  if (isAway) lesson.querySelector("[data-do=next]").focus({ preventScroll: true });
  bring();
}

function predict(choice) {
  if (revealed.has(step())) return;
  predicted.set(step(), choice);
  reveal();
}

// The stages of the training's diagram.
const training = lesson.querySelector(".training");
const stages = [...training.querySelectorAll("[data-go-stage]")];

const goStage = (number) => showStage(training, number);

// To a tab of the page.
function openTab(title) {
  [...document.querySelectorAll("#tabs [role=tab]")].find((one) => one.textContent.trim() === title)?.click();
}

lesson.addEventListener("click", (event) => {
  const pressed = event.target.closest("button");
  if (!pressed || pressed.getAttribute("aria-disabled") === "true") return;
  const { go: dot, choice, goStage: stage, openTab: tab, do: action } = pressed.dataset;
  if (dot) go(dot);
  else if (choice) predict(Number(choice));
  else if (stage) goStage(Number(stage));
  else if (tab) openTab(tab);
  else if (action === "start") {
    go(1);
    lesson.querySelector("[data-do=next]").focus();
  } else if (action === "previous") go(step() - 1);
  else if (action === "next") go(step() + 1);
  else if (action === "leave") {
    go(0);
    lesson.querySelector("[data-do=start]").focus();
  } else if (action === "reveal") reveal();
  else if (action === "present") present();
  else if (action === "close-keys") keys.close();
  else if (action === "backwards") backwards();
  else if (action === "forwards") forwards();
  else if (action === "show") reveal();
  else if (action === "stop-presenting") leavePresenting();
});

document.addEventListener("dsn:step", (event) => go(event.detail.step, event.detail.keep));

goStage(1);
