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
  return cell && !cell.matches(".unmeasured") ? cell.textContent.replace(/\s+/g, " ").trim() : "";
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
new MutationObserver(() => {
  const over = document.querySelector("#attack-stage .attack[data-live][aria-busy='false']");
  if (over) run.add(over.dataset.live);
  mark();
}).observe(element.closest(".tabitem"), { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-busy"] });

new IntersectionObserver((seen) => {
  if (seen.some((one) => one.isIntersecting)) trigger("follow");
}).observe(element);
