import { limits, type Stored, TeahouseError } from '@teahouse/contracts';
import { gathered, whenDrained } from './drained.js';

/** With less time left than this a send is not begun any more. */
const leastMs = 200;
/** Requests of one domain in flight at once. */
const requestsAtOnce = 3;
/** Without an answer for this long a request is late, and the next does not wait for it: its instance may hang. */
const lateMs = 50;
/** Where requests take longer one is late after twice that, but never later than this. */
const latestMs = 1200;
/** Half of all sends are worth a request beside the one under way, but never fewer than this, */
const fewBeside = 16;
/** and so many always. */
const manyBeside = 64;
/** A service whose requests take so long has enough of them. */
const slowMs = 250;
/** One or two may have met an instance that hangs; by the next, such a one gets no more requests. */
const failuresToLearn = 3;
/** However slow the service, what has more time left than this is tried. */
const freshMs = 1500;
/** Sends of one domain that wait or are in flight here; beyond it they are refused at once. */
const capacity = 20_000;

export type Result = Stored | { code: TeahouseError['code']; message: string };

export interface Answer {
  /** One for each item, in order. */
  readonly results: readonly Result[];
  /** Called before anybody is told their result. Must not throw. */
  hear?(): void;
}

/**
 * Asks the service.
 * @param prompt whether answers came soon lately, so that this one may be relied upon
 */
export type Append<Item> = (items: Item[], timeoutMs: number, prompt: boolean) => Promise<Answer>;

interface Waiting<Item> {
  readonly item: Item;
  readonly bytes: number;
  readonly deadline: number;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: TeahouseError) => void;
}

/**
 * What clients send into one domain. A request takes all that waits in lines of which no other request is in flight,
 * so that the order of a line holds whichever instance answers; what arrives meanwhile goes on together with the next.
 * A line is what one connection says in one conversation. Nothing waits for a timer.
 */
export class Batcher<Item> {
  readonly #append: Append<Item>;
  /** by line; one with an empty queue has a request in flight */
  readonly #waiting = new Map<string, Waiting<Item>[]>();
  /** lines with something waiting and no request in flight, the longest waiting first */
  readonly #free = new Set<string>();
  #requests = 0;
  /** how many of `#size` are in flight */
  #asked = 0;
  #late = 0;
  /** What the last two answered requests took, milliseconds; two, as one that was slow does not make a slow service. */
  #took: readonly [number, number] = [0, 0];
  /** The last request that ended got no answer, or only refusals. */
  #unanswered = false;
  #answeredAt = 0;
  #failedAt = 0;
  /** Requests in a row of which nothing came while nothing else was answered either: the whole service takes more, */
  #failures = 0;
  /** than the last of them had, milliseconds. */
  #tooShort = 0;
  #size = 0;
  #scheduled = false;

  constructor(append: Append<Item>) {
    this.#append = append;
  }

  /**
   * Rejects with the TeahouseError that the client is told.
   * @param bytes about what the item takes in a request
   * @param timeoutMs an answer must come within this time, whatever happens to the service
   */
  send(line: string, item: Item, bytes: number, timeoutMs: number): Promise<Stored> {
    if (this.#size >= capacity) {
      return Promise.reject(new TeahouseError('UNAVAILABLE', undefined, { retryAfterMs: 1000 }));
    }
    this.#size += 1;
    gathered();
    return new Promise((resolve, reject) => {
      const waiting = { item, bytes, deadline: Date.now() + timeoutMs, resolve, reject };
      const queue = this.#waiting.get(line);
      if (queue !== undefined) {
        queue.push(waiting);
        return;
      }
      this.#waiting.set(line, [waiting]);
      this.#free.add(line);
      if (this.#scheduled) return;
      this.#scheduled = true;
      // At the end of the turn, so that what other sockets sent in it goes along.
      whenDrained(() => {
        this.#scheduled = false;
        this.#pump();
      });
    });
  }

  #pump(): void {
    while (this.#free.size > 0 && this.#mayAsk()) {
      const { batch, lines } = this.#take();
      this.#requests += 1;
      this.#asked += batch.length;
      let late = false;
      const clock = setTimeout(() => {
        late = true;
        this.#late += 1;
        this.#pump();
      }, this.#patience());
      const answered = () => {
        clearTimeout(clock);
        if (late) this.#late -= 1;
        this.#answered(batch, lines);
      };
      this.#ask(batch).then(
        async ({ results, hear }) => {
          answered();
          // The bus writes the next request in a microtask: it is on its way before all that this answer gives to do.
          await undefined;
          hear?.();
          this.#tell(batch, results);
        },
        (error: unknown) => {
          const told =
            error instanceof TeahouseError ? error : new TeahouseError('INTERNAL', undefined, { cause: error });
          for (const waiting of batch) waiting.reject(told);
          answered();
        },
      );
    }
  }

  /**
   * Large batches make throughput: beside a request that is not late only another large one goes. None does where the
   * service is slow: it would only wait there, and its sends end unanswered.
   */
  #mayAsk(): boolean {
    if (this.#requests === requestsAtOnce) return false;
    if (this.#requests === this.#late) return true;
    const enough = Math.min(Math.max(this.#size / 2, fewBeside), manyBeside);
    return this.#usualMs() < slowMs && this.#size - this.#asked >= enough;
  }

  /** What a request takes. */
  #usualMs(): number {
    return Math.min(...this.#took);
  }

  /** With less time left than this a send would be stored and yet told that it failed, or keep others from being stored. */
  #leastMs(): number {
    const learned = this.#failures >= failuresToLearn ? 2 * this.#tooShort : 0;
    return Math.min(Math.max(leastMs, 1.25 * this.#usualMs(), learned), freshMs);
  }

  #patience(): number {
    return Math.min(Math.max(lateMs, 2 * this.#usualMs()), latestMs);
  }

  #answered(batch: readonly Waiting<Item>[], lines: readonly string[]): void {
    this.#requests -= 1;
    this.#asked -= batch.length;
    this.#size -= batch.length;
    for (const line of lines) {
      if (this.#waiting.get(line)?.length === 0) this.#waiting.delete(line);
      else this.#free.add(line);
    }
    this.#pump();
  }

  /** What a request carries, and the lines it is from. Who has not the time left that one takes is refused and not among it. */
  #take(): { batch: Waiting<Item>[]; lines: string[] } {
    const soonest = Date.now() + this.#leastMs();
    const batch: Waiting<Item>[] = [];
    const lines: string[] = [];
    let bytes = 0;
    for (const line of this.#free) {
      const queue = this.#waiting.get(line) as Waiting<Item>[];
      let count = 0;
      while (count < queue.length && batch.length < limits.batch) {
        const waiting = queue[count] as Waiting<Item>;
        if (waiting.deadline < soonest) {
          this.#size -= 1;
          waiting.reject(new TeahouseError('UNAVAILABLE'));
        } else {
          if (batch.length > 0 && bytes + waiting.bytes > limits.payloadBytes) break;
          bytes += waiting.bytes;
          batch.push(waiting);
        }
        count += 1;
      }
      if (count === 0) break;
      this.#free.delete(line);
      lines.push(line);
      this.#waiting.set(line, queue.slice(count));
      if (count < queue.length) break;
    }
    return { batch, lines };
  }

  async #ask(batch: readonly Waiting<Item>[]): Promise<Answer> {
    if (batch.length === 0) return { results: [] };
    const since = Date.now();
    const deadline = batch.reduce((first, waiting) => Math.min(first, waiting.deadline), Number.POSITIVE_INFINITY);
    const prompt = !this.#unanswered && this.#late === 0 && this.#usualMs() < slowMs;
    let answer: Answer;
    try {
      const items = batch.map(({ item }) => item);
      answer = await this.#append(items, deadline - since, prompt);
    } catch (error) {
      this.#failed(since, Date.now() - since);
      throw error;
    }
    if (answer.results.some((result) => !('code' in result && result.code === 'UNAVAILABLE'))) {
      this.#unanswered = false;
      this.#failures = 0;
      this.#answeredAt = Date.now();
      this.#took = [this.#took[1], this.#answeredAt - since];
    } else this.#failed(since, deadline - since);
    return answer;
  }

  #failed(since: number, hadMs: number): void {
    this.#unanswered = true;
    // Those that failed beside each other may have met the same instance, or the same moment.
    if (this.#answeredAt > since || this.#failedAt > since) return;
    this.#failedAt = Date.now();
    this.#failures += 1;
    this.#tooShort = hadMs;
  }

  #tell(batch: readonly Waiting<Item>[], results: readonly Result[]): void {
    for (let index = 0; index < batch.length; index += 1) {
      const { resolve, reject } = batch[index] as Waiting<Item>;
      const result = results[index];
      if (result === undefined) reject(new TeahouseError('INTERNAL'));
      else if ('code' in result) reject(new TeahouseError(result.code, result.message));
      else resolve(result);
    }
  }
}
