// A widget model without a kernel: the state that the book saved with the page.
export class SavedModel extends EventTarget {
  constructor({ values, spec, table }) {
    super();
    const bytes =
      Uint8Array.fromBase64?.(table) ??
      Uint8Array.from(atob(table), (c) => c.charCodeAt(0));
    this.state = { ...values, spec, table: new DataView(bytes.buffer) };
  }
  get(name) {
    return this.state[name];
  }
  set(name, value) {
    if (this.state[name] === value) return;
    this.state[name] = value;
    this.dispatchEvent(new Event(`change:${name}`));
  }
  on(name, listener) {
    this.addEventListener(name, listener);
  }
  off(name, listener) {
    this.removeEventListener(name, listener);
  }
  save_changes() {}
}
