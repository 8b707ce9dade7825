// The comparison's script leads the page to another state (compare/scripts/leading.js); it may come after this one.
const leading = () =>
  new Promise((there) => {
    if (window.dsnLead) there(window.dsnLead);
    else document.addEventListener("dsn:leads", () => there(window.dsnLead), { once: true });
  });
