// Until a page has loaded, its far sections wait without a layout (course.css). Then they
// come one by one, while nothing else is to be done; the reader's place stays.
export function letSectionsArrive() {
  const idle = window.requestIdleCallback ?? ((next) => setTimeout(next, 1));
  const sections = [...document.querySelectorAll(".bd-article section > section")];
  const arrive = () => {
    const next = sections.shift();
    if (next) next.style.contentVisibility = "visible";
    else document.documentElement.classList.remove("vg-arriving");
    if (next) idle(arrive);
  };
  addEventListener("load", () => idle(arrive));
}
