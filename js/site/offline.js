// Ask the service worker to keep the course, once the page has all it needs.
import { element } from "../element.js";
import { ROOT, sidebarPlace, whenIdle } from "./page.js";

/** A reader who saves data keeps the pages that were visited, not the whole course. */
function worker() {
  const { connection } = /** @type {{ connection?: { saveData?: boolean } }} */ (
    navigator
  );
  const query = connection?.saveData ? "?visited" : "";
  return new URL(`service-worker.js${query}`, ROOT);
}

/**
 * Hand over what this page loaded before the worker was there to see it.
 *
 * @param {ServiceWorker} active
 */
function handOver(active) {
  const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
  active.postMessage({
    type: "CACHE_URLS",
    payload: { urlsToCache: [location.href, ...loaded] },
  });
}

export function keepForOffline() {
  const workers = navigator.serviceWorker;
  if (!workers || !location.protocol.startsWith("http")) return;
  const line = element("p", { className: "vg-saved" });
  const wasControlled = Boolean(workers.controller);

  async function look() {
    const { active } = await workers.ready;
    if (!active) return;
    const isWhole = !new URL(active.scriptURL).search;
    line.textContent = isWhole ? "Saved for reading offline" : "";
    if (isWhole) sidebarPlace().append(line);
    else if (!wasControlled) handOver(active);
  }

  async function register() {
    // A browser may refuse (private windows, full disk): the course is then online only.
    await workers.register(worker(), { scope: ROOT.pathname }).catch(() => {});
  }

  workers.addEventListener("controllerchange", look);
  look();
  if (document.readyState === "complete") whenIdle(register);
  else addEventListener("load", () => whenIdle(register));
}
