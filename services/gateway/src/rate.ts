/**
 * A rate limit without timers: all that one user of it keeps is a number, its mark, 0 at first. The mark is the time at
 * which everything spent so far would have been spent at the even rate; it may run ahead of the clock by the burst.
 */
export class Rate {
  readonly #intervalMs: number;
  readonly #aheadMs: number;

  /** @param perSecond 0: no limit */
  constructor(perSecond: number, burst: number) {
    this.#intervalMs = perSecond === 0 ? 0 : 1000 / perSecond;
    this.#aheadMs = this.#intervalMs * burst;
  }

  /** Milliseconds until one more may pass; 0: now. */
  waitMs(mark: number, now: number): number {
    return Math.max(0, Math.ceil(Math.max(mark, now) + this.#intervalMs - now - this.#aheadMs));
  }

  /** The mark after one more has passed. */
  spend(mark: number, now: number): number {
    return Math.max(mark, now) + this.#intervalMs;
  }
}

/** The limit of frames for all connections: what one connection may send, and ten times that, which ends it. */
export class FrameRates {
  readonly soft: Rate;
  /** Counts heartbeats, too, and what was refused. */
  readonly hard: Rate;

  constructor(perSecond: number, burst: number) {
    this.soft = new Rate(perSecond, burst);
    this.hard = new Rate(10 * perSecond, 10 * burst);
  }
}

/** What one connection has sent lately. */
export class Throttle {
  readonly #rates: FrameRates;
  #soft = 0;
  #hard = 0;

  constructor(rates: FrameRates) {
    this.#rates = rates;
  }

  /** Counts a frame. 0: it may pass. Else milliseconds until one may; Infinity: this is too much to go on. */
  count(isHeartbeat: boolean): number {
    const now = performance.now();
    const { soft, hard } = this.#rates;
    if (hard.waitMs(this.#hard, now) > 0) return Number.POSITIVE_INFINITY;
    this.#hard = hard.spend(this.#hard, now);
    if (isHeartbeat) return 0;
    const waitMs = soft.waitMs(this.#soft, now);
    if (waitMs === 0) this.#soft = soft.spend(this.#soft, now);
    return waitMs;
  }
}
