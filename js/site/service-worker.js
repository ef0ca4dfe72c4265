// Keeps the course for reading offline. The build of the book puts a line in front:
// self.vgcourseFiles = [[address, SHA-256], …], every file of the course as its pages
// call it. A changed course is a changed worker, which is how browsers find out.
//
// Whatever a page loads carries its content's hash in its address (`?v=…`, or its name),
// so it never goes stale and a page can never meet the script of another edition. Pages
// themselves come from the network first.
import { cacheNames, clientsClaim, setCacheNameDetails } from "workbox-core";
import { PrecacheController } from "workbox-precaching";
import { registerRoute, setCatchHandler } from "workbox-routing";
import { CacheFirst, NetworkFirst, NetworkOnly } from "workbox-strategies";
import OFFLINE from "./offline.html";

const worker =
  /** @type {ServiceWorkerGlobalScope & { vgcourseFiles: [string, string][] }} */ (
    /** @type {unknown} */ (self)
  );
const SCOPE = worker.registration.scope;
const PATIENCE = 3; // seconds for the network
const VISITED_ONLY = location.search === "?visited"; // the reader saves data

setCacheNameDetails({ prefix: "vgcourse" });
const WHOLE = cacheNames.precache;
const VISITED = cacheNames.runtime;
const FORMER = `vgcourse-former-${SCOPE}`;

/** @param {URL} url */
const hasHash = (url) =>
  url.searchParams.has("v") || /[0-9a-f]{16}[^/]*$/.test(url.pathname);

/**
 * Whether a file belongs to what is kept; what only runs or downloads does not.
 *
 * @param {URL} url
 */
const isKept = (url) =>
  url.href.startsWith(SCOPE) &&
  !url.href.startsWith(`${SCOPE}lite/`) &&
  !/\.(ipynb|pdf|zip|whl)$/.test(url.pathname);

/**
 * The address under which a page is kept: without a query, folders by their index.
 *
 * @param {string} address
 */
function pageKey(address) {
  const { origin, pathname } = new URL(address);
  return origin + pathname.replace(/\/$/, "/index.html");
}

const course = new PrecacheController();
course.addToCacheList(
  worker.vgcourseFiles.map(([url, hash]) => ({
    url,
    revision: hasHash(new URL(url, SCOPE)) ? null : hash,
    integrity: `sha256-${hash}`,
  })),
);

// Hashed files share one cache with the whole course: what a page has loaded is not
// loaded again. Pages opened before an update still find their files in FORMER.
const hashed = new CacheFirst({
  cacheName: WHOLE,
  plugins: [
    {
      cachedResponseWillBeUsed: async ({ request, cachedResponse }) =>
        cachedResponse ?? caches.match(request, { cacheName: FORMER }),
    },
  ],
});

const fresh = new NetworkFirst({
  cacheName: VISITED,
  networkTimeoutSeconds: PATIENCE,
  plugins: [
    {
      requestWillFetch: async ({ request }) =>
        new Request(request, { cache: "no-cache" }),
      cacheKeyWillBeUsed: async ({ request }) => pageKey(request.url),
      cachedResponseWillBeUsed: async ({ request, cachedResponse }) =>
        cachedResponse ?? course.matchPrecache(request.url),
    },
  ],
});

registerRoute(({ url }) => isKept(url) && hasHash(url), hashed);
registerRoute(({ url }) => isKept(url), fresh);
registerRoute(({ request }) => request.mode === "navigate", new NetworkOnly());
setCatchHandler(async ({ request }) =>
  request.mode === "navigate" ? offlinePage() : Response.error(),
);

/** The course's own page for one that is not here, with links to those that are. */
async function offlinePage() {
  const links = new Map();
  for (const cacheName of [WHOLE, VISITED]) {
    const cache = await caches.open(cacheName);
    for (const request of await cache.keys()) {
      const url = pageKey(request.url);
      if (!url.endsWith(".html") || links.has(url)) continue;
      const text = await (await cache.match(request))?.text();
      const title = /<title>\s*(.*?)(?:\s(?:&#8212;|-)\s.*)?<\/title>/s.exec(
        text ?? "",
      )?.[1];
      if (title) links.set(url, `<li><a href="${url}">${title}</a></li>`);
    }
  }
  const page = OFFLINE.replace("{pages}", [...links.values()].join("\n"));
  return new Response(page, {
    headers: { "Content-Type": "text/html; charset=utf-8" },
  });
}

/**
 * Put aside, for one edition, the hashed files that only pages already open may want.
 *
 * @param {ExtendableEvent} event
 */
async function retire(event) {
  const wanted = new Set(course.getURLsToCacheKeys().values());
  await caches.delete(FORMER);
  const [whole, former] = await Promise.all([caches.open(WHOLE), caches.open(FORMER)]);
  for (const request of await whole.keys()) {
    if (wanted.has(request.url) || !hasHash(new URL(request.url))) continue;
    const response = await whole.match(request);
    if (response) await former.put(request, response);
  }
  await Promise.all([caches.delete(VISITED), course.activate(event)]);
}

worker.addEventListener("install", (event) => {
  worker.skipWaiting();
  if (!VISITED_ONLY) course.install(event);
});
worker.addEventListener("activate", (event) => {
  if (!VISITED_ONLY) event.waitUntil(retire(event));
});
clientsClaim();
