// The folder's own part of the page: who answers, its controls, its links, and what only it has. comparing.js does the rest.
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

const visiting = {}; // config of a student from the Hub, by "task/customer"
const configOf = async (now) => visiting[nameOf(now)] ?? (await opened(now))[now.lock];
const engineName = (now) => (visiting[nameOf(now)] ? nameOf(now) : `${nameOf(now)}/${now.lock}`); // the Worker's

const host = {
  async answer(now) {
    const config = await configOf(now);
    if (!now.own) await picturesOf(now.task);
    const picture = now.own ? { picture: now.own } : { from: now.task, index: now.index };
    const asking = { name: engineName(now), valid: validOf(now), entered: now.serial, label: labelOf(now), ...picture };
    const record = recordOf(now, config, await ask("compare", asking));
    document.body.dataset.shown = `${nameOf(now)} ${now.own ? "own" : now.index}`;
    return record;
  },
  galleryOf(task) {
    const about = DATA.tasks[task];
    const those = () => ask("some", { from: task, indices: about.gallery });
    about.pictures ??= picturesOf(task).then(those).then((pictures) => (about.pictures = pictures));
    return about.pictures;
  },
  async measure(now) {
    const mine = measuring;
    await configOf(now);
    await picturesOf(now.task);
    if (mine === measuring) await count(now, engineName(now), ask);
  },
  follow(typed) {
    const { task, lock, serial } = shown;
    if (!typed) field().value = textOf(serial) ?? "";
    check("application", task);
    drawCustomers();
    check("lock", lock);
    document.getElementById("lock").hidden = studentOf(shown).locks.length === 1;
    document.getElementById("sketch").hidden = !DATA.tasks[task].can_be_drawn;
    if ($("#brute-force").dataset.of !== nameOf(shown)) stopTrying();
    $("#brute-force").dataset.of = nameOf(shown);
    $("#brute-force").hidden = studentOf(shown).bits !== 9;
    $("#measure").textContent = aboutMeasuring("button");
  },
};

function check(id, value) {
  document.querySelectorAll(`#${id} label`).forEach((label) => {
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
    const radio = (name) => `<label><input type="radio" name="customer" value="${escaped(name)}"><span>${escaped(customerName(name))}</span></label>`;
    box.innerHTML = customers.map(radio).join("");
  }
  check("customer", shown.customer);
}

/** A visitor's own picture, already fitted: Float32Array [channels, size, size]. */
function showOwn(picture, said) {
  sayOfPicture(note(said));
  return change({ own: picture });
}

/** Another state as a whole; where it names no lock that its student stands under, it is the first of them. */
function goTo(values) {
  const { locks } = studentOf(values);
  const lock = locks.includes(values.lock) ? values.lock : locks[0];
  const isOther = nameOf(values) !== nameOf(shown) || lock !== shown.lock;
  Object.assign(shown, { ...values, own: null, lock });
  if (isOther) stopMeasuring();
  return change({});
}

// The lesson: the states of its steps are in the page, its script is the served page's.

function stepState({ step, count, keep, number }) {
  const state = DATA.steps[step - 1];
  if (!keep) {
    const serial = state.serials[Math.min(count, state.serials.length - 1)];
    sayOfPicture("");
    const { task, customer, lock, picture: index } = state;
    goTo({ task, customer, lock, index, serial: serial ? parseSerial(serial) : null });
  }
  mounted.lesson.set("answered", number);
}

// Links: what an address says is checked against what the folder has, as dsn/ui/serving/page_state.py does.

const LINK_NAMES = ["task", "customer", "lock", "picture", "serial", "condition", "step"];

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
  const { bits: needed, valid, locks } = studentOf({ task, customer });
  const lock = value("lock", among(locks)) ?? locks[0];
  const index = value("picture", upTo(DATA.tasks[task].labels.length - 1)) ?? DATA.tasks[task].first;
  const read = value("serial", (text) => {
    if (text === "none") return text;
    try {
      const bits = parseSerial(text);
      return bits.length === needed ? bits : null;
    } catch {
      return null;
    }
  });
  const condition = value("condition", among(CONDITIONS));
  const step = value("step", upTo(DATA.steps.length)) ?? 0;
  const names = LINK_NAMES.filter((name) => ignored.has(name)).map((name) => TEXTS.share.names[name]);
  const said = names.length ? filled(TEXTS.share.ignored, { names: names.join(TEXTS.share.separator) }) : "";
  sayOfPicture("");
  const done = goTo({ task, customer, lock, index, serial: read === "none" ? null : (read ?? (valid && firstWrong(valid))) });
  mounted.share?.set("answer", { number, condition, step, tab: "compare", ignored: said });
  return done;
}

// Wiring

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
  const first = { task: Object.keys(DATA.tasks)[0], customer: null };
  try {
    const visitor = await studentOfHub();
    if (visitor) {
      const { task, customer } = visitor.config;
      const { bit_count: bits, lock } = visitor.config;
      const known = students[`${task}/${customer.replace(/-sealed$/, "")}`]?.valid; // a copy under the other lock too
      students[`${task}/${visitor.name}`] = { bits, locks: [lock], valid: known?.length === bits ? known : null };
      visiting[`${task}/${visitor.name}`] = visitor.config;
      DATA.tasks[task].customers.push(visitor.name);
      if (isEmpty) Object.assign(first, { task, customer: visitor.name });
    }
  } catch (error) {
    refused = note(escaped(translated(error.message)), "error");
  }
  first.customer ??= customersOf(first.task)[0];
  const { valid } = studentOf(first);
  mount("panels", {});
  mount("sketch", { click: ({ picture }) => bring(picture, TEXTS.compare.drawn) });
  mount("lesson", { click: stepState });
  if (isEmpty) goTo({ ...first, index: DATA.tasks[first.task].first, serial: valid && firstWrong(valid) });
  mount("share", { follow: followLink });
  mount("header", {});
  if (refused) sayOfPicture(refused);
}

begin();
