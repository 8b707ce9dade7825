// A student of anybody's from the Hub, by the Hub's own addresses: two files, bounded, safetensors and JSON alone.
const HUB_NAME = /^([\w.-]{1,96}\/[\w.-]{1,96})(?:@([\w./-]{1,200}))?$/;
const HUB_FILES = { "config.json": 1_000_000, "model.safetensors": 65_000_000 }; // bytes at most

async function hubFile(repository, revision, file) {
  const address = `${DATA.hub}/${repository}/resolve/${encodeURIComponent(revision)}/${file}`;
  let answer;
  try {
    answer = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer" });
  } catch {
    throw new dsnEngine.Refusal(`${DATA.hub} does not answer: check the connection, and that this page may ask it.`);
  }
  if (!answer.ok) throw new dsnEngine.Refusal(`${repository}/${file} is not to be had at ${revision} (${answer.status}): check the name.`);
  const parts = [];
  let length = 0;
  const reader = answer.body.getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    length += value.length;
    if (length > HUB_FILES[file]) {
      await reader.cancel();
      throw new dsnEngine.Refusal(`${repository}/${file} is larger than a student's: choose another.`);
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** The student that the address asks for; null where it asks for none. Its config, and the name the Worker has it by. */
async function studentOfHub() {
  const asked = new URLSearchParams(location.search).get("student");
  if (asked === null) return null;
  const found = HUB_NAME.exec(asked);
  if (!found || asked.includes("..")) {
    throw new dsnEngine.Refusal("A student on the Hub is called like organisation/name, or organisation/name@revision.");
  }
  const [, repository, revision = "main"] = found;
  const config = await hubFile(repository, revision, "config.json");
  const { task } = dsnEngine.readConfig(config, `${repository}/config.json`);
  if (!Object.hasOwn(DATA.tasks, task)) {
    throw new dsnEngine.Refusal(`${repository} is a student for ${task}, of which this folder has no pictures.`);
  }
  const weights = await hubFile(repository, revision, "model.safetensors");
  return { name: repository, config: await ask("open", { name: `${task}/${repository}`, config, weights }) };
}
