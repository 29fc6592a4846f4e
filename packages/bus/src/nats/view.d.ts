import { type JetStreamClient } from '@nats-io/jetstream';
import type { WatchOptions } from '../port.js';
import { type Link } from './link.js';
/** What an entry holds, as JSON: its version and its value. */
export interface Stored<T> {
  readonly v: number;
  readonly d: T;
}
/** A JetStream key-value bucket, on disk, made again (empty) where the server lost it. */
export declare class NatsView<T> {
  #private;
  constructor(link: Link, js: JetStreamClient, name: string, ttlMs: number | undefined);
  /** Makes the bucket where it is missing. */
  open(): Promise<void>;
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
