/** Questions in a row without an answer after which nobody waits for one any more. */
const enough = 3;
/** Between a question that shows that there is still no answer and the next one that tries. */
const pauseMs = 500;

/**
 * Keeps a crowd from waiting for a service that hangs: after three questions in a row that got no answer in time nothing is
 * asked for half a second, and then one question at a time until one is answered.
 */
export class Breaker {
  #unanswered = 0;
  #askAgainAt = 0;
  #trying = false;

  /** How many may wait for the next question: all, one that tries, or nobody. Its end must be told to `answered`, `unanswered` or `notAsked`. */
  mayWait(): number {
    if (this.#unanswered < enough) return Number.POSITIVE_INFINITY;
    if (this.#trying || performance.now() < this.#askAgainAt) return 0;
    this.#trying = true;
    return 1;
  }

  answered(): void {
    this.#unanswered = 0;
    this.#trying = false;
  }

  /** Who was to wait for it had no time left. */
  notAsked(): void {
    this.#trying = false;
  }

  unanswered(): void {
    this.#unanswered += 1;
    this.#askAgainAt = performance.now() + pauseMs;
    this.#trying = false;
  }
}
