import { TeahouseError } from '@teahouse/contracts';

/** Changes of one group that may wait here. */
const waitingBound = 200;
/** After this long nobody waits for the answer, so that it is not begun. */
const waitMs = 1_500;

/**
 * Lets the changes of one group go one after the other, in the order asked. The row's lock does so anyway, over all
 * instances; but whoever waits there holds a connection of the pool, and a crowd that joins one group would take them all
 * from the other groups, and leave no gap in which the group's messages get at the row.
 */
export class Turns {
  readonly #last = new Map<number, { done: Promise<unknown>; waiting: number }>();

  /** Runs `work` in its turn. UNAVAILABLE, and nothing done, where too many wait or its turn comes too late. */
  async take<T>(groupId: number, work: () => Promise<T>): Promise<T> {
    const line = this.#last.get(groupId) ?? { done: Promise.resolve(), waiting: 0 };
    if (line.waiting >= waitingBound) throw new TeahouseError('UNAVAILABLE');
    this.#last.set(groupId, line);
    line.waiting++;
    const latest = performance.now() + waitMs;
    const mine = line.done.then(() => {
      if (performance.now() > latest) throw new TeahouseError('UNAVAILABLE');
      return work();
    });
    line.done = mine.catch(() => {});
    try {
      return await mine;
    } finally {
      if (--line.waiting === 0) this.#last.delete(groupId);
    }
  }
}
