// Ask the service worker to keep the course, once the page has all it needs.
import { ROOT, element, sidebarPlace } from "./page.js";

/** A reader who saves data keeps the pages that were visited, not the whole course. */
function worker() {
  return new URL(navigator.connection?.saveData ? "service-worker.js?visited" : "service-worker.js", ROOT);
}

/** Hand over what this page loaded before the worker was there to see it. */
function handOver(active) {
  const urlsToCache = [location.href, ...performance.getEntriesByType("resource").map((entry) => entry.name)];
  active.postMessage({ type: "CACHE_URLS", payload: { urlsToCache } });
}

export function keepForOffline() {
  const workers = navigator.serviceWorker;
  if (!workers || !location.protocol.startsWith("http")) return;
  const line = element("p", { className: "vg-saved" });
  const wasControlled = Boolean(workers.controller);

  async function look() {
    const { active } = await workers.ready;
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
  const whenIdle = self.requestIdleCallback ?? ((work) => setTimeout(work, 1000));
  if (document.readyState === "complete") whenIdle(register);
  else addEventListener("load", () => whenIdle(register));
}
