/**
 * The service worker: keeps one page for the time without a network, and nothing else. Answers of
 * the API, log-ins and papers never enter a cache: the next person at this phone must not find them.
 */
const CACHE = "tongbao-offline-1";
const OFFLINE = "/portal/offline.html";
const DRESS = ["/portal/coin.svg", "/portal/offline.css"];

self.addEventListener("install", (event) => {
  const files = [OFFLINE, ...DRESS].map((url) => new Request(url, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(files)));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match(OFFLINE)));
  } else if (DRESS.includes(new URL(request.url).pathname)) {
    event.respondWith(fetch(request).catch(() => caches.match(request)));
  }
});
