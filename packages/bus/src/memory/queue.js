import { TeahouseError } from '@teahouse/contracts';
import { drainMs, Pause, settledWithin } from '../deadline.js';
import { reporter } from '../report.js';

const dedupeMs = 120_000;
/** Ids remembered at most; the oldest are forgotten first. */
const dedupeLimit = 100_000;
/** A queue of work that lives as long as the hub: what was not done when the process ends is gone. */
export class MemoryQueue {
  #options;
  /** Everything not yet done. */
  #items = new Set();
  #ids = new Map();
  #consumers = new Set();
  #ready = [];
  constructor(options) {
    this.#options = options;
  }
  get size() {
    return this.#items.size;
  }
  push(payload, id) {
    if (id !== undefined && this.#seen(id)) return;
    if (this.#items.size >= this.#options.maxMessages)
      throw new TeahouseError('UNAVAILABLE', undefined, {
        cause: new Error('The queue is full'),
      });
    if (id !== undefined) this.#ids.set(id, Date.now());
    const item = { payload, given: false };
    this.#items.add(item);
    this.#offer([item]);
  }
  #seen(id) {
    const oldest = Date.now() - dedupeMs;
    for (const [known, time] of this.#ids) {
      if (time >= oldest && this.#ids.size < dedupeLimit) break;
      this.#ids.delete(known);
    }
    return this.#ids.has(id);
  }
  #offer(items) {
    for (const item of items) if (this.#items.has(item)) this.#ready.push(item);
    for (const consumer of this.#consumers) consumer.wake();
  }
  #take(count) {
    return this.#ready.splice(0, count).filter((item) => this.#items.has(item));
  }
  consume(handler, options, onError) {
    const report = reporter(options.onError ?? onError);
    const pause = new Pause();
    this.#consumers.add(pause);
    let stopped = false;
    const run = async () => {
      while (!stopped) {
        const batch = this.#take(options.batch);
        if (batch.length > 0) await this.#handle(batch, handler, report);
        else if (this.#ready.length === 0) await pause.for(60_000);
      }
    };
    const done = Promise.resolve().then(run);
    return {
      stop: async () => {
        stopped = true;
        this.#consumers.delete(pause);
        pause.wake();
        await settledWithin(done, drainMs);
      },
    };
  }
  async #handle(batch, handler, report) {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#offer(batch);
    }, this.#options.ackWaitMs);
    const handed = batch.map(({ payload, given }) => ({
      payload,
      redelivered: given,
    }));
    for (const item of batch) item.given = true;
    try {
      await handler(handed);
      for (const item of batch) this.#items.delete(item);
    } catch (error) {
      report(error);
      if (!late) setTimeout(() => this.#offer(batch), this.#options.retryMs ?? 1_000);
    } finally {
      clearTimeout(timer);
    }
  }
}
//# sourceMappingURL=queue.js.map
