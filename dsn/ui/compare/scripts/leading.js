// Where links and the steps of the lesson lead: to another state of the page as a whole, here and in the folder.
// They ask `window.dsnLead`, once it is there (scripts/led.js). DATA has the states of the steps, and the tabs.
const LINK_NAMES = ["task", "customer", "lock", "picture", "serial", "condition", "step", "tab"];
const STATE_NAMES = LINK_NAMES.slice(0, 5); // what the panels show
const LONGEST_LINK = 4096; // characters; a link of the page's own has under 200
const LONGEST_VALUE = 64; // characters
const MOST_FIELDS = 40;

/** Show another state; where it names no lock that its student stands under, it is the first of them. */
function goTo(values) {
  const { locks } = studentOf(values);
  const lock = locks.includes(values.lock) ? values.lock : locks[0];
  const isOther = nameOf(values) !== nameOf(shown) || lock !== shown.lock;
  Object.assign(shown, { ...values, own: null, lock });
  if (isOther) stopMeasuring();
  sayOfPicture("");
  $("#panels").setAttribute("aria-busy", "true"); // until it is answered
  return change({}, { led: true });
}

/** What a step shows: with its own serial at first, then with wrong ones in an order that is always the same. */
function stateOfStep(step, count = 0) {
  const { serials, picture: index, ...of } = DATA.steps[step - 1];
  const serial = serials[count && 1 + ((count - 1) % (serials.length - 1))];
  return { ...of, index, serial: serial && parseSerial(serial) };
}

/**
 * What a link says, read as data: every value is checked against what there is, none is run. What is missing or left
 * out is as on a first visit, or as the link's step has it; `ignored` names what was left out. Others' parameters are
 * others' business.
 */
function readLink(query) {
  const isTooMuch = query.length > LONGEST_LINK || [...new URLSearchParams(query)].length > MOST_FIELDS;
  const given = new URLSearchParams(isTooMuch ? "" : query);
  const ignored = new Set(isTooMuch ? LINK_NAMES : []);
  const value = (name, read) => {
    const all = given.getAll(name);
    if (!all.length) return null;
    const found = all.length === 1 && all[0].length <= LONGEST_VALUE ? read(all[0]) : null;
    if (found === null) ignored.add(name);
    return found;
  };
  const among = (known) => (text) => (known.includes(text) ? text : null);
  const upTo = (most) => (text) => (/^\d+$/.test(text) && text.length <= String(most).length && Number(text) <= most ? Number(text) : null);
  const tasks = Object.keys(DATA.tasks);
  const task = value("task", among(tasks)) ?? tasks[0];
  const customer = value("customer", among(customersOf(task))) ?? customersOf(task)[0];
  const { bits: needed, valid, locks } = studentOf({ task, customer });
  const lock = value("lock", among(locks)) ?? locks[0];
  const index = value("picture", upTo(DATA.tasks[task].labels.length - 1)) ?? DATA.tasks[task].first;
  const read = value("serial", (text) => {
    try {
      const bits = text === "none" ? text : parseSerial(text);
      return text === "none" || bits.length === needed ? bits : null;
    } catch {
      return null;
    }
  });
  const serial = read === "none" ? null : (read ?? (valid && firstWrong(valid)));
  const condition = value("condition", among(CONDITIONS));
  const step = value("step", upTo(DATA.steps.length)) ?? 0;
  const tab = value("tab", among(DATA.tabs)) ?? DATA.tabs[0];
  const isStepAlone = step > 0 && !STATE_NAMES.some((name) => given.has(name));
  const state = isStepAlone ? stateOfStep(step) : { task, customer, lock, index, serial };
  return { state, condition, step, tab, ignored: LINK_NAMES.filter((name) => ignored.has(name)) };
}

window.dsnLead = {
  async step(step, count) {
    await goTo(stateOfStep(step, count));
    if (step < DATA.steps.length) host.prepare?.(stateOfStep(step + 1));
  },

  /** Show what a link says; what else it says, and a sentence on what was left out, once its panels stand. */
  async link(query) {
    const { state, ignored, ...others } = readLink(query);
    const names = ignored.map((name) => TEXTS.share.names[name]).join(TEXTS.share.separator);
    await goTo(state);
    return { ...others, ignored: names && filled(TEXTS.share.ignored, { names }) };
  },
};
document.dispatchEvent(new Event("dsn:leads"));
