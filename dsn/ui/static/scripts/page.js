// The page: what is shown, and what happens when a visitor does something. The engine answers; drawing.js draws.
const $ = (selector) => document.querySelector(selector);
const mounted = {};

/** Run one of the components' scripts (those of the served page) on its element, with handlers for what it triggers. */
function mount(name, handlers) {
  const element = document.getElementById(name);
  const props = {};
  const watchers = {};
  const trigger = (event, values) => handlers[event]?.(values);
  const watch = (prop, run) => (watchers[prop] = run);
  mounted[name] = {
    set(prop, value) {
      props[prop] = value;
      watchers[prop]?.();
    },
  };
  dsnComponents[name](element, trigger, watch, props);
}

const shown = { task: null, customer: null, index: 0, own: null, serial: null }; // what the panels show, or soon will
const visiting = {}; // students from the Hub: config by "task/customer"
let asked = 0;
let showing = Promise.resolve();

const parsedSerials = Object.fromEntries(Object.entries(DATA.serials).map(([name, text]) => [name, dsnEngine.parseSerial(text)]));
const validOf = (task, customer) => {
  const known = visiting[`${task}/${customer}`];
  return known ? known.valid : parsedSerials[`${task}/${customer}`];
};
const bitCountOf = (task, customer) => visiting[`${task}/${customer}`]?.config.bit_count ?? DATA.tasks[task].bits[customer];
const customersOf = (task) => {
  const others = Object.keys(visiting).filter((name) => name.startsWith(`${task}/`));
  return [...DATA.tasks[task].customers, ...others.map((name) => name.slice(task.length + 1))];
};
const othersOf = (task, customer) => {
  const names = Object.keys(parsedSerials).filter((name) => name.startsWith(`${task}/`) && name !== `${task}/${customer}`);
  return names.filter((name) => parsedSerials[name].length === bitCountOf(task, customer)).sort();
};

/** The serial a first visit tries: the student's own with its diagonal changed. */
function firstWrong(bits) {
  const side = Math.round(Math.sqrt(bits.length));
  return bits.map((bit, place) => (place % (side + 1) ? bit : 1 - bit));
}

/** Ask for the panels of what is shown now; an answer that was overtaken is not drawn. */
async function show() {
  asked += 1;
  const [number, now] = [asked, { ...shown }];
  const name = `${now.task}/${now.customer}`;
  const valid = validOf(now.task, now.customer);
  const label = now.own ? null : DATA.tasks[now.task].labels[now.index];
  try {
    const config = visiting[name]?.config ?? (await opened(now.task, now.customer));
    if (!now.own) await picturesOf(now.task);
    if (number !== asked) return;
    const from = now.own ? { picture: now.own } : { from: now.task, index: now.index };
    const records = await ask("compare", { name, valid, entered: now.serial, label, ...from });
    if (number !== asked) return;
    const size = config.network.size;
    const side = Math.round(Math.sqrt(config.bit_count));
    const first = config.profile === "spread" ? 0 : size - side;
    const stamp = { left: (100 * first) / size, top: (100 * first) / size, size: (100 * (size - first)) / size };
    const owners = Object.fromEntries(othersOf(now.task, now.customer).map((one) => [DATA.serials[one], one.split("/")[1]]));
    $("#panels-shown").innerHTML = panelsHtml(records, { task: now.task, customer: now.customer, config, stamp, truth: label, owners });
    document.body.dataset.shown = `${name} ${now.own ? "own" : now.index}`;
    window.dsnReady = true;
  } catch (error) {
    if (number !== asked) return;
    $("#picture-note").innerHTML = note(escaped(translated(error.message)), "error");
  }
  document.dispatchEvent(new Event("answered"));
}

/** Mark what is chosen; then show it. `typed` leaves the field as it is. */
function follow({ typed = false } = {}) {
  const { task, customer, index, own, serial } = shown;
  const valid = validOf(task, customer);
  const bits = document.getElementById("bits");
  const count = bitCountOf(task, customer);
  if (bits.querySelectorAll("[data-bit]").length !== count) bits.innerHTML = document.getElementById(`bits-${count}`).innerHTML;
  bits.querySelectorAll("[data-bit]").forEach((one, place) => one.setAttribute("aria-pressed", Boolean(serial?.[place])));
  bits.firstElementChild.classList.toggle("empty", !serial);
  if (!typed) $("#serial input").value = serial ? dsnEngine.serialText(serial) : "";
  $("#serial-note").innerHTML = serialNote(serial, valid);
  const gallery = document.getElementById("gallery");
  if (gallery.dataset.task !== task) {
    gallery.dataset.task = task;
    gallery.innerHTML = document.getElementById(`gallery-${task}`).innerHTML;
  }
  gallery.firstElementChild.dataset.chosen = own ? "" : index;
  gallery.querySelectorAll("[data-index]").forEach((one) => {
    one.setAttribute("aria-pressed", !own && Number(one.dataset.index) === index);
  });
  choose("#task", task);
  drawCustomers();
  document.getElementById("sketch").hidden = !DATA.tasks[task].can_be_drawn;
  $("#brute-force").hidden = count !== 9;
  showing = show();
  return showing;
}

function choose(selector, value) {
  document.querySelectorAll(`${selector} label`).forEach((label) => {
    const input = label.querySelector("input");
    input.checked = input.value === value;
    label.classList.toggle("selected", input.checked);
  });
}

function drawCustomers() {
  const customers = customersOf(shown.task);
  const box = $("#customer .wrap");
  if (box.dataset.of !== customers.join()) {
    box.dataset.of = customers.join();
    const radio = (name) => `<label><input type="radio" name="customer" value="${escaped(name)}"><span>${escaped(name)}</span></label>`;
    box.innerHTML = customers.map(radio).join("");
  }
  choose("#customer", shown.customer);
}

/** The serial in the field, or a random wrong one where it cannot be read or does not fit. */
function readable() {
  const count = bitCountOf(shown.task, shown.customer);
  const text = $("#serial input").value;
  if (!text.trim()) return null;
  try {
    const bits = dsnEngine.parseSerial(text);
    if (bits.length === count) return bits;
  } catch {
    // as if it did not fit
  }
  return dsnEngine.randomSerial(count, validOf(shown.task, shown.customer));
}

function clearNotes() {
  $("#picture-note").innerHTML = "";
}

/** The first picture of an application's gallery. */
const firstOf = (task) => DATA.tasks[task].gallery[0];

function typed() {
  const text = $("#serial input").value;
  try {
    const bits = text.trim() ? dsnEngine.parseSerial(text) : null;
    const needed = bitCountOf(shown.task, shown.customer);
    if (bits && bits.length !== needed) {
      throw new dsnEngine.Refusal(
        `This is a serial of ${bits.length} bits, and this customer's network takes ${needed}: ` +
          "choose another customer, or press Randomise."
      );
    }
    shown.serial = bits;
    follow({ typed: true });
  } catch (error) {
    $("#serial-note").innerHTML = note(escaped(translated(error.message)), "error");
    document.dispatchEvent(new Event("answered"));
  }
}

const presses = {
  licensed: (valid) => valid,
  random: (valid) => dsnEngine.randomSerial(bitCountOf(shown.task, shown.customer), valid),
  near: (valid) => (valid ? dsnEngine.flipped(valid, crypto.getRandomValues(new Uint32Array(1))[0] % valid.length) : null),
  another: (valid) => {
    const others = othersOf(shown.task, shown.customer).map((name) => parsedSerials[name]);
    if (!others.length) return presses.random(valid);
    const at = shown.serial ? others.findIndex((one) => dsnEngine.sameBits(one, shown.serial)) : -1;
    return others[(at + 1) % others.length];
  },
  none: () => null,
};

/** A visitor's own picture, already fitted: Float32Array [channels, size, size]. */
function showOwn(picture, said) {
  shown.own = picture;
  $("#picture-note").innerHTML = note(said);
  return follow();
}

// The lesson: the states of its steps are in the page, its script is the served page's.

function stepState({ step, count, keep, number }) {
  const state = DATA.steps[step - 1];
  if (!keep) {
    const serial = state.serials[Math.min(count, state.serials.length - 1)];
    Object.assign(shown, { task: state.task, customer: state.customer, index: state.picture, own: null });
    shown.serial = serial ? dsnEngine.parseSerial(serial) : null;
    clearNotes();
    follow();
  }
  mounted.lesson.set("answered", number);
}

// Links: what an address says is checked against what the folder has, as dsn/ui/serving/page_state.py does.

const LINK_NAMES = ["task", "customer", "picture", "serial", "condition", "step"];

function followLink({ query, number }) {
  const given = new URLSearchParams(query);
  const ignored = new Set();
  const value = (name, check) => {
    const all = given.getAll(name);
    if (!all.length) return null;
    const found = all.length === 1 && all[0].length <= 64 ? check(all[0]) : null;
    if (found === null || found === undefined) ignored.add(name);
    return found ?? null;
  };
  const among = (known) => (text) => (known.includes(text) ? text : null);
  const upTo = (most) => (text) => (/^\d{1,4}$/.test(text) && Number(text) <= most ? Number(text) : null);
  const task = value("task", among(Object.keys(DATA.tasks))) ?? Object.keys(DATA.tasks)[0];
  const customer = value("customer", among(customersOf(task))) ?? customersOf(task)[0];
  const index = value("picture", upTo(DATA.tasks[task].count - 1)) ?? firstOf(task);
  const count = bitCountOf(task, customer);
  const read = value("serial", (text) => {
    if (text === "none") return text;
    try {
      const bits = dsnEngine.parseSerial(text);
      return bits.length === count ? bits : null;
    } catch {
      return null;
    }
  });
  const condition = value("condition", among(["valid", "entered", "absent"]));
  const step = value("step", upTo(DATA.steps.length)) ?? 0;
  const valid = validOf(task, customer);
  Object.assign(shown, { task, customer, index, own: null, serial: read === "none" ? null : (read ?? (valid && firstWrong(valid))) });
  clearNotes();
  const names = LINK_NAMES.filter((name) => ignored.has(name)).map((name) => TEXTS.share.names[name]);
  const said = names.length ? filled(TEXTS.share.ignored, { names: names.join(TEXTS.share.separator) }) : "";
  const done = follow();
  mounted.share?.set("answer", { number, condition, step, tab: "compare", ignored: said });
  return done;
}

// Measuring

let measuring = 0;

async function measure() {
  measuring += 1;
  const mine = measuring;
  const { task, customer, serial } = shown;
  const { count, labels, levels, teacher, batch } = DATA.tasks[task];
  const name = `${task}/${customer}`;
  const box = document.getElementById("measurement");
  const config = visiting[name]?.config ?? (await opened(task, customer));
  await picturesOf(task);
  const classes = classNames(task, config.classes);
  const zeros = () => classes.map(() => 0);
  const each = (make) => ({ valid: make(), entered: make(), absent: make() });
  const [counts, unanswered] = [each(() => classes.map(zeros)), each(zeros)];
  const serials = { valid: validOf(task, customer), entered: serial, absent: null };
  const entered = serial ? filled(TEXTS.measure.entered, { serial: dsnEngine.serialText(serial) }) : TEXTS.measure.entered_none;
  let done = 0;
  for (let start = 0; start < count; start += batch) {
    const end = Math.min(count, start + batch);
    for (const [condition, bits] of Object.entries(serials)) {
      const found = await ask("answers", { name, from: task, start, end, bits });
      if (mine !== measuring) return;
      found.labels.forEach((answer, place) => {
        const truth = labels[start + place];
        if (found.even[place]) unanswered[condition][truth] += 1;
        else counts[condition][truth][answer] += 1;
      });
      done += end - start;
    }
    box.innerHTML = measurementHtml({ done, total: 3 * count, counts, unanswered, levels, teacher, classes, entered });
  }
}

function stopMeasuring() {
  measuring += 1;
  document.getElementById("measurement").innerHTML = note(TEXTS.measure.hint);
}

// Wiring

function changeTo(values) {
  Object.assign(shown, values);
  stopMeasuring();
  stopTrying();
  shown.serial = readable();
  return follow();
}

$("#task").addEventListener("change", ({ target }) => {
  changeTo({ task: target.value, customer: customersOf(target.value)[0], index: firstOf(target.value), own: null });
});
$("#customer").addEventListener("change", ({ target }) => changeTo({ customer: target.value }));
$("#serial input").addEventListener("input", typed);
for (const [name, press] of Object.entries(presses)) {
  document.getElementById(`press-${name}`).addEventListener("click", () => {
    shown.serial = press(validOf(shown.task, shown.customer));
    follow();
  });
}
$("#measure").addEventListener("click", measure);
for (const tab of document.querySelectorAll(".sources [role=tab]")) {
  tab.addEventListener("click", () => {
    for (const one of document.querySelectorAll(".sources [role=tab]")) {
      one.setAttribute("aria-selected", one === tab);
      one.classList.toggle("selected", one === tab);
      document.getElementById(one.getAttribute("aria-controls")).hidden = one !== tab;
    }
  });
}

async function begin() {
  for (const kind of ["pushState", "replaceState"]) {
    const change = history[kind].bind(history);
    history[kind] = (...values) => {
      try {
        change(...values);
      } catch {
        // a page from a folder may not change its address in every browser
      }
    };
  }
  const isEmpty = !LINK_NAMES.some((name) => new URLSearchParams(location.search).has(name));
  let refused = "";
  try {
    const visitor = await studentOfHub();
    if (visitor) {
      const { task, customer } = visitor.config;
      const known = parsedSerials[`${task}/${customer.replace(/-sealed$/, "")}`]; // a copy under the other lock too
      const fits = known?.length === visitor.config.bit_count;
      visiting[`${task}/${visitor.name}`] = { config: visitor.config, valid: fits ? known : null };
      if (isEmpty) Object.assign(shown, { task, customer: visitor.name });
    }
  } catch (error) {
    refused = note(escaped(translated(error.message)), "error");
  }
  const task = shown.task ?? Object.keys(DATA.tasks)[0];
  const customer = shown.customer ?? customersOf(task)[0];
  const valid = validOf(task, customer);
  Object.assign(shown, { task, customer, index: firstOf(task), serial: valid && firstWrong(valid) });
  mount("panels", {});
  mount("bits", {
    click({ bits }) {
      shown.serial = bits;
      follow();
    },
  });
  mount("gallery", {
    click({ index }) {
      Object.assign(shown, { index, own: null });
      clearNotes();
      follow();
    },
  });
  mount("sketch", { click: ({ picture }) => bring(picture, TEXTS.compare.drawn) });
  mount("lesson", { click: stepState });
  if (isEmpty) follow();
  mount("share", { follow: followLink });
  mount("header", {});
  if (refused) $("#picture-note").innerHTML = refused;
}

begin();
