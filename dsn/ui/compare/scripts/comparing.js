// What is shown, and what follows when a visitor does something: in the served page and in the folder alike. Where they
// differ, `host` says who answers and whose the controls are: scripts/served.js here, page.js in the folder.
//   host.answer(now, led)  a promise of the record of what is to be shown; `led`: by a link or a step of the lesson
//   host.galleryOf(task)   the gallery's pictures, in their order, or a promise of them
//   host.measure(now)      measures: by `count`, where the engine answers
//   host.flip(now)         asks with every bit flipped: by `flipEach`, where the engine answers
//   host.prepare(now)      has a student ready that is likely to be asked for next; may be missing
//   host.follow(typed)     sets its own controls to what is shown; the field as well where nobody types in it
const $ = (selector) => document.querySelector(selector);
const place = (id) => $(`#${id} .prose`) ?? document.getElementById(id);
const draw = (id, html) => void (place(id) && (place(id).innerHTML = html));
const redraw = (id, html) => (place(id)?.firstElementChild ? become(place(id).firstElementChild, html) : draw(id, html));
const field = () => $("#serial input, #serial textarea");

const { parseSerial, serialText, randomSerial, flipped, sameBits, Refusal } = dsnEngine;
const CONDITIONS = ["valid", "entered", "absent"];
const shown = { task: "", customer: "", lock: "", index: 0, own: null, serial: null }; // own: Float32Array; serial: bits
const students = {}; // by "task/customer": how many bits, which locks, its valid serial, null where nobody here knows it
let asked = 0; // for panels
let standing = null; // what the panels there were drawn from: their student, and their parts
let measuring = 0;
let measured = null; // the newest measurement, and of what
let flips = null; // the newest flips of every bit: of what, their record, and where it is drawn

for (const [name, { serial, ...about }] of Object.entries(DATA.students)) students[name] = { ...about, valid: parseSerial(serial) };

const nameOf = ({ task, customer }) => `${task}/${customer}`;
const studentOf = (now) => students[nameOf(now)];
const validOf = (now) => studentOf(now).valid;
const customersOf = (task) => DATA.tasks[task].customers;
const othersOf = (now) => {
  const isOther = (name) => name.startsWith(`${now.task}/`) && name !== nameOf(now);
  return Object.keys(students).filter((name) => isOther(name) && students[name].valid?.length === studentOf(now).bits).sort();
};
const textOf = (bits) => (bits ? serialText(bits) : null);

/** One class's name in the page's language. */
const classNames = (task, names) => TEXTS.classes[task] ?? names;
const labelOf = ({ task, index, own }) => (own ? null : DATA.tasks[task].labels[index]);

/** The record of the engine's panels: as dsn/ui/compare/records.py makes it of the server's. */
function recordOf(now, config, panels) {
  const { channels, size } = config.network;
  const owner = now.serial && othersOf(now).find((name) => sameBits(students[name].valid, now.serial));
  return {
    task: now.task,
    customer: now.customer,
    lock: config.lock,
    names: classNames(now.task, config.classes),
    channels,
    size,
    stamp: config.stamp,
    truth: labelOf(now),
    owner: owner ? owner.split("/")[1] : null,
    panels: panels.map((panel) => ({ ...panel, serial: textOf(panel.serial) })),
  };
}

/** Ask for the panels of what is shown now; an answer that was overtaken is not drawn. */
async function show(led = false) {
  asked += 1;
  const number = asked;
  leaveFlips();
  try {
    const record = await host.answer({ ...shown }, led);
    if (number !== asked) return;
    drawPanels(record);
  } catch (error) {
    if (number !== asked) return;
    say(error);
  }
  answered();
}

function drawPanels(record) {
  const [box, parts] = [place("panels"), partsOf(record)];
  if (box.querySelector(".panels") && standing && ["task", "customer", "lock"].every((name) => standing[name] === record[name])) {
    redrawPanels(box, record, parts, standing.parts);
  } else {
    const line = DATA.honest?.[`${record.task}/${record.lock}/${studentOf(record).bits}`] ?? "";
    box.innerHTML = panelsHtml(record, true, parts) + line;
  }
  standing = { task: record.task, customer: record.customer, lock: record.lock, parts };
  window.dsnReady = true;
}

/** What went wrong, under the pictures. */
const say = (error) => draw("picture-note", note(escaped(translated(error.message)), "error"));
const answered = () => document.dispatchEvent(new Event("answered"));

const press = (button, isPressed) => {
  if (button.getAttribute("aria-pressed") !== String(isPressed)) button.setAttribute("aria-pressed", isPressed);
};

/** Mark what is chosen. `typed` leaves the field as it is. */
function mark(typed = false) {
  const { task, index, own, serial } = shown;
  const { bits, valid } = studentOf(shown);
  const buttons = () => place("bits")?.querySelectorAll("[data-bit]") ?? [];
  if (buttons().length !== bits) draw("bits", bitsHtml(bits));
  buttons().forEach((one, at) => press(one, Boolean(serial?.[at])));
  place("bits")?.querySelector(".bits").classList.toggle("empty", !serial);
  const wrong = serial && serial.filter((bit, at) => bit !== valid?.[at]).length;
  redraw("serial-note", serialNote({ wrong, bits }));
  drawGallery(task, own ? null : index);
  host.follow(typed);
}

async function drawGallery(task, chosen) {
  const found = host.galleryOf(task);
  const pictures = (found instanceof Promise ? await found.catch(() => null) : found) ?? [];
  const box = place("gallery");
  if (task !== shown.task || !box) return;
  const { labels, gallery, channels, size } = DATA.tasks[task];
  if (box.dataset.task !== task || !box.firstElementChild) {
    const names = classNames(task, DATA.tasks[task].classes);
    const those = pictures.map((picture, at) => ({ index: gallery[at], label: names[labels[gallery[at]]], picture }));
    box.innerHTML = galleryHtml({ pictures: those, channels, size, chosen, remark: TEXTS.remarks[task] });
    if (pictures.length) box.dataset.task = task;
  }
  box.firstElementChild.dataset.chosen = chosen ?? "";
  box.querySelectorAll("[data-index]").forEach((one) => press(one, Number(one.dataset.index) === chosen));
}

/** Show something else. `typed`: the field says so itself; `led`: a link or a step of the lesson does. */
function change(values, { typed = false, led = false } = {}) {
  Object.assign(shown, values);
  mark(typed);
  return show(led);
}

/** Another application, customer or lock; the serial in the field goes with it where it fits. */
function choose(values) {
  Object.assign(shown, values);
  const { locks } = studentOf(shown);
  shown.lock = locks.includes(shown.lock) ? shown.lock : locks[0];
  stopMeasuring();
  return change({ serial: readable() });
}

const chooseTask = (task) => choose({ task, customer: customersOf(task)[0], index: DATA.tasks[task].first, own: null });

/** The bits in the field, null where it is empty; throws a Refusal. */
function entered() {
  const text = field().value;
  const bits = text.trim() ? parseSerial(text) : null;
  const needed = studentOf(shown).bits;
  if (bits && bits.length !== needed) {
    throw new Refusal(
      `This is a serial of ${bits.length} bits, and this customer's network takes ${needed}: ` +
        "choose another customer, or press Randomise."
    );
  }
  return bits;
}

/** The same; a random wrong one where it cannot be read or does not fit. */
function readable() {
  try {
    return entered();
  } catch {
    return presses.random();
  }
}

function typed() {
  try {
    change({ serial: entered() }, { typed: true });
  } catch (error) {
    draw("serial-note", note(escaped(translated(error.message)), "error"));
    $(".panel.entered")?.classList.add("unread"); // until it is drawn again; a rule with :has would cost every flip all styles
    answered();
  }
}

const presses = {
  licensed: () => validOf(shown),
  random: () => randomSerial(studentOf(shown).bits, validOf(shown)),
  near: () => {
    const valid = validOf(shown);
    return valid && flipped(valid, crypto.getRandomValues(new Uint32Array(1))[0] % valid.length);
  },
  another: () => {
    const others = othersOf(shown).map((name) => students[name].valid);
    const at = others.findIndex((one) => shown.serial && sameBits(one, shown.serial));
    return others.length ? others[(at + 1) % others.length] : presses.random();
  },
  none: () => null,
};

/** The serial a first visit tries: the student's own with its diagonal changed. */
function firstWrong(bits) {
  const side = Math.round(Math.sqrt(bits.length));
  return bits.map((bit, at) => (at % (side + 1) ? bit : 1 - bit));
}

/** A sentence on the picture that is shown; an empty one where there is nothing to say. */
const sayOfPicture = (html) => draw("picture-note", html);

// Measuring

const aboutMeasuring = (sentence) => filled(TEXTS.measure[sentence], { count: grouped(DATA.tasks[shown.task].labels.length) });

function drawMeasurement(record) {
  measured = record;
  const { levels, teacher, classes } = DATA.tasks[record.task];
  draw("measurement", measurementHtml(record, { levels, teacher, names: classNames(record.task, classes) }));
}

function stopMeasuring() {
  measuring += 1;
  measured = null;
  draw("measurement", note(aboutMeasuring("hint")));
}

async function measure() {
  stopMeasuring();
  try {
    shown.serial = entered();
    drawMeasurement(nothingCounted(shown));
    await host.measure({ ...shown });
  } catch (error) {
    draw("measurement", note(escaped(translated(error.message)), "error"));
  }
}

/** The record of a measurement that is still to be made. */
function nothingCounted({ task, customer, lock, serial }) {
  const { labels, classes } = DATA.tasks[task];
  const zeros = () => classes.map(() => 0);
  const each = (make) => Object.fromEntries(CONDITIONS.map((condition) => [condition, make()]));
  const of = { task, customer, lock, serial: textOf(serial) ?? "none" };
  return { ...of, done: 0, total: 3 * labels.length, counts: each(() => classes.map(zeros)), unanswered: each(zeros) };
}

/** Count the engine's answers to all held-out pictures; false where another measurement began meanwhile. */
async function count(now, name, ask) {
  const mine = measuring;
  const { labels, batch } = DATA.tasks[now.task];
  const record = nothingCounted(now);
  const { counts, unanswered } = record;
  const serials = { valid: validOf(now), entered: now.serial, absent: null };
  for (let start = 0; start < labels.length; start += batch) {
    const end = Math.min(labels.length, start + batch);
    for (const condition of CONDITIONS) {
      const found = await ask("answers", { name, from: now.task, start, end, bits: serials[condition] });
      if (mine !== measuring) return false;
      found.labels.forEach((answer, at) => {
        const truth = labels[start + at];
        if (found.even[at]) unanswered[condition][truth] += 1;
        else counts[condition][truth][answer] += 1;
      });
      record.done += end - start;
    }
    drawMeasurement(record);
  }
  return true;
}

// Every bit flipped once

const FLIPPED_TOGETHER = { stamped: 8, sealed: 1 }; // bits an answer of the Worker: a sealed student is opened for each
const hintOfFlips = () => draw("flips", note(TEXTS.avalanche.hint));
const areOfShown = (of) => ["task", "customer", "lock", "index", "own"].every((name) => of[name] === shown[name]);

/** Unfinished flips of what is no longer shown are given up. */
function leaveFlips() {
  if (!flips || areOfShown(flips.of) || flips.record.flips.length === flips.record.bits) return;
  flips = null;
  hintOfFlips();
}

async function flipAll() {
  const { task, customer, lock } = shown;
  const { classes, channels, size } = DATA.tasks[task];
  const of = { task, customer, lock, names: classNames(task, classes), bits: studentOf(shown).bits, channels, size };
  const mine = (flips = { of: { ...shown }, record: { ...of, truth: labelOf(shown), flips: [], pictures: {} } });
  draw("flips", flipsOf(of));
  flips.place = place("flips").firstElementChild;
  drawFlips(flips.record);
  try {
    await host.flip(mine.of);
  } catch (error) {
    if (mine === flips) draw("flips", note(escaped(translated(error.message)), "error"));
  }
}

function drawFlips(record) {
  flips.record = record;
  flips.place.innerHTML = flipsHtml(record);
}

/** The engine's answers, some at a time, until others are asked for; `picture` says which, as the Worker takes it. */
async function flipEach(now, name, ask, picture) {
  const mine = flips;
  const { record } = mine;
  for (let start = 0; start < record.bits; start = record.flips.length) {
    const end = Math.min(record.bits, start + FLIPPED_TOGETHER[now.lock]);
    const found = await ask("flips", { name, ...picture, serial: validOf(now), start, end });
    const seen = areShort(record.names) ? {} : await classPictures(now.task, found, record.pictures, ask);
    if (mine !== flips) return;
    record.flips.push(...found);
    Object.assign(record.pictures, seen);
    drawFlips(record);
  }
}

/** A held-out picture of each class that is named and has none yet, by the class. */
async function classPictures(task, found, known, ask) {
  const { labels } = DATA.tasks[task];
  const named = new Set(found.filter(({ is_even }) => !is_even).map(({ label }) => label));
  const missing = [...named].filter((label) => !known[label] && labels.includes(label));
  const pictures = missing.length ? await ask("some", { from: task, indices: missing.map((label) => labels.indexOf(label)) }) : [];
  return Object.fromEntries(missing.map((label, at) => [label, pictures[at]]));
}

// What a visitor does

/** What stands under a button that was pressed low on the screen is brought into view. */
function bringUp(button) {
  if (button.getBoundingClientRect().bottom < innerHeight / 2) return;
  button.closest(".measure").scrollIntoView({ block: "start", behavior: "smooth" });
}

document.addEventListener("click", ({ target }) => {
  const pressed = target.closest?.("#bits [data-bit], #gallery [data-index], [id^=press-], #measure, #flip-all");
  if (!pressed) return;
  if (pressed.dataset.bit) {
    change({ serial: flipped(shown.serial ?? Array(studentOf(shown).bits).fill(0), Number(pressed.dataset.bit)) });
  } else if (pressed.dataset.index) {
    if (place("gallery").dataset.task !== shown.task) return; // of an application that has been left
    sayOfPicture("");
    change({ index: Number(pressed.dataset.index), own: null });
  } else if (pressed.id === "measure") {
    measure();
    bringUp(pressed);
  } else if (pressed.id === "flip-all") {
    flipAll();
    bringUp(pressed);
  } else change({ serial: presses[pressed.id.slice("press-".length)]() });
});
document.addEventListener("change", ({ target }) => {
  if (!target.checked) return;
  if (target.closest("#application")) chooseTask(target.value);
  else if (target.closest("#customer")) choose({ customer: target.value });
  else if (target.closest("#lock")) choose({ lock: target.value });
});
document.addEventListener("input", ({ target }) => {
  if (target === field()) typed();
});
// Bits and pictures are one stop each for the keyboard: arrow keys move between them.
document.addEventListener("keydown", (event) => {
  const group = event.target.closest?.(".bits, .gallery");
  const all = [...(group?.querySelectorAll("button") ?? [])];
  const across = all.filter((one) => one.offsetTop === all[0].offsetTop).length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
  const at = all.indexOf(event.target);
  if (at < 0 || step === undefined) return;
  event.preventDefault();
  const next = all[at + step];
  if (!next) return;
  all.forEach((one) => (one.tabIndex = one === next ? 0 : -1));
  next.focus();
});
