import type { View, WatchOptions } from '../port.js';
import type { Line } from './line.js';

interface Entry {
  readonly version: number;
  /** JSON, so that readers get what they would get over a wire and nobody's copy. */
  readonly json: string;
  readonly expires: number;
}
type Watcher = (key: string, json: string | undefined) => void;
/** The entries of one view, as long as the hub lives. Their number is what the writer puts. */
export declare class MemoryTable {
  #private;
  constructor(ttlMs: number | undefined);
  get(key: string): Entry | undefined;
  set(key: string, version: number, json: string): void;
  delete(key: string): void;
  entries(): [string, Entry][];
  watch(watcher: Watcher): () => void;
}
/** What a connection has of a table. `check` throws when the connection is closed; `ending` collects what ends with it. */
export interface ViewConnection {
  readonly line: Line;
  check(): void;
  readonly ending: Set<() => void>;
  readonly onError: (error: unknown) => void;
}
export declare class MemoryView<T> implements View<T> {
  #private;
  private readonly table;
  private readonly connection;
  constructor(table: MemoryTable, connection: ViewConnection);
  get(key: string): Promise<T | undefined>;
  put(key: string, value: T, version: number): Promise<boolean>;
  delete(key: string): Promise<void>;
  keys(): AsyncIterable<string>;
  watch(
    listener: (key: string, value: T | undefined) => void,
    options?: WatchOptions,
  ): Promise<{
    stop(): void;
  }>;
}
