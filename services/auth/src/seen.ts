import { Seen } from '@teahouse/contracts';
import { every, type Log, type Periodic } from '@teahouse/service-kit';
import { Compile } from 'typebox/compile';
import type { UserStore } from './store.js';

const flushMs = 1000;
/** Users that may wait to be written; beyond it the news of more is dropped: only a time of last presence is lost. */
const waitingBound = 100_000;
const batch = 200;
const validator = Compile(Seen);

/** Gathers when users were last connected and writes it once a second. */
export class SeenWriter {
  readonly #waiting = new Map<number, number>();
  readonly #flushing: Periodic;

  constructor(
    private readonly users: UserStore,
    log: Log,
  ) {
    this.#flushing = every(
      flushMs,
      () => this.#flush(),
      (error) => log.warn({ err: error }, 'times of last presence were not written'),
    );
  }

  /** Takes one event of `subjects.seen`. @throws Error where it has not its shape. */
  hear(payload: Uint8Array): void {
    const seen: unknown = JSON.parse(Buffer.from(payload).toString());
    if (!validator.Check(seen)) throw new Error('an event of users seen has not its shape');
    const now = Date.now();
    for (const [userId, time] of seen.users) {
      if (this.#waiting.size >= waitingBound && !this.#waiting.has(userId)) continue;
      // A clock that is ahead must not stop the time of everybody it tells of, which never goes back.
      this.#waiting.set(userId, Math.max(this.#waiting.get(userId) ?? 0, Math.min(time, now)));
    }
  }

  /** Writes what waits, then no more. */
  async stop(): Promise<void> {
    await this.#flushing.now();
    await this.#flushing.stop();
  }

  async #flush(): Promise<void> {
    const taken = [...this.#waiting].sort(([a], [b]) => a - b);
    for (let from = 0; from < taken.length; from += batch) {
      const part = taken.slice(from, from + batch);
      await this.users.seen(part);
      // What could not be written waits for the next time.
      for (const [userId, time] of part) if (this.#waiting.get(userId) === time) this.#waiting.delete(userId);
    }
  }
}
