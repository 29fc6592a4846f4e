import { setTimeout as delay } from 'node:timers/promises';
import { JetStreamApiCodes, JetStreamApiError, StorageType } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { TeahouseError } from '@teahouse/contracts';
import { settledWithin } from '../deadline.js';
import { unavailable } from '../failure.js';
import { checkKey } from '../names.js';
import { asUnavailable, jetStreamMs } from './link.js';
import { isMissing } from './missing.js';
import { onceAtATime } from './once.js';
import { Watch } from './watch.js';

/** How often a put is tried while others write the same key; each round one of them gets through. */
const putRounds = 64;
const readyMs = 10_000;
/** A JetStream key-value bucket, on disk, made again (empty) where the server lost it. */
export class NatsView {
  #link;
  #js;
  #name;
  #ttlMs;
  #make;
  #kv;
  constructor(link, js, name, ttlMs) {
    this.#link = link;
    this.#js = js;
    this.#name = name;
    this.#ttlMs = ttlMs;
    this.#make = onceAtATime(() => this.#create());
  }
  async #create() {
    const options = {
      history: 1,
      storage: StorageType.File,
      ...(this.#ttlMs === undefined ? {} : { ttl: this.#ttlMs }),
    };
    try {
      this.#kv = await this.#link.attempt(
        this.#name,
        () => new Kvm(this.#js).create(this.#name, options),
        2 * jetStreamMs,
      );
      return this.#kv;
    } catch (error) {
      throw asUnavailable(error);
    }
  }
  /** Makes the bucket where it is missing. */
  async open() {
    await this.#make();
  }
  async get(key) {
    checkKey(key);
    return (await this.#read(key))?.stored?.d;
  }
  async put(key, value, version) {
    checkKey(key);
    const data = JSON.stringify({ v: version, d: value });
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
  async delete(key) {
    checkKey(key);
    await this.#use((kv) => kv.delete(key));
  }
  async *keys() {
    const found = await this.#use((kv) => kv.keys());
    try {
      const iterator = found[Symbol.asyncIterator]();
      for (;;) {
        const next = await this.#link.attempt(this.#name, () => iterator.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      found.stop();
    }
  }
  async watch(listener, options = {}) {
    const watch = new Watch({
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
  async #read(key) {
    const entry = await this.#use((kv) => kv.get(key));
    if (!entry) return undefined;
    return {
      stored: entry.operation === 'PUT' ? entry.json() : undefined,
      revision: entry.revision,
    };
  }
  /** Work on the bucket; once more, on a new one, where it is missing. Rejects with `UNAVAILABLE` or that it was overtaken. */
  async #use(work) {
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
function isOvertaken(error) {
  if (!(error instanceof JetStreamApiError)) return false;
  return (
    error.code === JetStreamApiCodes.StreamWrongLastSequence ||
    error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown
  );
}
//# sourceMappingURL=view.js.map
