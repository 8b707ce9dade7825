// The language of the page is told to the browser; a link to another language keeps the rest of the address.
const head = element.querySelector(".page-head");
if (!element.closest("gradio-app[src]")) {
  // As an element the page is a guest, and the document is another's.
  document.documentElement.lang = head.dataset.language;
  document.title = head.dataset.title;
}

// A box for files says what it is for in the page's language; Gradio's own words follow the browser's.
element.closest(".gradio-container")?.style.setProperty("--drop", JSON.stringify(head.dataset.drop));
function nameUploads() {
  for (const box of document.querySelectorAll(".upload-container:not([data-named])")) {
    const label = box.closest(".block")?.querySelector('[data-testid="block-label"]')?.textContent.trim();
    box.dataset.named = "";
    box.setAttribute("aria-label", [label, head.dataset.drop].filter(Boolean).join(head.dataset.colon));
  }
}
if (head.dataset.drop) new MutationObserver(nameUploads).observe(element.closest(".gradio-container"), { subtree: true, childList: true });

// A list of choices that can be scrolled would be a stop of the keyboard, and go when it is reached.
document.addEventListener("keydown", ({ key, target }) => {
  if (key !== "Tab" || target.getAttribute?.("role") !== "combobox") return;
  document.getElementById(target.getAttribute("aria-controls"))?.setAttribute("tabindex", "-1");
});

// The first stop of the keyboard leads past head, tabs and lesson: to the panels, or to the open tab.
element.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address says what is shown, and stays
  const parts = document.querySelectorAll("#panels, #tabs > [role=tabpanel]");
  const main = [...parts].findLast((one) => one.getClientRects().length);
  main.tabIndex = -1;
  main.focus();
});

element.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-language]");
  if (!link) return;
  const address = new URL(link.href);
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (name !== "lang") address.searchParams.set(name, value);
  }
  link.href = address.href;
});
