import { limits, TeahouseError } from '@teahouse/contracts';
import pLimit from 'p-limit';

/**
 * How many are at each step of logging in at once: few enough that all of them are through long before the 1.8 s in which
 * a service must answer. Passwords wait apart, so that a slow auth holds up nobody who comes with a token. Those who enter
 * fill two questions for their lists.
 */
const atOnce = { password: 64, token: 64, entering: 2 * limits.logins } as const;
/** Sockets that wait for their turn; beyond it they are told to come back later. */
const mayWait = 10_000;
const comeBackMs = 2_000;

/** Bytes of frames being worked on in one process. Each connection may have 256 frames in flight, all together not. */
const inFlightBytes = 64 * 1024 * 1024;
const retryMs = 1_000;

/** Lets a crowd in one after the other, in the order they came, so that those who are in already notice little of it. */
export class Admission {
  readonly #queues = {
    password: pLimit(atOnce.password),
    token: pLimit(atOnce.token),
    entering: pLimit(atOnce.entering),
  };

  get waiting(): number {
    return Object.values(this.#queues).reduce((sum, { pendingCount }) => sum + pendingCount, 0);
  }

  /**
   * Does the work when it is its turn, unless it is not wanted any more: then undefined. Rejects with UNAVAILABLE where too
   * many wait, or this one waited longer than a login may take.
   */
  turn<T>(step: keyof typeof atOnce, wanted: () => boolean, work: () => Promise<T>): Promise<T | undefined> {
    if (this.waiting >= mayWait) return Promise.reject(busy(comeBackMs));
    const since = performance.now();
    return this.#queues[step](async () => {
      if (!wanted()) return undefined;
      if (performance.now() - since > limits.initMs) throw busy(comeBackMs);
      return work();
    });
  }
}

/** How many bytes of frames are being worked on. */
export class InFlight {
  readonly #bound: number;
  #bytes = 0;

  constructor(bound = inFlightBytes) {
    this.#bound = bound;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Throws UNAVAILABLE where that is too much. */
  begin(bytes: number): void {
    if (this.#bytes + bytes > this.#bound) throw busy(retryMs);
    this.#bytes += bytes;
  }

  end(bytes: number): void {
    this.#bytes -= bytes;
  }
}

const busy = (retryAfterMs: number) => new TeahouseError('UNAVAILABLE', 'The server is busy.', { retryAfterMs });
