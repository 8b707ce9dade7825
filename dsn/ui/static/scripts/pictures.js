// A visitor's own picture: decoded by the browser, fitted by the engine; it never leaves the machine.
const MOST_BYTES = 20_000_000;
const MOST_PIXELS = 25_000_000;

/** Show a picture from an address or a file. */
async function bring(source, said) {
  try {
    await showOwn(await fittedPicture(source), said);
  } catch (error) {
    $("#picture-note").innerHTML = note(escaped(translated(error.message)), "error");
  }
}

async function fittedPicture() {
  throw new dsnEngine.Refusal("This is not a picture of a known kind: choose a PNG, JPEG, HEIC, AVIF, WEBP or GIF file.");
}

document.querySelector("#upload input").addEventListener("change", ({ target }) => {
  if (target.files[0]) bring(target.files[0], TEXTS.compare.uploaded);
});
