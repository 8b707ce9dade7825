// The break-in: which level is open, what was tried and won. All of it stays in this browser.
const STORE = "dsn-break-in";
const LAST = 4;
let game = { won: {}, tries: {} }; // by the level's name
try {
  const kept = JSON.parse(localStorage.getItem(STORE));
  if (kept?.won && kept?.tries) game = kept;
} catch {} // nothing was kept, or nothing may be

const card = () => element.querySelector(".break-in");
const level = () => Number(card()?.dataset.level ?? 0);
const article = () => card().querySelector(`[data-of="${level()}"]`);
const stage = () => document.querySelector("#break-in-stage");

function keep() {
  try {
    localStorage.setItem(STORE, JSON.stringify(game));
  } catch {} // a browser that keeps nothing plays on
}

function draw() {
  const now = level();
  card().querySelector(".break-in-closed").hidden = now > 0;
  card().querySelector(".break-in-open").hidden = now === 0;
  stage().hidden = now === 0 || now > LAST;
  for (const one of card().querySelectorAll("[data-of]")) {
    one.hidden = Number(one.dataset.of) !== now;
    const won = one.querySelector(".won");
    if (won) won.hidden = !game.won[one.dataset.name];
    for (const by of one.querySelectorAll("[data-by]")) by.hidden = game.won[one.dataset.name] !== by.dataset.by;
    for (const way of one.querySelectorAll("[data-way]")) way.classList.toggle("opened", game.won[one.dataset.name] === way.dataset.way);
  }
  card().querySelectorAll("[data-go]").forEach((one, index) => {
    const name = card().querySelector(`[data-of="${index + 1}"]`).dataset.name;
    one.classList.toggle("won-level", Boolean(game.won[name]));
    if (index + 1 === now) one.setAttribute("aria-current", "step");
    else one.removeAttribute("aria-current");
  });
  const score = card().querySelector(".score");
  const names = [...card().querySelectorAll("[data-name]")].map((one) => one.dataset.name);
  const tries = names.reduce((sum, name) => sum + (game.tries[name] ?? 0), 0);
  score.textContent = score.dataset.score.replace("{won}", names.filter((name) => game.won[name]).length).replace("{tries}", tries);
}

// Whoever comes back goes on where they were: at the first level that is not won yet, or at the end.
const reached = () => 1 + [...card().querySelectorAll("[data-name]"), null].findIndex((one) => !game.won[one?.dataset.name]);

function go(number) {
  card().dataset.level = number;
  delete stage().dataset.ledTo;
  draw();
  if (number === 0) return card().querySelector("[data-do=begin]").focus();
  article().querySelector("h3").focus({ preventScroll: true });
  card().scrollIntoView({ block: "nearest" });
  if (number <= LAST) trigger("click", { level: article().dataset.name, way: "" });
}

element.addEventListener("click", (event) => {
  const pressed = event.target.closest("button");
  if (!pressed) return;
  const { go: chosen, way, do: action } = pressed.dataset;
  if (chosen) go(Number(chosen));
  else if (way) {
    const { name } = article().dataset;
    if (!game.won[name]) game.tries[name] = (game.tries[name] ?? 0) + 1;
    keep();
    article().querySelectorAll("[data-way]").forEach((one) => one.setAttribute("aria-pressed", one === pressed));
    trigger("click", { level: name, way });
    const isSeen = stage().querySelector(".card")?.getBoundingClientRect().bottom <= window.innerHeight;
    stage().dataset.ledTo = "";
    if (window.innerWidth <= 900 && !isSeen) stage().scrollIntoView({ block: "start", behavior: "smooth" });
  } else if (action === "begin") go(reached());
  else if (action === "leave") go(0);
  else if (action === "next") go(level() + 1);
  else if (action === "again") {
    game = { won: {}, tries: {} };
    keep();
    go(1);
  } else if (action === "hint") {
    pressed.setAttribute("aria-expanded", "true");
    pressed.nextElementSibling.hidden = false;
  }
});

// On a phone the ways in are out of view by then.
stage().addEventListener("click", (event) => {
  if (!event.target.closest(".other-ways")) return;
  article().querySelector("[data-way][aria-pressed=true]")?.focus({ preventScroll: true });
  card().scrollIntoView({ block: "start", behavior: "smooth" });
});

new MutationObserver(() => {
  const over = stage().querySelector("[data-level][data-verdict]");
  if (!over || over.dataset.level !== article()?.dataset.name) return;
  if (over.dataset.verdict !== "falls" || game.won[over.dataset.level]) return;
  game.won[over.dataset.level] = over.dataset.way;
  keep();
  draw();
}).observe(stage(), { subtree: true, childList: true });
