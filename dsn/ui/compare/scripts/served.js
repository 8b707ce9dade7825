// The served page: engine and students come from the page's own addresses, each once, and from then on nothing is asked
// of the server. Until they are there, and where the engine cannot run, the server answers, in the same record; links and
// steps of the lesson wait for them, unless the line is slow.
// The component's value says what is shown, for whatever the server is asked later: an export, another tab.
const guest = element.closest("gradio-app[src]")?.getAttribute("src"); // in another's page
const home = guest ? guest.replace(/\/?$/, "/") : document.baseURI;
const view = element.closest("#panels");
const ready = {}; // by name: config of a student that the Worker has
const opening = {}; // by name: promises
const kept = {}; // by "task/index": pictures that the server sent or that were shown
const packs = new Set(); // applications whose held-out pictures the Worker has
const hasWorkers = typeof Worker !== "undefined";
let engine = null;
let controlsSay = "";

const studentName = ({ task, customer, lock }) => `${task}/${customer}/${lock}`;
const floatsOf = (text) => new Float32Array(bytesOf(text).buffer);
const packed = (floats) => btoa(String.fromCharCode(...new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength)));

const valueOf = ({ task, customer, lock, index, own, serial }, of = null) => {
  return { task, customer, lock, index, own: own && packed(own), serial: textOf(serial), measured: of };
};

async function fetched(path, kind = "arrayBuffer") {
  const answer = await fetch(new URL(path, home));
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer[kind]();
}

const bytesAt = async (path) => new Uint8Array(await fetched(path));

/** What asks the Worker. */
function started() {
  engine ??= fetched(DATA.files.engine, "text").then((source) => {
    return dsnEngine.engineClient(source, () => new Function(`${source}return dsnEngine;`)());
  });
  return engine;
}

/** Once the Worker has a student, or cannot have it: `ready` says which. */
function open(now) {
  const name = studentName(now);
  const files = DATA.files.students[name];
  if (!hasWorkers || !files) return Promise.resolve();
  opening[name] ??= (async () => {
    const [ask, config, weights] = await Promise.all([
      started(), bytesAt(`${files}/config.json`), bytesAt(`${files}/model.safetensors`),
    ]);
    ready[name] = await ask("open", { name, config, weights });
    view.dataset.opened = name;
  })().catch(() => {}); // the server goes on answering
  return opening[name];
}

/** Whether the Worker has an application's held-out pictures. */
function picturesThere(task) {
  const { channels, size, labels } = DATA.tasks[task];
  if (!hasWorkers) return Promise.resolve(false);
  opening[task] ??= (async () => {
    const [ask, bytes] = await Promise.all([started(), bytesAt(DATA.files.pictures[task])]);
    await ask("keepPacked", { name: task, bytes, count: labels.length, channels, size });
    packs.add(task);
    return true;
  })().catch(() => false);
  return opening[task];
}

function pictureOf({ task, index, own }) {
  if (own) return own;
  const { gallery, pictures } = DATA.tasks[task];
  const at = gallery.indexOf(index);
  const picture = kept[`${task}/${index}`] ?? (at < 0 ? null : pictures?.[at]);
  return picture ? (kept[`${task}/${index}`] = valuesOf(picture)) : null;
}

/** The picture as the Worker takes it; null where neither the page nor the Worker has it. */
function pictureAsked(now) {
  const picture = pictureOf(now);
  return picture ? { picture } : packs.has(now.task) ? { from: now.task, index: now.index } : null;
}

/** Once the Worker has what it needs to answer, or cannot have it. */
async function openAll(now) {
  if (!hasWorkers || !DATA.files.students[studentName(now)]) return;
  const pictures = async () => {
    await host.galleryOf(now.task);
    if (!pictureOf(now)) await picturesThere(now.task);
  };
  await Promise.all([open(now), pictures()]);
}

async function engineAnswers(now) {
  const [name, picture] = [studentName(now), pictureAsked(now)];
  if (!ready[name] || !picture) return null;
  try {
    const asking = { name, ...picture, valid: validOf(now), entered: now.serial, label: labelOf(now) };
    return recordOf(now, ready[name], await (await engine)("compare", asking));
  } catch {
    delete ready[name]; // the server goes on answering
    return null;
  }
}

async function serverAnswers(now) {
  open(now);
  const record = await server.answer(valueOf(now));
  keepPicture(record);
  return record;
}

/** The picture as it is stands in the panel without a serial. */
function keepPicture({ task, index, own, panels }) {
  if (!own) kept[`${task}/${index}`] = panels.find(({ condition }) => condition === "absent").picture;
}

/** Whether a megabyte takes longer than the server does, as far as the browser tells. */
const isSlow = () => Boolean(navigator.connection?.saveData || /[23]g/.test(navigator.connection?.effectiveType));

const host = {
  async answer(now, led) {
    if (led && !isSlow()) await openAll(now);
    const record = await engineAnswers(now);
    view.dataset.answers = record ? "engine" : "server";
    return record ?? serverAnswers(now);
  },
  galleryOf(task) {
    const about = DATA.tasks[task];
    const fail = () => void (about.pictures = null); // it is asked for again
    const found = () => fetched(DATA.files.galleries[task], "json").catch(() => server.gallery(task));
    about.pictures ??= found().then((pictures) => (about.pictures = pictures), fail);
    return about.pictures;
  },
  async measure(now) {
    const mine = measuring;
    await open(now);
    const name = studentName(now);
    const isHere = ready[name] && (await picturesThere(now.task));
    if (mine !== measuring) return;
    if (!isHere) trigger("count");
    else if (await count(now, name, await engine)) keep();
  },
  prepare: (now) => void (isSlow() || open(now)),
  async flip(now) {
    const mine = flips;
    const needsAll = !areShort(mine.record.names);
    await Promise.all([openAll(now), needsAll && picturesThere(now.task)]);
    if (mine !== flips) return;
    const [name, picture] = [studentName(now), pictureAsked(now)];
    const isHere = ready[name] && picture && (packs.has(now.task) || !needsAll);
    if (isHere) await flipEach(now, name, await engine, picture);
    else trigger("flip");
  },
  follow(typed) {
    this.typed = typed;
    if (!typed && field()) field().value = textOf(shown.serial) ?? "";
    afterFrame(() => {
      keep();
      trigger("controls");
    });
  },
};

/** Gradio takes a while: first comes the frame with the answers. */
const afterFrame = (work) => requestAnimationFrame(() => setTimeout(work));

function keep() {
  const isWhole = measured && measured.done === measured.total;
  const isOfThis = isWhole && measured.serial === (textOf(shown.serial) ?? "none") && studentName(measured) === studentName(shown);
  props.value = valueOf(shown, isOfThis ? JSON.stringify(measured) : null); // a text: Gradio watches every number of a table
}

/** New values of application, customer, lock, field, pad and button; undefined for what stays. */
window.dsnControls = () => {
  const serial = host.typed ? undefined : (textOf(shown.serial) ?? "");
  const said = `${shown.task}/${shown.customer}/${shown.lock}`;
  if (said === controlsSay) return [undefined, undefined, undefined, serial, undefined, undefined];
  controlsSay = said;
  const { task, customer, lock } = shown;
  const set = (values) => ({ __type__: "update", ...values });
  const choices = customersOf(task).map((one) => [customerName(one), one]);
  const isPad = DATA.tasks[task].can_be_drawn;
  return [
    task, set({ choices, value: customer }), set({ value: lock, visible: studentOf(shown).locks.length > 1 }), serial,
    set({ visible: isPad }), set({ value: aboutMeasuring("button") }),
  ];
};

/** What the server sends: another picture or state with its answers, a sentence, how far a measurement or the flips are. */
function take({ is_first, panels, note: said, measurement, flipped: record, refused, ...state }) {
  if (is_first) return keep(); // the page itself, once it stands: a link may lead elsewhere by then
  if (said !== undefined) sayOfPicture(said);
  if (measurement) drawMeasurement(measurement);
  if (record && flips && ["task", "customer", "lock", "index"].every((name) => record[name] === flips.of[name])) drawFlips(record);
  if (refused) draw("measurement", refused);
  if (panels) {
    asked += 1; // whatever else is on its way has been overtaken
    const isOther = studentName(state) !== studentName(shown);
    const { task, customer, lock, index } = state;
    const [own, serial] = [state.own && floatsOf(state.own), state.serial && parseSerial(state.serial)];
    Object.assign(shown, { task, customer, lock, index, own, serial });
    keepPicture({ ...state, panels });
    if (isOther) stopMeasuring();
    mark();
    drawPanels({ ...state, panels });
    open(shown);
  }
  keep();
  answered();
}

/** Draw all of it but for the panels: a place may come later than they do. */
function fill() {
  mark();
  draw("measurement", note(aboutMeasuring("hint")));
  if (!flips) hintOfFlips();
}

window.dsnDrawing = { panelsHtml, galleryHtml, serialNote };
{
  const { panels, is_first, ...first } = props.value;
  const { task, customer, lock, index } = first;
  Object.assign(shown, { task, customer, lock, index, serial: first.serial && parseSerial(first.serial) });
  controlsSay = `${task}/${customer}/${lock}`;
  keepPicture({ ...first, panels });
  drawPanels({ ...first, panels });
  $(".arriving")?.remove(); // with its rule on what the body has: all styles were computed anew with every answer
  fill();
}
document.addEventListener("dsn:place", fill);
watch("value", () => take(props.value));
const whenIdle = window.requestIdleCallback ?? setTimeout;
if (!navigator.connection?.saveData) addEventListener("load", () => whenIdle(() => open(shown)));
if (document.readyState === "complete" && !navigator.connection?.saveData) whenIdle(() => open(shown));
