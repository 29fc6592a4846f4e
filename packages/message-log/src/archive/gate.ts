import { TeahouseError } from '@teahouse/contracts';

/** A page out of the archive takes this long at most, so that with the look before it the answer comes within 2 s. */
const deadlineMs = 1000;
/** Reads at work; beyond them others are refused at once. */
const atWorkBound = 64;
/** After so many failures in a row nobody asks for this long; then one tries for all. */
const failuresInRow = 3;
const restMs = 1000;

/**
 * Through which reads of the archive go: an archive that hangs is told of within a second, and soon at once, and holds up no
 * more readers than the bound. Those who ask for hot pages notice nothing.
 */
export class Gate {
  #atWork = 0;
  #failures = 0;
  #shutUntil = 0;

  async run<T>(read: () => Promise<T>): Promise<T> {
    if (this.#atWork >= atWorkBound || performance.now() < this.#shutUntil) throw new TeahouseError('UNAVAILABLE');
    // This one tries; the others go on being refused until it is back.
    if (this.#failures >= failuresInRow) this.#shut();
    this.#atWork++;
    const running = read().finally(() => {
      this.#atWork--;
    });
    // What comes after the deadline is nobody's.
    running.catch(() => {});
    try {
      const result = await inTime(running);
      this.#failures = 0;
      this.#shutUntil = 0;
      return result;
    } catch (error) {
      this.#failures++;
      if (this.#failures >= failuresInRow) this.#shut();
      throw error;
    }
  }

  #shut(): void {
    this.#shutUntil = performance.now() + restMs;
  }
}

async function inTime<T>(running: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TeahouseError('UNAVAILABLE')), deadlineMs);
  });
  try {
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}
