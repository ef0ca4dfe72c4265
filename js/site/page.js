// What the parts of the script share: where the page stands, and how to make elements.

/** The root of the book, which may be a folder of its site. */
export const ROOT = new URL(document.documentElement.dataset.content_root ?? "./", location);

/** The name of a page of the book, as in "notebooks/02_linear_chain". */
export function pageName(url) {
  const { pathname } = new URL(url, location);
  return pathname.startsWith(ROOT.pathname)
    ? pathname.slice(ROOT.pathname.length).replace(/\.html$/, "")
    : "";
}

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** The place below the contents in the sidebar; nothing stands under it to be moved. */
export function sidebarPlace() {
  const existing = document.querySelector(".vg-notes");
  if (existing) return existing;
  const made = element("div", { className: "vg-notes" });
  document.querySelector(".bd-docs-nav")?.after(made);
  return made;
}
