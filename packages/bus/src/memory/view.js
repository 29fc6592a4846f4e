import { checkKey } from '../names.js';
import { reporter } from '../report.js';
/** The entries of one view, as long as the hub lives. Their number is what the writer puts. */
export class MemoryTable {
  #ttlMs;
  #entries = new Map();
  #watchers = new Set();
  constructor(ttlMs) {
    this.#ttlMs = ttlMs ?? Number.POSITIVE_INFINITY;
  }
  get(key) {
    this.#expire();
    return this.#entries.get(key);
  }
  set(key, version, json) {
    // Taken out first: so the entries stand in the order of their puts, and the first to expire stand in front.
    this.#entries.delete(key);
    this.#entries.set(key, {
      version,
      json,
      expires: Date.now() + this.#ttlMs,
    });
    for (const watcher of this.#watchers) watcher(key, json);
  }
  delete(key) {
    if (!this.#entries.delete(key)) return;
    for (const watcher of this.#watchers) watcher(key, undefined);
  }
  entries() {
    this.#expire();
    return [...this.#entries];
  }
  watch(watcher) {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
  #expire() {
    const now = Date.now();
    for (const [key, { expires }] of this.#entries) {
      if (expires > now) return;
      this.#entries.delete(key);
    }
  }
}
export class MemoryView {
  constructor(table, connection) {
    this.table = table;
    this.connection = connection;
  }
  async get(key) {
    this.#check(key);
    const entry = this.table.get(key);
    return entry && JSON.parse(entry.json);
  }
  async put(key, value, version) {
    this.#check(key);
    const there = this.table.get(key);
    if (there && there.version > version) return false;
    this.table.set(key, version, JSON.stringify(value));
    return true;
  }
  async delete(key) {
    this.#check(key);
    this.table.delete(key);
  }
  async *keys() {
    this.connection.check();
    for (const [key] of this.table.entries()) yield key;
  }
  async watch(listener, options) {
    const { line, ending, onError } = this.connection;
    this.connection.check();
    const report = reporter(options?.onError ?? onError);
    let stopped = false;
    // Pushed past the bound of the line: a change that a watcher never heard of could not be made good.
    const tell = (key, json) =>
      line.push(() => {
        if (stopped) return;
        try {
          listener(key, json === undefined ? undefined : JSON.parse(json));
        } catch (error) {
          report(error);
        }
      });
    for (const [key, { json }] of this.table.entries()) tell(key, json);
    const unwatch = this.table.watch(tell);
    const stop = () => {
      stopped = true;
      unwatch();
      ending.delete(stop);
    };
    ending.add(stop);
    await new Promise((resolve) => line.push(resolve));
    return { stop };
  }
  #check(key) {
    checkKey(key);
    this.connection.check();
  }
}
//# sourceMappingURL=view.js.map
