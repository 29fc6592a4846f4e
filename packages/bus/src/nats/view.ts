import { setTimeout as delay } from 'node:timers/promises';
import { JetStreamApiCodes, JetStreamApiError, type JetStreamClient, StorageType } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { TeahouseError } from '@teahouse/contracts';
import { settledWithin } from '../deadline.js';
import { unavailable } from '../failure.js';
import { checkKey } from '../names.js';
import type { WatchOptions } from '../port.js';
import { refuseAltered } from './altered.js';
import { keysOf } from './keys.js';
import { asUnavailable, jetStreamMs, type Link } from './link.js';
import { isMadeBeside, isMissing } from './missing.js';
import { onceAtATime } from './once.js';
import type { Stored } from './stored.js';
import { Watch } from './watch.js';

/** How often a put is tried while others write the same key; each round one of them gets through. */
const putRounds = 64;
const readyMs = 10_000;

/** A JetStream key-value bucket, on disk, made again (empty) where the server lost it. */
export class NatsView<T> {
  readonly #link: Link;
  readonly #js: JetStreamClient;
  readonly #name: string;
  readonly #ttlMs: number | undefined;
  readonly #make: () => Promise<KV>;
  #kv: KV | undefined;

  constructor(link: Link, js: JetStreamClient, name: string, ttlMs: number | undefined) {
    this.#link = link;
    this.#js = js;
    this.#name = name;
    this.#ttlMs = ttlMs;
    this.#make = onceAtATime(() => this.#create());
  }

  async #create(): Promise<KV> {
    const options = {
      history: 1,
      storage: StorageType.File,
      // The faster direct reads get no answer at all where the bucket is missing.
      allow_direct: false,
      ...(this.#ttlMs === undefined ? {} : { ttl: this.#ttlMs }),
    };
    const make = async () => {
      const kv = await new Kvm(this.#js).create(this.#name, options);
      refuseAltered((await kv.status()).streamInfo.config, `$KV.${this.#name}.>`);
      return kv;
    };
    // Where another makes the same bucket at that moment; it is there then.
    const again = (error: unknown) => {
      if (isMadeBeside(error)) return make();
      throw error;
    };
    try {
      this.#kv = await this.#link.attempt(this.#name, () => make().catch(again), 2 * jetStreamMs);
      return this.#kv;
    } catch (error) {
      throw asUnavailable(error);
    }
  }

  /** Makes the bucket where it is missing. */
  async open(): Promise<void> {
    await this.#make();
  }

  async get(key: string): Promise<T | undefined> {
    checkKey(key);
    return (await this.#read(key))?.stored?.d;
  }

  async put(key: string, value: T, version: number): Promise<boolean> {
    checkKey(key);
    const data = JSON.stringify({ v: version, d: value } satisfies Stored<T>);
    for (let round = 0; round < putRounds; round++) {
      const there = await this.#read(key);
      if (there?.stored && there.stored.v > version) return false;
      try {
        await this.#use((kv) => kv.put(key, data, { previousSeq: there?.revision ?? 0 }));
        return true;
      } catch (error) {
        if (!isOvertaken(error)) throw error;
        await delay(Math.random() * Math.min(round, 20));
      }
    }
    throw new TeahouseError('UNAVAILABLE', undefined, {
      cause: new Error(`Others kept writing ${this.#name} ${key}`),
    });
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#use((kv) => kv.delete(key));
  }

  async *keys(): AsyncIterable<string> {
    yield* await this.#use(() => keysOf(this.#js, this.#name));
  }

  async watch(
    listener: (key: string, value: T | undefined) => void,
    options: WatchOptions = {},
  ): Promise<{ stop(): void }> {
    const watch = new Watch<T>({
      link: this.#link,
      js: this.#js,
      name: this.#name,
      open: this.#make,
      listener,
      options,
    });
    if (await settledWithin(watch.ready, readyMs)) return { stop: () => watch.stop() };
    watch.stop();
    throw unavailable('timeout', this.#name);
  }

  async #read(key: string): Promise<{ stored: Stored<T> | undefined; revision: number } | undefined> {
    const entry = await this.#use((kv) => kv.get(key));
    if (!entry) return undefined;
    return {
      stored: entry.operation === 'PUT' ? entry.json<Stored<T>>() : undefined,
      revision: entry.revision,
    };
  }

  /** Work on the bucket; once more, on a new one, where it is missing. Rejects with `UNAVAILABLE` or that it was overtaken. */
  async #use<R>(work: (kv: KV) => Promise<R>): Promise<R> {
    const kv = this.#kv ?? (await this.#make());
    try {
      return await this.#link.attempt(this.#name, () => work(kv));
    } catch (error) {
      if (isOvertaken(error)) throw error;
      if (!isMissing(error)) throw asUnavailable(error);
    }
    const made = await this.#make();
    try {
      return await this.#link.attempt(this.#name, () => work(made));
    } catch (error) {
      throw isOvertaken(error) ? error : asUnavailable(error);
    }
  }
}

function isOvertaken(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false;
  return (
    error.code === JetStreamApiCodes.StreamWrongLastSequence ||
    error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown
  );
}
