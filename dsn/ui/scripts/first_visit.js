// Gradio's scripts from one file: each becomes a module at an address of its own, and an import map leads there from
// where the others look for it. Links that fetch nothing keep Gradio's loader from fetching the same again.
(async ({ entry, address }) => {
  const base = new URL("./assets/", document.baseURI).href;
  const add = (kind, values) => document.head.append(Object.assign(document.createElement(kind), values));
  const start = () => import(base + entry);
  if (!HTMLScriptElement.supports?.("importmap")) return start();
  const answer = await fetch(address);
  if (!answer.ok) return start();
  const { scripts, styles } = await answer.json();
  const imports = {};
  for (const [name, text] of Object.entries(scripts)) {
    const linked = text
      .replace(/\b(from|import)\s*"\.\//g, (_, word) => `${word}"${base}`)
      .replaceAll("import(`./", `import(\`${base}`)
      .replaceAll("import.meta.url", JSON.stringify(base + name));
    imports[base + name] = URL.createObjectURL(new Blob([linked], { type: "text/javascript" }));
    add("link", { rel: "bundled", href: base + name });
  }
  for (const name of styles) add("link", { disabled: true, rel: "stylesheet", href: base + name });
  add("script", { type: "importmap", textContent: JSON.stringify({ imports }) });
  return start();
})(document.currentScript.dataset);
