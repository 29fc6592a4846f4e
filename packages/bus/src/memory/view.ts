import { checkKey } from '../names.js';
import type { View, WatchOptions } from '../port.js';
import { reporter } from '../report.js';
import type { Line } from './line.js';

interface Entry {
  readonly version: number;
  /** JSON, so that readers get what they would get over a wire and nobody's copy. */
  readonly json: string;
  readonly expires: number;
}

type Watcher = (key: string, json: string | undefined) => void;

/** The entries of one view, as long as the hub lives. Their number is what the writer puts. */
export class MemoryTable {
  readonly #ttlMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #watchers = new Set<Watcher>();

  constructor(ttlMs: number | undefined) {
    this.#ttlMs = ttlMs ?? Number.POSITIVE_INFINITY;
  }

  get(key: string): Entry | undefined {
    this.#expire();
    return this.#entries.get(key);
  }

  set(key: string, version: number, json: string): void {
    // Taken out first: so the entries stand in the order of their puts, and the first to expire stand in front.
    this.#entries.delete(key);
    this.#entries.set(key, {
      version,
      json,
      expires: Date.now() + this.#ttlMs,
    });
    for (const watcher of this.#watchers) watcher(key, json);
  }

  delete(key: string): void {
    if (!this.#entries.delete(key)) return;
    for (const watcher of this.#watchers) watcher(key, undefined);
  }

  entries(): [string, Entry][] {
    this.#expire();
    return [...this.#entries];
  }

  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #expire(): void {
    const now = Date.now();
    for (const [key, { expires }] of this.#entries) {
      if (expires > now) return;
      this.#entries.delete(key);
    }
  }
}

/** What a connection has of a table. `check` throws when the connection is closed; `ending` collects what ends with it. */
export interface ViewConnection {
  readonly line: Line;
  check(): void;
  readonly ending: Set<() => void>;
  readonly onError: (error: unknown) => void;
}

export class MemoryView<T> implements View<T> {
  constructor(
    private readonly table: MemoryTable,
    private readonly connection: ViewConnection,
  ) {}

  async get(key: string): Promise<T | undefined> {
    this.#check(key);
    const entry = this.table.get(key);
    return entry && (JSON.parse(entry.json) as T);
  }

  async put(key: string, value: T, version: number): Promise<boolean> {
    this.#check(key);
    const there = this.table.get(key);
    if (there && there.version > version) return false;
    this.table.set(key, version, JSON.stringify(value));
    return true;
  }

  async delete(key: string): Promise<void> {
    this.#check(key);
    this.table.delete(key);
  }

  async *keys(): AsyncIterable<string> {
    this.connection.check();
    for (const [key] of this.table.entries()) yield key;
  }

  async watch(
    listener: (key: string, value: T | undefined) => void,
    options?: WatchOptions,
  ): Promise<{ stop(): void }> {
    const { line, ending, onError } = this.connection;
    this.connection.check();
    const report = reporter(options?.onError ?? onError);
    let stopped = false;
    // Pushed past the bound of the line: a change that a watcher never heard of could not be made good.
    const tell = (key: string, json: string | undefined) =>
      line.push(() => {
        if (stopped) return;
        try {
          listener(key, json === undefined ? undefined : (JSON.parse(json) as T));
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
    await new Promise<void>((resolve) => line.push(resolve));
    return { stop };
  }

  #check(key: string): void {
    checkKey(key);
    this.connection.check();
  }
}
