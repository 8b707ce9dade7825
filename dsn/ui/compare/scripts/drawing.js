// HTML from records: the engine's, or the server's where it answers. Nothing else draws panels, bits, galleries,
// measurements and flips, here or in the folder.

/** Text that may be put into HTML. */
function escaped(value) {
  const marks = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };
  return String(value).replace(/[&<>"']/g, (one) => marks[one]);
}

/** A sentence of our own with its {places} filled in; what is filled in is escaped. */
const filled = (text, values = {}) => text.replace(/\{(\w+)\}/g, (_, name) => escaped(values[name]));
const percent = (value) => `${value.toFixed(1)} %`;
const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

/** What a customer is called on the page, where that is not the name of the folder. */
const customerName = (customer) => (Object.hasOwn(TEXTS.customers, customer) ? TEXTS.customers[customer] : customer);

/** What an error says, in the page's language, as dsn/ui/texts does it. */
function translated(said) {
  for (const [english, text] of Object.entries(TEXTS.errors)) {
    const pattern = english.replace(/[^\w\s{}]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<$1>.+?)");
    const found = new RegExp(`^(?:${pattern})$`, "s").exec(said);
    if (found) return text.replace(/\{(\w+)\}/g, (_, name) => translated(found.groups?.[name] ?? ""));
  }
  return said;
}

const note = (text, kind = "plain") => {
  const role = kind === "error" || kind === "question" ? ' role="alert"' : "";
  return `<p class="note ${kind}"${role}>${text}</p>`;
};

const addresses = new WeakMap(); // of pictures that the engine gave: it gives the same ones again

/** A picture, values in [0, 1], [channels, size, size], as an address: a bitmap, for a canvas may be refused. */
function pictureAddress(picture, channels, size) {
  if (typeof picture === "string") return bitmapOf(valuesOf(picture), channels, size);
  if (!addresses.has(picture)) addresses.set(picture, bitmapOf(picture, channels, size));
  return addresses.get(picture);
}

function bitmapOf(values, channels, size) {
  const row = Math.ceil((3 * size) / 4) * 4;
  const bytes = new Uint8Array(54 + row * size);
  const view = new DataView(bytes.buffer);
  bytes.set([66, 77]);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, size, true);
  view.setInt32(22, size, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const at = 54 + row * (size - 1 - y) + 3 * x;
      for (let channel = 0; channel < 3; channel += 1) {
        const from = (channels === 3 ? 2 - channel : 0) * size * size;
        bytes[at + channel] = Math.round(255 * Math.min(1, Math.max(0, values[from + y * size + x])));
      }
    }
  }
  return `data:image/bmp;base64,${btoa(String.fromCharCode(...bytes))}`;
}

/** A picture's values in [0, 1]: the engine gives them as they are, the server as base64 of bytes. */
const valuesOf = (picture) => (typeof picture === "string" ? Float32Array.from(bytesOf(picture), (byte) => byte / 255) : picture);
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** The three panels of a record: dsn/ui/compare/records.py says what is in it. `marks`: whether one can be marked. */
function panelsHtml(record, marks = false, parts = partsOf(record)) {
  const { task, customer, lock } = record;
  const sections = record.panels.map((panel, at) => {
    const { condition } = panel;
    const { "stamped-serial": serial, ...others } = parts.panels[at];
    const title = TEXTS.conditions[condition];
    const heading = marks ? `<button type="button" data-condition="${condition}" aria-pressed="false" title="${TEXTS.share.focus}">${title}</button>` : title;
    const stale = condition === "entered" ? ` data-stale="${TEXTS.compare.stale_serial}"` : "";
    return `<section class="panel ${condition}" data-condition="${condition}" data-answer="${escaped(answerOf(panel))}" data-ready="true" aria-label="${title}"${stale}>
      <header> <h3>${heading}</h3> ${serial} </header> ${Object.values(others).join(" ")}
    </section>`;
  });
  return `${marks ? parts.chips : ""}<div class="panels" data-stale="${TEXTS.compare.stale_drawing}" data-task="${escaped(task)}" data-customer="${escaped(customer)}" data-lock="${lock}" data-serial="${serialOf(record)}"> ${sections.join(" ")} </div>`;
}

/** Other answers of the student whose panels stand in `box`, drawn from `before`: what is the same there stays the element that it is. */
function redrawPanels(box, record, parts, before) {
  box.querySelector(".panels").dataset.serial = serialOf(record);
  box.querySelector(".unread")?.classList.remove("unread");
  if (parts.chips !== before.chips) become(box.querySelector(".chips"), parts.chips);
  record.panels.forEach((panel, at) => {
    const section = box.querySelector(`.panel.${panel.condition}`);
    if (section.dataset.answer !== answerOf(panel)) section.dataset.answer = answerOf(panel);
    for (const [name, html] of Object.entries(parts.panels[at])) {
      if (html !== before.panels[at][name]) become(section.querySelector(`.${name}`), html);
    }
  });
}

/** Make an element what HTML says. Where texts and values of attributes alone differ, no element is another: that costs few styles. */
function become(element, html) {
  const made = document.createElement("template");
  made.innerHTML = html;
  follow(element, made.content.firstElementChild);
}

function follow(node, other) {
  const [mine, others] = [[...node.childNodes], [...other.childNodes]];
  if (node.nodeName !== other.nodeName || mine.length !== others.length) return node.replaceWith(other);
  if (node.nodeValue !== other.nodeValue) node.nodeValue = other.nodeValue;
  for (const { name } of [...(node.attributes ?? [])]) if (!other.hasAttribute(name)) node.removeAttribute(name);
  for (const { name, value } of other.attributes ?? []) if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  mine.forEach((child, at) => follow(child, others[at]));
}

const answerOf = ({ is_even, answers }) => (is_even ? "" : answers[0].name);
const serialOf = ({ panels }) => panels[1].serial ?? "none";

/** What another answer of the same student may change: the chips, and the elements of each panel by their class. */
const partsOf = (record) => ({ chips: chipsHtml(record), panels: record.panels.map((panel) => partsOfPanel(panel, record)) });

function partsOfPanel(panel, record) {
  const { names, channels, size, stamp, truth } = record;
  const { serial } = panel;
  const said = TEXTS.panels;
  const stamped = serial ? `<code>${serial}</code>` : `<span class="quiet">${said.nothing_stamped}</span>`;
  const { left, top, size: wide } = stamp;
  const outline = serial ? `<span class="stamp-outline" style="left:${left}%;top:${top}%;width:${wide}%;height:${wide}%"></span>` : "";
  const answers = panel.answers.map(({ label, probability }) => {
    const share = 100 * probability;
    const track = `<span class="track"><span class="bar" style="width:${share.toFixed(2)}%"></span></span>`;
    return `<li> <span class="name">${escaped(names[label])}</span> <span class="value">${percent(share)}</span> ${track} </li>`;
  });
  return {
    "stamped-serial": `<p class="stamped-serial"> ${stamped} </p>`,
    picture: `<div class="picture"> <img src="${pictureAddress(panel.picture, channels, size)}" alt="${serial ? said.picture_stamped : said.picture_raw}"> ${outline} </div>`,
    verdict: verdictHtml(panel, names[panel.answers[0].label], truth === null ? null : names[truth]),
    answers: `<ol class="answers"> ${answers.join(" ")} </ol>`,
    remark: `<p class="remark"> ${remarkHtml(panel, record)} </p>`,
  };
}

/** The three answers in a word each, for where the panels are out of view; the panels themselves are read aloud. */
function chipsHtml({ names, panels }) {
  const chips = panels.map((panel) => {
    const answer = panel.is_even ? TEXTS.panels.silent : escaped(names[panel.answers[0].label]);
    const mark = panel.is_even ? "–" : { true: "✓", false: "✗" }[panel.is_right] ?? "→";
    return `<span class="chip ${panel.condition}"> <span>${TEXTS.panels.chips[panel.condition]}</span> <b>${mark} ${answer}</b> </span>`;
  });
  return `<div class="chips" aria-hidden="true"> ${chips.join(" ")} </div>`;
}

function verdictHtml(panel, best, truth) {
  const said = TEXTS.panels;
  const isUnknown = panel.is_right === null;
  const [mark, text] = panel.is_even
    ? ["–", filled(said.no_answer)]
    : isUnknown
      ? ["→", filled(said.unknown, { answer: best })]
      : panel.is_right
        ? ["✓", filled(said.right, { answer: best })]
        : ["✗", filled(said.wrong, { answer: best, truth })];
  const kind = panel.is_even || isUnknown ? "unknown" : panel.is_right ? "right" : "wrong";
  return `<p class="verdict ${kind}"> <span aria-hidden="true">${mark}</span> ${text} </p>`;
}

function remarkHtml(panel, { lock, owner }) {
  const said = TEXTS.panels;
  const under = lock === "stamped" ? "" : "_sealed";
  if (panel.condition === "valid") return said.remark_valid;
  if (panel.condition === "absent") return said[`remark_absent${under}`];
  if (!panel.serial) return said.remark_none;
  if (panel.serial_is_valid) return filled(said.remark_entered_valid);
  return owner ? filled(said[`remark_other${under}`], { owner: customerName(owner) }) : said[`remark_wrong${under}`];
}

/** One sentence on an entered serial: none (`wrong` is null), the valid one, or how many of its bits are wrong. */
function serialNote({ wrong, bits }) {
  const said = TEXTS.compare;
  if (wrong === null) return note(said.note_none);
  if (!wrong) return note(said.note_valid, "good");
  return note(filled(wrong === 1 ? said.note_one_wrong : said.note_wrong, { wrong, bits }));
}

/** A serial's bits as buttons, `count` of them, none pressed yet. */
function bitsHtml(count) {
  const said = TEXTS.compare;
  const side = Math.round(Math.sqrt(count));
  const buttons = Array.from({ length: count }, (_, place) => {
    const label = filled(said.bit_label, { row: Math.floor(place / side) + 1, column: (place % side) + 1 });
    return `<button type="button" data-bit="${place}" aria-pressed="false" tabindex="${place ? -1 : 0}" aria-label="${label}"></button>`;
  });
  return `<div class="bits" style="--side:${side}" role="group" aria-label="${said.bits_label}"> ${buttons.join(" ")} </div>`;
}

/** Held-out pictures as buttons, each with its true label; below them what has to be known of them, for few applications. */
function galleryHtml({ pictures, channels, size, chosen, remark }) {
  const buttons = pictures.map(({ index, label, picture }) => {
    const reached = index === chosen || (chosen === null && index === pictures[0].index) ? 0 : -1;
    return `<button type="button" data-index="${index}" tabindex="${reached}" aria-pressed="${index === chosen}" title="${escaped(label)}"> <img src="${pictureAddress(picture, channels, size)}" alt=""> <span>${escaped(label)}</span> </button>`;
  });
  return `<div class="gallery" data-chosen="${chosen ?? ""}" role="group" aria-label="${TEXTS.compare.gallery_label}"> ${buttons.join(" ")} </div>${remark ? `<p class="remark">${escaped(remark)}</p>` : ""}`;
}

/** Figures as a table to open, below their drawing; `rows` are HTML. */
function asTable(name, columns, rows) {
  const head = columns.map((one) => `<th scope="col">${one}</th>`).join("");
  return `<details class="as-table"><summary>${TEXTS.export.table.open}</summary><div class="scroll" tabindex="0" role="region" aria-label="${name}"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div></details>`;
}

/**
 * Bars, reference lines and confusion matrices; while it runs, how far it is.
 * The record is dsn/measuring/comparison.py's Measurement, `counts` [classes][classes] and `unanswered` [classes] a condition,
 * and of what: scripts/feel.js dims it once the panels show another.
 */
function measurementHtml({ task, customer, lock, serial, done, total, counts, unanswered }, { levels, teacher, names }) {
  const said = TEXTS.measure;
  const entered = serial === "none" ? said.entered_none : said.entered.replace("{serial}", () => serial);
  const table = TEXTS.export.table;
  const isOver = done === total;
  const titles = { valid: TEXTS.conditions.valid, entered, absent: TEXTS.conditions.absent };
  const bars = ["valid", "entered", "absent"].map((condition) => {
    const silent = summed(unanswered[condition]);
    const count = summed(counts[condition].flat()) + silent;
    const correct = summed(counts[condition].map((row, place) => row[place]));
    const interval = count ? dsnEngine.wilson(correct, count).map((share) => 100 * share) : null;
    const matrix = counts[condition].map((row, place) => [...row, unanswered[condition][place]]); // the last column: no answer
    return { condition, title: escaped(titles[condition]), count, silent, share: (100 * correct) / count, interval, cells: cellsOf(matrix) };
  });
  const interval = ({ interval: [low, high] }) => `${low.toFixed(1)}–${high.toFixed(1)}`;
  const line = (kind, value) => `<span class="line ${kind}" style="left:${value.toFixed(2)}%"></span>`;
  const lines = line("majority", levels.majority) + line("uniform", levels.uniform) + (teacher ? line("teacher", teacher) : "");
  const rows = bars.map((bar) => {
    const { condition, title, count, silent, share } = bar;
    const none = (100 * silent) / count;
    const missing = none ? `<span class="no-answer" style="left:${(100 - none).toFixed(2)}%;width:${none.toFixed(2)}%"><span>${said.no_answer_short}</span></span>` : "";
    const drawn = count
      ? `<span class="bar" style="width:${share.toFixed(2)}%"></span>${missing}<span class="interval" style="left:${bar.interval[0].toFixed(2)}%;width:${(bar.interval[1] - bar.interval[0]).toFixed(2)}%"></span>`
      : "";
    const quiet = `<small>${silent ? filled(said.silent, { count: grouped(silent) }) : ""}</small>`;
    const figure = count ? `<b>${percent(share)}</b> <small>${interval(bar)}, N = ${grouped(count)}</small> ${quiet}` : "";
    return `<div class="row ${condition}"> <span class="title">${title}</span> <span class="plot">${drawn}${lines}</span> <span class="figure">${figure}</span> </div>`;
  });
  const progress = isOver
    ? filled(said.measured, { pictures: grouped(total / 3) })
    : `${filled(said.asking, { done: grouped(done), total: grouped(total) })} <progress max="${total}" value="${done}">${filled(said.bar, { done, total })}</progress>`;
  const told = bars.filter((bar) => bar.count).map((bar) => `; ${bar.title}: ${percent(bar.share)}`);
  const label = `${said.chart_label}${told.join("")}; ${filled(said.chance_label, { percent: percent(levels.majority) })}`;
  const legend = [
    ...(teacher ? [`<li><i class="line teacher"></i>${filled(said.teacher, { percent: percent(teacher) })}</li>`] : []),
    `<li><i class="line majority"></i>${filled(said.majority, { percent: percent(levels.majority) })}</li>`,
    `<li><i class="line uniform"></i>${filled(said.uniform, { percent: percent(levels.uniform) })}</li>`,
    `<li><i class="whisker"></i>${said.interval}</li>`,
  ];
  const figures = bars.map((bar) => {
    return `<tr><th scope="row">${bar.title}</th><td>${percent(bar.share)}</td><td>${bar.count ? interval(bar) : ""}</td><td>${bar.count}</td><td>${bar.silent}</td></tr>`;
  });
  const isSilent = bars.some((bar) => bar.silent);
  const quiet = isSilent || !isOver ? `<p class="quiet"${isSilent ? "" : ' style="visibility:hidden"'}>${said.silent_note}</p>` : "";
  const answers = [...names, NO_ANSWER];
  const whole = isOver
    ? [
        asTable(said.chart_label, [table.condition, table.percent, table.interval, table.count, table.silent], figures),
        quiet,
        matricesHtml(bars, answers),
        asTable(said.matrices, [table.condition, table.truth, table.answer, table.times], cellRows(bars, answers)),
      ]
    : [quiet];
  const of = `data-task="${escaped(task)}" data-customer="${escaped(customer)}" data-lock="${lock}" data-serial="${serial}"`;
  return `<div class="asked-of" ${of} data-stale="${TEXTS.compare.stale}"> <div class="measurement" aria-busy="${!isOver}"> <p class="progress-line"> ${progress} </p>
    <div class="chart" role="img" aria-label="${label}"> ${rows.join(" ")} </div> <ul class="legend"> ${legend.join(" ")} </ul> ${whole.join(" ")} </div> </div>`;
}

/** Around the flips of each bit: of what they are; scripts/feel.js dims it once the panels show another, or another picture. */
function flipsOf({ task, customer, lock }) {
  const of = `data-task="${escaped(task)}" data-customer="${escaped(customer)}" data-lock="${lock}" data-picture="shown"`;
  return `<div class="asked-of" ${of} data-stale="${TEXTS.compare.stale}"></div>`;
}

/**
 * What flipping each bit answers, as a square of answers in the places of the bits, and in words how many are right,
 * wrong and none. `flips` are those there are so far, dsn/measuring/avalanche.py's; `pictures` of classes whose names are long.
 */
function flipsHtml({ lock, names, bits, channels, size, truth, flips, pictures }) {
  const said = TEXTS.avalanche;
  const table = TEXTS.export.table;
  const isOver = flips.length === bits;
  const images = Object.fromEntries(Object.entries(pictures).map(([label, one]) => [label, pictureAddress(one, channels, size)]));
  const named = flips.filter((flip) => !flip.is_even);
  const silent = flips.length - named.length;
  const right = named.filter(({ label }) => label === truth).length;
  const wrong = named.length - right;
  const squares = flips.map(({ label, is_even }) => {
    const kind = is_even ? "none" : label === truth ? "right" : "other";
    const inside = is_even ? NO_ANSWER : images[label] ? `<img src="${images[label]}" alt="">` : escaped(names[label]);
    return `<span class="${kind}" title="${is_even ? said.none : escaped(names[label])}">${inside}</span>`;
  });
  const waiting = Array(bits - flips.length).fill('<span class="waiting"></span>');
  const times = new Map();
  for (const { label } of named) times.set(label, (times.get(label) ?? 0) + 1);
  const rows = [...times].sort(([, one], [, other]) => other - one).map(([label, count]) => [escaped(names[label]), count]);
  if (silent) rows.push([said.none, silent]);
  const sentence = said[`said_${lock}${lock === "stamped" && silent < bits ? "_some" : ""}`];
  const tally = (kind, text, count) => `<li><i class="${kind}"></i>${filled(text, { count })}</li>`;
  const known = truth === null ? [] : [tally("right", said.right, right)];
  const told = isOver
    ? `<p>${filled(sentence, { count: bits, kinds: times.size, silent })}</p>
      <ul class="tally"> ${known.join("")} ${tally("other", truth === null ? said.answered : said.wrong, wrong)} ${tally("none", said.no_answer, silent)} </ul>
      ${asTable(said.title, [table.answer, table.times], rows.map(([name, count]) => `<tr><th scope="row">${name}</th><td>${count}</td></tr>`))}`
    : `<p role="status">${filled(said.running, { done: flips.length, total: bits })}</p>`;
  const label = filled(said.label, { count: flips.length, right, wrong, silent });
  return `<div class="avalanche ${isOver ? "whole" : ""}" aria-busy="${!isOver}">
    <div class="flips" style="--side:${Math.round(Math.sqrt(bits))}" role="img" aria-label="${label}"> ${[...squares, ...waiting].join(" ")} </div>
    <div class="words"> <p><b>${said.title}</b></p> ${told} </div> </div>`;
}

const NO_ANSWER = "–";
const LONGEST_MARK = 2; // characters of a class's name that stand beside its row, or in a square
const MOST_MARKED = 12; // classes of a matrix whose rows are marked at all
const areShort = (names) => names.every((name) => [...name].length <= LONGEST_MARK);
const summed = (numbers) => numbers.reduce((sum, one) => sum + one, 0);

/** The cells of a matrix that are not zero: [row, column, count, share of the row]. */
function cellsOf(matrix) {
  return matrix.flatMap((row, place) => {
    const all = summed(row);
    return row.map((count, column) => [place, column, count, count / all]).filter(([, , count]) => count);
  });
}

function cellRows(bars, answers) {
  return bars.flatMap(({ title, cells }) => {
    return cells.map(([row, column, count]) => {
      return `<tr><th scope="row">${title}</th><td>${escaped(answers[row])}</td><td>${escaped(answers[column])}</td><td>${count}</td></tr>`;
    });
  });
}

function matricesHtml(bars, answers) {
  const said = TEXTS.measure;
  const names = answers.slice(0, -1);
  const many = names.length;
  const isMarked = many <= MOST_MARKED;
  const isShort = areShort(names); // else they would run over one another
  const marks = names.map((name, place) => (isShort ? name : String(place + 1)));
  const pairs = marks.map((mark, place) => `${mark} ${names[place]}`).join(", ");
  const key = isShort || !isMarked ? "" : `<p class="quiet">${filled(said.matrix_key, { classes: pairs })}</p>`;
  const axes = marks.map((mark, place) => {
    return `<text class="axis" x="-0.5" y="${place + 0.66}">${escaped(mark)}</text><text class="axis" x="${place + 0.5}" y="-0.35">${escaped(mark)}</text>`;
  });
  const figures = bars.map(({ condition, title, cells }) => {
    const squares = cells.map(([row, column, count, share]) => {
      const told = filled(said.cell, { truth: answers[row], answer: answers[column], count });
      const x = column + (column === many ? 0.2 : 0);
      const written = `<text class="${share > 0.45 ? "strong" : ""}" x="${x + 0.5}" y="${row + 0.66}">${count}</text>`;
      return `<rect class="cell" x="${x}" y="${row}" width="1" height="1" fill-opacity="${(0.12 + 0.88 * share).toFixed(3)}"><title>${told}</title></rect>${isMarked ? written : ""}`;
    });
    return `<figure class="${condition}"> <figcaption>${title}</figcaption> <svg viewBox="-1.6 -1.6 ${many + 2.9} ${many + 1.7}" role="img" aria-label="${said.matrix_label.replace("{title}", () => title)}"> <rect class="frame" x="0" y="0" width="${many}" height="${many}"/><rect class="frame" x="${many + 0.2}" y="0" width="1" height="${many}"/><text class="axis" x="${many + 0.7}" y="-0.35">${NO_ANSWER}</text>${squares.join("")}${isMarked ? axes.join("") : ""}</svg> </figure>`;
  });
  return `<h3>${said.matrices}</h3> <p class="quiet">${said.matrices_note}</p> ${key} <div class="matrices"> ${figures.join(" ")} </div>`;
}
