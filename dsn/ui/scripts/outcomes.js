// Beside each attack what came of it, once it has run here or all are asked for: the words of the chart under the stage.
// The stolen network is the one shown under Compare, until another is chosen in this tab.
const reveal = element.querySelector("button");
const run = new Set(); // attacks that have run to their end in this visit

const LIKE = { "fine-tuning": "searched-tuning", nearness: "one-bit-wrong" }; // recorded in the chart under another name

function said(attack) {
  const name = document.querySelector("#attack-student input")?.value ?? "";
  const task = name.split("/")[0];
  const victim = attack === "brute-force" ? "short" : /\/[^,，]*$/.test(name) ? "trained" : "sealed";
  const cell = document.querySelector(`.holding-table[data-task="${task}"] [data-attack="${LIKE[attack] ?? attack}"][data-victim="${victim}"]`);
  return cell && !cell.matches(".unmeasured") ? cell.textContent.replace(/\(\d+\)/, "").replace(/\s+/g, " ").trim() : ""; // its reasons stand under the chart
}

function mark() {
  const all = reveal.getAttribute("aria-pressed") === "true";
  for (const input of document.querySelectorAll("#attack-choice input")) {
    const text = all || run.has(input.value) ? said(input.value) : "";
    const label = input.closest("label");
    if ((label.dataset.outcome ?? "") === text) continue;
    if (text) label.dataset.outcome = text;
    else delete label.dataset.outcome;
  }
}

reveal.addEventListener("click", () => {
  reveal.setAttribute("aria-pressed", reveal.getAttribute("aria-pressed") !== "true");
  mark();
});

// What was predicted of each attack on each network, in this visit: set against what came of it.
const guesses = new Map();
const came = new Map();
const tally = element.querySelector(".predictions");
const chosen = () => {
  const attack = document.querySelector("#attack-choice input:checked")?.value ?? "";
  return `${attack} on ${document.querySelector("#attack-student input")?.value ?? ""}`;
};

let task = ""; // that the chart under the stage was opened at

function openChart() {
  const now = document.querySelector("#attack-student input")?.value.split("/")[0];
  const charts = [...document.querySelectorAll(".holding details[data-task]")];
  if (now === task || !charts.length) return;
  task = now;
  charts.forEach((one) => (one.open = one.dataset.task === now));
}

function told() {
  for (const button of element.querySelectorAll("[data-predict]")) {
    button.setAttribute("aria-pressed", guesses.get(chosen()) === button.dataset.predict);
  }
  const judged = [...came].filter(([what]) => guesses.has(what));
  const right = judged.filter(([what, verdict]) => guesses.get(what) === verdict).length;
  const said = judged.length ? tally.dataset.tally.replace("{right}", right).replace("{asked}", judged.length) : "";
  if (tally.textContent !== said) tally.textContent = said;
}

element.addEventListener("click", (event) => {
  const guess = event.target.closest("[data-predict]")?.dataset.predict;
  if (!guess || came.has(chosen())) return; // what is known is not predicted
  guesses.set(chosen(), guess);
  told();
});

// What the slider has left is dimmed until the answer to where it stands is there.
function dim() {
  const shown = document.querySelector("#attack-stage [data-amount]");
  const [typed, slid] = ["number", "range"].map((type) => document.querySelector(`#attack-amount input[type=${type}]`));
  if (!shown || !typed) return;
  const wanted = Math.min(Math.max(Number(typed.value) || 0, 0), Number(slid.max));
  shown.classList.toggle("late", Number(shown.dataset.amount) !== wanted);
}

element.closest(".tabitem").addEventListener("input", () => setTimeout(() => (told(), dim())));

function compare(over) {
  const { live, verdict } = over.dataset;
  if (live === document.querySelector("#attack-choice input:checked")?.value) came.set(chosen(), verdict);
  const place = over.querySelector(".predicted");
  const guess = guesses.get(chosen());
  const said = guess ? (guess === verdict ? place.dataset.right : place.dataset.wrong) : "";
  if (place.textContent !== said) place.textContent = said;
  told();
}

new MutationObserver(() => {
  const over = document.querySelector("#attack-stage .attack[data-live][aria-busy='false']");
  if (over?.dataset.verdict) {
    run.add(over.dataset.live);
    compare(over);
  }
  told();
  dim();
  openChart();
  mark();
}).observe(element.closest(".tabitem"), { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-busy"] });

new IntersectionObserver((seen) => {
  if (seen.some((one) => one.isIntersecting)) trigger("follow");
}).observe(element);
