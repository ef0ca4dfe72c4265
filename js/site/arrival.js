// Until a page has loaded, its far sections wait without a layout (course.css). Then they
// come one by one, while nothing else is to be done; the reader's place stays.
import { all, whenIdle } from "./page.js";

export function letSectionsArrive() {
  const sections = all(".bd-article section > section");
  const arrive = () => {
    const next = sections.shift();
    if (next) {
      next.style.contentVisibility = "visible";
      whenIdle(arrive);
    } else {
      document.documentElement.classList.remove("vg-arriving");
    }
  };
  addEventListener("load", () => whenIdle(arrive));
}
