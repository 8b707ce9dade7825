// The address says what is shown. What a visitor does is a new entry of the history; what follows from it without
// another act of theirs, and what they type, rewrites that entry. Going back follows the address as a link.
const NAMES = ["task", "customer", "lock", "picture", "serial", "condition", "step", "tab"];
const said = element.querySelector(".said");
const status = said.querySelector("[role=status]");
const field = said.querySelector("input");
const ignored = element.querySelector(".ignored");
let condition = null; // of the panel in focus
let acted = false; // whether the visitor has done something that is not in the history yet
let asked = 0; // links that were followed
let answered = 0;

const panels = () => document.querySelector("#panels .panels");
const tabs = () => document.querySelectorAll('#tabs > .tab-wrapper [role="tablist"]:not(.visually-hidden) [data-tab-id]');
const step = () => Number(document.querySelector("#lesson [data-step]")?.dataset.step ?? 0);

function state() {
  const shown = panels();
  if (!shown) return null;
  const tab = document.querySelector('#tabs > .tab-wrapper [data-tab-id][aria-selected="true"]')?.dataset.tabId;
  return {
    task: shown.dataset.task,
    customer: shown.dataset.customer,
    lock: shown.dataset.lock === "stamped" ? "" : shown.dataset.lock,
    picture: document.querySelector("#gallery .gallery")?.dataset.chosen ?? "",
    serial: shown.dataset.serial,
    condition: condition ?? "",
    step: step() || "",
    tab: !tab || tab === "compare" ? "" : tab,
  };
}

function address() {
  const parameters = new URLSearchParams(location.search);
  for (const name of NAMES) parameters.delete(name);
  for (const [name, value] of Object.entries(state() ?? {})) if (value !== "") parameters.set(name, value);
  return `${location.pathname}?${parameters}${location.hash}`;
}

const here = () => location.pathname + location.search + location.hash;
const named = () => NAMES.some((name) => new URLSearchParams(location.search).has(name));

function mark() {
  for (const button of document.querySelectorAll("#panels button[data-condition]")) {
    const chosen = button.dataset.condition === condition;
    if ((button.getAttribute("aria-pressed") === "true") !== chosen) button.setAttribute("aria-pressed", chosen);
    button.closest(".panel").classList.toggle("in-focus", chosen);
  }
}

function keep() {
  mark();
  if (document.querySelector("#panels")?.getAttribute("aria-busy") === "true") return; // the answer is on its way
  if (answered < asked || !state() || address() === here()) return;
  const talks = document.body.classList.contains("presenting"); // Back leaves a talk from any of its screens
  if (acted && !talks) {
    history.pushState(null, "", address());
    ignored.hidden = true;
    said.hidden = true;
  } else if (acted || named()) history.replaceState(null, "", address()); // a first visit's plain address stays plain
  acted = false;
}

let waiting = null;
function soon() {
  mark();
  clearTimeout(waiting);
  waiting = setTimeout(keep, 60); // all of one answer is then there
}

async function follow() {
  asked += 1;
  const number = asked;
  const answer = await (await leading()).link(location.search);
  if (number !== asked) return; // overtaken by another link
  answered = asked;
  acted = false;
  condition = answer.condition;
  ignored.textContent = answer.ignored;
  ignored.hidden = !answer.ignored;
  const tab = [...tabs()].find((one) => one.dataset.tabId === answer.tab);
  if (tab && tab.getAttribute("aria-selected") !== "true") tab.click();
  tab?.closest(".tab-wrapper").scrollTo({ left: tab.offsetLeft - 40 }); // a phone shows some of them
  if (step() !== answer.step) {
    document.dispatchEvent(new CustomEvent("dsn:step", { detail: { step: answer.step, keep: true } }));
  }
  requestAnimationFrame(() => document.documentElement.classList.remove("following"));
  soon();
}

// A key in a text field is typing; every other key, and every press, is an act.
for (const kind of ["pointerdown", "keydown", "drop"]) {
  document.addEventListener(
    kind,
    (event) => {
      if (!event.isTrusted || event.target.closest?.("#share")) return;
      acted = !(kind === "keydown" && event.target.matches?.('textarea, input[type="text"], input:not([type])'));
    },
    true
  );
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest?.("#panels .panel > header");
  const chosen = pressed?.querySelector("[data-condition]")?.dataset.condition;
  if (!chosen) return;
  condition = condition === chosen ? null : chosen;
  soon();
});
document.addEventListener("dsn:changed", soon);
document.addEventListener("answered", soon);
window.addEventListener("popstate", () => {
  clearTimeout(waiting); // what is left would be kept under the address that is gone to
  setTimeout(() => address() !== here() && follow()); // once a talk that this ends is left
});

element.querySelector(".copy-link").addEventListener("click", async () => {
  const link = new URL(address(), location.href).href;
  field.value = link;
  said.hidden = false;
  try {
    await navigator.clipboard.writeText(link);
    status.textContent = status.dataset.copied;
    field.hidden = true;
  } catch {
    status.textContent = status.dataset.refused; // no leave, or no secure address
    field.hidden = false;
    field.focus();
    field.select();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") said.hidden = true;
});
document.addEventListener("pointerdown", (event) => {
  if (!element.contains(event.target)) said.hidden = true;
});

new MutationObserver(soon).observe(document.querySelector("#tabs") ?? document.body, {
  subtree: true,
  childList: true,
  attributes: true,
  attributeFilter: ["data-chosen", "data-serial", "data-customer", "data-lock", "data-task", "aria-selected"],
});
if (named()) follow();
