// Where the page came from a server, a service worker keeps the folder for when there is none.
if ("serviceWorker" in navigator && location.protocol.startsWith("http")) {
  navigator.serviceWorker.register("offline.js").catch(() => {}); // the page works without it
}
