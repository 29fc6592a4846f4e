import type { Person } from './people.js';
import type { Reads } from './reads.js';

const retryMs = 500;
/** User ids of one question. */
const pageSize = 1000;

/** What this needs of the hub. */
export interface MissedHost {
  person(userId: number): Person | undefined;
  learnPrivate(heads: readonly [number, number, number][]): void;
  failed(what: string, error: unknown): void;
}

/** What was said in private while this gateway was cut off. No sweep tells it again, so it is asked for until it is answered. */
export class Missed {
  readonly #host: MissedHost;
  readonly #reads: Reads;
  /** of whom it is not known yet */
  readonly #userIds = new Set<number>();
  /** the earliest time from which one of them may have missed something */
  #since = Number.POSITIVE_INFINITY;
  #asking = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: MissedHost, reads: Reads) {
    this.#host = host;
    this.#reads = reads;
  }

  /** @param since unix milliseconds */
  find(people: readonly Person[], since: number): void {
    for (const { userId } of people) this.#userIds.add(userId);
    this.#since = Math.min(this.#since, since);
    clearTimeout(this.#timer);
    if (!this.#asking) void this.#ask();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#userIds.clear();
  }

  /** Never rejects. */
  async #ask(): Promise<void> {
    this.#asking = true;
    while (this.#userIds.size > 0) {
      const page = [...this.#userIds].slice(0, pageSize);
      // Taken out first: who is to be asked about again meanwhile is put in again.
      for (const userId of page) this.#userIds.delete(userId);
      try {
        this.#host.learnPrivate(await this.#reads.privateHeads(page, this.#since));
      } catch (error) {
        if (this.#closed) break;
        for (const userId of page) if (this.#host.person(userId) !== undefined) this.#userIds.add(userId);
        this.#host.failed('comparing private conversations after a reconnect', error);
        if (this.#userIds.size > 0) this.#timer = setTimeout(() => void this.#ask(), retryMs);
        break;
      }
    }
    this.#asking = false;
    if (this.#userIds.size === 0) this.#since = Number.POSITIVE_INFINITY;
  }
}
