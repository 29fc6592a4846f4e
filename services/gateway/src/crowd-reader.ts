import { BusFailure } from '@teahouse/bus';
import { TeahouseError } from '@teahouse/contracts';
import { Breaker } from './breaker.js';
import { gathered, whenDrained } from './drained.js';

/** How long a crowd waits. */
export interface Patience {
  /** An answer comes within this time or not at all. */
  readonly answerMs: number;
  /** With less time left than this nothing is asked any more. */
  readonly leastMs: number;
  /** A failure that took so long was no answer, whoever told it. */
  readonly lateMs: number;
}

const usual: Patience = { answerMs: 1800, leastMs: 400, lateMs: 1000 };
/** Requests in flight at once. More of them make smaller batches; fewer leave the service waiting for us. */
const requestsAtOnce = 2;

/** Asks the service for all of these; an answer for each, in order, or undefined for one left out, but never for all. */
export type ReadAll<Key, Answer> = (keys: Key[], timeoutMs: number) => Promise<readonly (Answer | undefined)[]>;

interface Waiting<Key, Answer> {
  readonly key: Key;
  readonly deadline: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What a crowd asks for one by one, read for all who ask meanwhile at once: one request, few statements. It waits in the
 * memory of those who ask, who are bounded. Where the service hangs nobody waits for it for long: see `Breaker`.
 */
export class CrowdReader<Key, Answer> {
  readonly #read: ReadAll<Key, Answer>;
  readonly #atOnce: number;
  readonly #patience: Patience;
  readonly #breaker = new Breaker();
  #waiting: Waiting<Key, Answer>[] = [];
  #requests = 0;
  #scheduled = false;

  /** @param atOnce keys of one request at most */
  constructor(read: ReadAll<Key, Answer>, atOnce: number, patience = usual) {
    this.#read = read;
    this.#atOnce = atOnce;
    this.#patience = patience;
  }

  /** What the service says after this call. Rejects with UNAVAILABLE within `answerMs` (1.8 s), at once where it has been silent for long. */
  of(key: Key): Promise<Answer> {
    gathered();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, deadline: Date.now() + this.#patience.answerMs, resolve, reject });
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
      void this.#ask(this.#waiting.splice(0, this.#atOnce)).finally(() => {
        this.#requests -= 1;
        this.#pump();
      });
    }
  }

  /** Never rejects. */
  async #ask(batch: readonly Waiting<Key, Answer>[]): Promise<void> {
    const { leastMs, lateMs } = this.#patience;
    const since = Date.now();
    const begun = batch.filter(({ deadline }) => deadline - since >= leastMs);
    for (const waiting of batch) if (!begun.includes(waiting)) waiting.reject(new TeahouseError('UNAVAILABLE'));
    if (begun.length === 0) {
      this.#breaker.notAsked();
      return;
    }
    try {
      const keys = begun.map(({ key }) => key);
      const oldest = begun.reduce((first, { deadline }) => Math.min(first, deadline), Number.POSITIVE_INFINITY);
      const answers = await this.#read(keys, oldest - since);
      this.#breaker.answered();
      const left = begun.filter(({ resolve }, index) => {
        const answer = answers[index];
        if (answer !== undefined) resolve(answer);
        return answer === undefined;
      });
      if (left.length === begun.length) throw new Error('a service left out all that it was asked for');
      this.#waiting.unshift(...left);
    } catch (error) {
      const late = Date.now() - since >= lateMs || isTimeout(error);
      if (late) this.#breaker.unanswered();
      else this.#breaker.answered();
      // Who came later has time for another question; it may reach another instance.
      const patient = (waiting: Waiting<Key, Answer>) => late && waiting.deadline - Date.now() >= leastMs;
      for (const waiting of begun) if (!patient(waiting)) waiting.reject(error);
      this.#waiting.unshift(...begun.filter(patient));
    }
  }
}

const isTimeout = (error: unknown): boolean =>
  error instanceof TeahouseError && error.cause instanceof BusFailure && error.cause.reason === 'timeout';
