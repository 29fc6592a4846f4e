import { TeahouseError } from '@teahouse/contracts';

/** Lets one piece of work run at a time, in the order of arrival. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @param bound how many may wait or run; whoever comes beyond is refused with UNAVAILABLE. */
  constructor(private readonly bound: number) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.bound) throw new TeahouseError('UNAVAILABLE');
    this.#waiting++;
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => {}).finally(() => this.#waiting--);
    return mine;
  }
}
