import { BusFailure } from '@teahouse/bus';
import { limits, TeahouseError } from '@teahouse/contracts';
import { gathered, whenDrained } from '../drained.js';
import { Breaker } from './breaker.js';

/** A list comes within this time or not at all. */
const answerMs = 1800;
/** With less time left than this nothing is asked any more. */
const leastMs = 400;
/** A failure that took so long was no answer, whoever told it. */
const lateMs = 1000;
/** Requests in flight at once. More of them make smaller batches; fewer leave the service waiting for us. */
const requestsAtOnce = 2;

/** Asks the service for the lists of these users; it may leave some out, but not all. */
export type ReadLists<List> = (userIds: number[], timeoutMs: number) => Promise<readonly List[]>;

interface Waiting<List> {
  readonly userId: number;
  readonly deadline: number;
  readonly resolve: (list: List) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A list that each user is told at login, read for all who log in meanwhile at once: one request, one statement. As many
 * wait as log in, which has its own bound. Where the service hangs nobody waits for it for long: see `Breaker`.
 */
export class ListReader<List extends { readonly userId: number }> {
  readonly #read: ReadLists<List>;
  readonly #breaker = new Breaker();
  #waiting: Waiting<List>[] = [];
  #requests = 0;
  #scheduled = false;

  constructor(read: ReadLists<List>) {
    this.#read = read;
  }

  /** What the service says after this call. Rejects with UNAVAILABLE within 1.8 s, at once where it has been silent for long. */
  of(userId: number): Promise<List> {
    gathered();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ userId, deadline: Date.now() + answerMs, resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      whenDrained(() => {
        this.#scheduled = false;
        this.#pump();
      });
    });
  }

  #pump(): void {
    while (this.#requests < requestsAtOnce && this.#waiting.length > 0) {
      const mayWait = this.#breaker.mayWait();
      for (const { reject } of this.#waiting.splice(mayWait)) reject(new TeahouseError('UNAVAILABLE'));
      if (mayWait === 0) return;
      this.#requests += 1;
      void this.#ask(this.#waiting.splice(0, limits.logins)).finally(() => {
        this.#requests -= 1;
        this.#pump();
      });
    }
  }

  /** Never rejects. */
  async #ask(batch: readonly Waiting<List>[]): Promise<void> {
    const since = Date.now();
    const begun = batch.filter(({ deadline }) => deadline - since >= leastMs);
    for (const waiting of batch) if (!begun.includes(waiting)) waiting.reject(new TeahouseError('UNAVAILABLE'));
    const [oldest] = begun;
    if (oldest === undefined) {
      this.#breaker.unanswered();
      return;
    }
    try {
      const userIds = [...new Set(begun.map(({ userId }) => userId))];
      const lists = new Map((await this.#read(userIds, oldest.deadline - since)).map((list) => [list.userId, list]));
      this.#breaker.answered();
      const left = begun.filter((waiting) => {
        const list = lists.get(waiting.userId);
        if (list !== undefined) waiting.resolve(list);
        return list === undefined;
      });
      if (left.length === begun.length) throw new Error('a service left out all lists it was asked for');
      this.#waiting.unshift(...left);
    } catch (error) {
      const late = Date.now() - since >= lateMs || isTimeout(error);
      if (late) this.#breaker.unanswered();
      else this.#breaker.answered();
      // Who came later has time for another question; it may reach another instance.
      const patient = (waiting: Waiting<List>) => late && waiting.deadline - Date.now() >= leastMs;
      for (const waiting of begun) if (!patient(waiting)) waiting.reject(error);
      this.#waiting.unshift(...begun.filter(patient));
    }
  }
}

const isTimeout = (error: unknown): boolean =>
  error instanceof TeahouseError && error.cause instanceof BusFailure && error.cause.reason === 'timeout';
