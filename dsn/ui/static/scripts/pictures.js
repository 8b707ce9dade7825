// A visitor's own picture: decoded by the browser, fitted in the Worker; it never leaves the machine.
const MOST_BYTES = 20_000_000;
const MOST_PIXELS = 25_000_000;

/** Show a picture: a file, or the address of what was drawn. */
async function bring(source, said) {
  const number = (bring.asked = (bring.asked ?? 0) + 1);
  try {
    const { channels, size, fit: kind } = DATA.tasks[shown.task];
    const picture = await ask("fit", { ...(await decoded(source)), kind, channels, size });
    if (number === bring.asked) await showOwn(picture, said);
  } catch (error) {
    if (number === bring.asked) say(error);
  }
  answered();
}

/** Width, height and pixels, uint8 [height, width, 4], of a picture, upright. */
async function decoded(source) {
  const file = typeof source === "string" ? await (await fetch(source)).blob() : source;
  if (file.size > MOST_BYTES) throw new dsnEngine.Refusal("The file is larger than 20 MB: choose a smaller picture.");
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
  } catch {
    throw new dsnEngine.Refusal("This is not a picture of a known kind: choose a PNG, JPEG, HEIC, AVIF, WEBP or GIF file.");
  }
  const { width, height } = bitmap;
  if (width * height > MOST_PIXELS) {
    throw new dsnEngine.Refusal("The picture has more than 25 megapixels: choose a smaller one.");
  }
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { pixels: new Uint8Array(pen.getImageData(0, 0, width, height).data.buffer), width, height };
}

document.querySelector("#upload input").addEventListener("change", ({ target }) => {
  if (target.files[0]) bring(target.files[0], TEXTS.compare.uploaded);
  target.value = "";
});
