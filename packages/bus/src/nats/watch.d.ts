import { type JetStreamClient } from '@nats-io/jetstream';
import type { WatchOptions } from '../port.js';
import type { Link } from './link.js';
export interface WatchInput<T> {
  readonly link: Link;
  readonly js: JetStreamClient;
  /** Of the bucket. */
  readonly name: string;
  /** Makes the bucket where it is missing. */
  open(): Promise<unknown>;
  readonly listener: (key: string, value: T | undefined) => void;
  readonly options: WatchOptions;
}
/**
 * Follows a bucket in rounds. A round tells all entries, then the changes; it ends with the connection, or when the server's
 * side of it was lost, and the next begins from the start. Keys that a new round does not find again are told as removed. It
 * remembers all keys, so its memory grows with the bucket.
 */
export declare class Watch<T> {
  #private;
  readonly ready: Promise<void>;
  constructor(input: WatchInput<T>);
  stop(): void;
}
