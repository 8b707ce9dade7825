// The folder's own part of the page: who answers, its controls, and what only it has. comparing.js does the rest.

/** Run one of the components' scripts (those of the served page) on its element, with handlers for what it triggers. */
function mount(name, handlers) {
  dsnComponents[name](document.getElementById(name), (event, values) => handlers[event]?.(values));
}

/** A picture as the Worker takes it, once it has it; itself where the page has it. */
async function pictureAsked({ task, index, own }) {
  const { gallery, pictures } = DATA.tasks[task];
  const picture = own ?? pictures?.[gallery.indexOf(index)];
  if (picture) return { picture };
  await picturesOf(task);
  return { from: task, index };
}

const visiting = {}; // config of a student from the Hub, by "task/customer"
const configOf = async (now) => visiting[nameOf(now)] ?? (await opened(now))[now.lock];
const engineName = (now) => (visiting[nameOf(now)] ? nameOf(now) : `${nameOf(now)}/${now.lock}`); // the Worker's

const host = {
  async answer(now) {
    const [config, picture] = [await configOf(now), await pictureAsked(now)];
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
  async flip(now) {
    const mine = flips;
    await Promise.all([configOf(now), picturesOf(now.task)]);
    if (mine === flips) await flipEach(now, engineName(now), ask, await pictureAsked(now));
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
    $("#flip-all").parentElement.hidden = !validOf(shown); // there is nothing to flip of a visiting student's
    if (!flips) hintOfFlips();
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
    $("#customer .info-text").hidden = !customers.some((customer) => studentOf({ task: shown.task, customer }).bits === 9);
    $("#press-another").hidden = customers.length === 1;
  }
  check("customer", shown.customer);
}

/** A visitor's own picture, already fitted: Float32Array [channels, size, size]. */
function showOwn(picture, said) {
  sayOfPicture(note(said));
  return change({ own: picture });
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
  mount("lesson", {});
  if (isEmpty) goTo({ ...first, index: DATA.tasks[first.task].first, serial: valid && firstWrong(valid) });
  mount("share", {});
  mount("header", {});
  if (refused) document.addEventListener("answered", () => sayOfPicture(refused), { once: true }); // a link begins with none
}

begin();
