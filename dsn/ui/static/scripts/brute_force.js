// Every serial of nine bits, tried on a few pictures: 512 squares, the fuller the more pictures are right.
const TRIED_AT_A_TIME = 8;
let trying = 0;

function stopTrying() {
  trying += 1;
  document.getElementById("tried").innerHTML = "";
}

async function tryEvery() {
  trying += 1;
  const mine = trying;
  const { task, customer } = shown;
  const { labels, gallery } = DATA.tasks[task];
  const said = TEXTS.static;
  const box = document.getElementById("tried");
  const truths = gallery.map((index) => labels[index]);
  const serials = Array.from({ length: 512 }, (_, number) => [...number.toString(2).padStart(9, "0")].map(Number));
  box.innerHTML = `<p class="progress-line" role="status"></p><div class="tried-serials">${serials.map((bits) => `<i title="${dsnEngine.serialText(bits)}"></i>`).join("")}</div>`;
  const squares = box.querySelectorAll("i");
  const working = [];
  const begun = performance.now();
  for (let start = 0; start < serials.length; start += TRIED_AT_A_TIME) {
    const some = serials.slice(start, start + TRIED_AT_A_TIME);
    const found = await ask("tried", { name: engineName(shown), from: task, indices: gallery, labels: truths, serials: some });
    if (mine !== trying) return;
    found.forEach((right, place) => {
      squares[start + place].style.setProperty("--right", right / gallery.length);
      if (2 * right >= gallery.length) working.push(dsnEngine.serialText(some[place]));
    });
    box.firstElementChild.textContent = filled(said.brute_progress, { done: start + some.length, all: serials.length });
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const values = { all: serials.length, seconds, pictures: gallery.length, count: working.length, found: working.join(", ") || "–" };
  box.firstElementChild.innerHTML = filled(said.brute_done, values);
}

document.getElementById("brute-button").addEventListener("click", tryEvery);
