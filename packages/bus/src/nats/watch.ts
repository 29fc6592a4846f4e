import type { ConsumerMessages, JetStreamClient, JsMsg } from '@nats-io/jetstream';
import { Pause } from '../deadline.js';
import type { WatchOptions } from '../port.js';
import { reporter } from '../report.js';
import { openEntries } from './entries.js';
import type { Link } from './link.js';
import type { Stored } from './stored.js';

/** Between attempts to begin anew. */
const pauseMs = 500;

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
export class Watch<T> {
  readonly ready: Promise<void>;
  readonly #input: WatchInput<T>;
  readonly #report: (error: unknown) => void;
  readonly #pause = new Pause();
  readonly #off: () => void;
  #known = new Set<string>();
  #endRound: (() => void) | undefined;
  #stopped = false;

  constructor(input: WatchInput<T>) {
    this.#input = input;
    this.#report = reporter(input.options.onError ?? input.link.onError);
    this.#off = input.link.onStatus(() => this.#wake());
    this.ready = new Promise((resolve) => {
      void this.#run(resolve);
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#off();
    this.#wake();
  }

  #wake(): void {
    this.#endRound?.();
    this.#pause.wake();
  }

  async #run(ready: () => void): Promise<void> {
    while (!this.#stopped) {
      try {
        if (this.#input.link.connected) await this.#round(ready);
        else await this.#pause.for(pauseMs);
      } catch (error) {
        if (this.#stopped) return;
        if (this.#input.link.connected) this.#report(error);
        await this.#pause.for(pauseMs);
      }
    }
  }

  async #round(ready: () => void): Promise<void> {
    const { link, js, name } = this.#input;
    const over = new Promise<void>((resolve) => {
      this.#endRound = resolve;
    });
    await this.#input.open();
    const { consumer, prefix, empty, lastSeq } = await link.attempt(name, () => openEntries(js, name, false));
    const found = new Set<string>();
    let first = true;
    const complete = () => {
      first = false;
      for (const key of this.#known) if (!found.has(key)) this.#tell(key, undefined);
      this.#known = found;
      ready();
    };
    const messages = await consumer.consume({
      callback: (message) => {
        const key = message.subject.slice(prefix.length);
        const value = this.#read(message);
        if (value === undefined) found.delete(key);
        else found.add(key);
        // A removal that is among the first entries is told by `complete`, to those who knew the key.
        if (value !== undefined || !first) this.#tell(key, value);
        if (first && (message.seq >= lastSeq || message.info.pending === 0)) complete();
      },
    });
    if (empty) complete();
    void this.#follow(messages);
    if (!this.#stopped && link.connected) await over;
    messages.stop();
    // Left alone, the server's side ends by itself after 5 minutes.
    if (link.connected) await link.attempt(name, () => consumer.delete()).catch(() => {});
  }

  /** Ends the round when the server's side was lost: what the client library would then go on with may have holes. */
  async #follow(messages: ConsumerMessages): Promise<void> {
    const lost = ['heartbeats_missed', 'ordered_consumer_recreated', 'stream_not_found', 'consumer_deleted'];
    for await (const { type } of messages.status()) if (lost.includes(type)) this.#endRound?.();
    this.#endRound?.();
  }

  #read(message: JsMsg): T | undefined {
    if (message.headers?.has('KV-Operation')) return undefined;
    try {
      return message.json<Stored<T>>().d;
    } catch (error) {
      this.#report(error);
      return undefined;
    }
  }

  #tell(key: string, value: T | undefined): void {
    if (this.#stopped) return;
    try {
      this.#input.listener(key, value);
    } catch (error) {
      this.#report(error);
    }
  }
}
