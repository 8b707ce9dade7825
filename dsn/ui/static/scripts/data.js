// The folder's own data: scripts that call dsnData, loaded when they are needed, on file:// pages too.
const arriving = new Map();

/** Called by the scripts of data/. */
function dsnData(name, text, length) {
  arriving.get(name)?.arrived({ text, length });
}

/** A data script's content, once it is there. */
function dataOf(name) {
  if (!arriving.has(name)) {
    const entry = {};
    entry.content = new Promise((arrived, refuse) => {
      entry.arrived = arrived;
      const script = document.createElement("script");
      script.src = `data/${name}.js`;
      script.onerror = () => {
        arriving.delete(name);
        refuse(new dsnEngine.Refusal(`The file data/${name}.js did not arrive: load the page again.`));
      };
      document.head.append(script);
    });
    arriving.set(name, entry);
  }
  return arriving.get(name).content;
}

const ask = dsnEngine.engineClient(`(${dsnMakeEngine})();`, () => dsnEngine);
const opening = new Map(); // what the Worker has or is getting, by name

function once(name, get) {
  if (!opening.has(name)) {
    const found = get();
    opening.set(name, found);
    found.catch(() => opening.delete(name));
  }
  return opening.get(name);
}

/** A bundled student's configs, by its locks, once the Worker can answer for it under each. */
function opened({ task, customer }) {
  const name = `${task}/${customer}`;
  const { locks, serial } = DATA.students[name];
  return once(name, async () => {
    const content = await dataOf(`${task}-${customer}`);
    if (locks.length === 1) return { [locks[0]]: await ask("openPacked", { name: `${name}/${locks[0]}`, ...content }) };
    const names = Object.fromEntries(locks.map((lock) => [lock, `${name}/${lock}`]));
    return ask("openBoth", { names, ...content, serial: dsnEngine.parseSerial(serial) });
  });
}

/** Once the Worker has an application's held-out pictures. */
function picturesOf(task) {
  return once(`pictures/${task}`, async () => {
    const { labels, channels, size } = DATA.tasks[task];
    await ask("keepPacked", { name: task, ...(await dataOf(`${task}-pictures`)), count: labels.length, channels, size });
  });
}
