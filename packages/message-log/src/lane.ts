import { setTimeout as pause } from 'node:timers/promises';
import { TeahouseError } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import type { Entry } from './entry.js';
import { failureOf, type Transact } from './transaction.js';
import type { Draft } from './types.js';

export interface LaneOptions<D extends Draft> {
  readonly transact: Transact<D>;
  /** As `transact`, on a session of its own, and waiting for what is locked elsewhere. */
  readonly transactWaiting: Transact<D>;
  readonly log: Log;
}

/** Drafts of one transaction. Of them those that were put off before get half at most while fresh ones wait. */
const batchSize = 500;
/** After a batch of which every conversation was locked elsewhere. */
const busyPauseMs = 3;
/** After a failed connection. */
const lostPauseMs = 50;
/** A conversation that was locked elsewhere in so many batches, one after the other, waits for its lock: it may never be free by chance. */
const patience = 10;
/** However long the last batches took, what has more time left than this is tried, milliseconds. */
const mostExpectedMs = 900;
/** A batch, or a draft by itself, is tried this often when the database refuses it. */
const attempts = 2;
const attemptsAlone = 3;

/**
 * One transaction at a time: while one is under way arrivals gather, and the next takes up to 500 of them. Drafts whose
 * conversation is locked elsewhere are parked, with all that follow in it, and join the next batches until their deadline.
 * One conversation at a time that was put off too often waits for its lock beside the lane.
 */
export class Lane<D extends Draft> {
  readonly #options: LaneOptions<D>;
  #waiting: Entry<D>[] = [];
  readonly #parked = new Map<number, Entry<D>[]>();
  /** How often in a row a conversation was put off. */
  readonly #skips = new Map<number, number>();
  /** The conversation that waits for its lock. It stays among those parked, for what follows in it, and in no batch. */
  #patient: { readonly conversationId: number; readonly work: Promise<void> } | undefined;
  #work: Promise<void> | undefined;
  #closed = false;
  #reachable = true;
  /** How long the last batches took, milliseconds; two, as one that was slow does not make a slow database. */
  #took: readonly [number, number] = [0, 0];

  constructor(options: LaneOptions<D>) {
    this.#options = options;
  }

  /** Puts an entry behind all others; `start` sets the lane going. */
  add(entry: Entry<D>): void {
    this.#waiting.push(entry);
  }

  start(): void {
    if (this.#work || this.#closed) return;
    this.#work = this.#loop().finally(() => {
      this.#work = undefined;
      // Somebody may have come between the loop's last look and now.
      if (this.#hasWork()) this.start();
    });
  }

  /** Lets the transactions at work end; everything else is answered UNAVAILABLE. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#work, this.#patient?.work]);
    this.#refuseAll();
  }

  #hasWork(): boolean {
    return this.#waiting.length > 0 || this.#parked.size > (this.#patient ? 1 : 0);
  }

  async #loop(): Promise<void> {
    while (!this.#closed && this.#hasWork()) {
      const batch = this.#take();
      try {
        if (batch.length > 0) await this.#process(batch);
      } catch (error) {
        // Nothing above throws unless the log itself is broken; the lane must go on all the same.
        this.#options.log.error({ err: error }, 'a batch failed');
        for (const entry of batch) entry.settle(new TeahouseError('INTERNAL'));
      }
    }
  }

  #take(): Entry<D>[] {
    // What would be stored too late to be told so costs a slow database what others could have had in time.
    const soonest = Date.now() + Math.min(...this.#took, mostExpectedMs);
    const batch: Entry<D>[] = [];
    const add = (entry: Entry<D>) => {
      if (entry.deadline > soonest) batch.push(entry);
      else entry.settle(new TeahouseError('UNAVAILABLE'));
    };
    const room = this.#waiting.length > 0 ? batchSize / 2 : batchSize;
    for (const [conversationId, entries] of this.#parked) {
      if (conversationId === this.#patient?.conversationId) continue;
      let taken = 0;
      while (taken < entries.length && batch.length < room) add(entries[taken++] as Entry<D>);
      if (taken === entries.length) this.#parked.delete(conversationId);
      else if (taken > 0) this.#parked.set(conversationId, entries.slice(taken));
      if (batch.length >= room) break;
    }
    let taken = 0;
    while (taken < this.#waiting.length && batch.length < batchSize) {
      const entry = this.#waiting[taken++] as Entry<D>;
      const ahead = this.#parked.get(entry.draft.conversationId);
      if (ahead) ahead.push(entry);
      else add(entry);
    }
    this.#waiting.splice(0, taken);
    return batch;
  }

  async #process(batch: Entry<D>[]): Promise<void> {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      try {
        const since = performance.now();
        const putOff = await this.#options.transact(batch);
        this.#took = [this.#took[1], performance.now() - since];
        this.#reached();
        this.#park(putOff);
        if (putOff.length > 0 || this.#skips.size > 0) this.#countSkips(batch, putOff);
        if (putOff.length === batch.length) await pause(busyPauseMs);
        return;
      } catch (error) {
        if (await this.#lost(error)) return this.#park(batch);
        this.#options.log.warn({ err: error, attempt, drafts: batch.length }, 'a batch was rolled back');
      }
    }
    await this.#oneByOne(batch);
  }

  async #oneByOne(batch: Entry<D>[]): Promise<void> {
    const putOff: Entry<D>[] = [];
    const busy = new Set<number>();
    for (const [i, entry] of batch.entries()) {
      const { conversationId } = entry.draft;
      if (entry.deadline <= Date.now()) {
        entry.settle(new TeahouseError('UNAVAILABLE'));
        continue;
      }
      const outcome = busy.has(conversationId) ? 'busy' : await this.#alone(entry);
      if (outcome === 'lost') {
        putOff.push(...batch.slice(i));
        break;
      }
      if (outcome === 'busy') {
        busy.add(conversationId);
        putOff.push(entry);
      }
    }
    this.#park(putOff);
  }

  async #alone(entry: Entry<D>): Promise<'answered' | 'busy' | 'lost'> {
    for (let attempt = 1; ; attempt++) {
      try {
        const putOff = await this.#options.transact([entry]);
        return putOff.length === 0 ? 'answered' : 'busy';
      } catch (error) {
        if (await this.#lost(error)) return 'lost';
        if (attempt < attemptsAlone && entry.deadline > Date.now()) continue;
        this.#options.log.error({ err: error }, 'a draft could not be stored');
        entry.settle(
          new TeahouseError(failureOf(error) === 'refused' ? 'UNAVAILABLE' : 'INTERNAL', undefined, { cause: error }),
        );
        return 'answered';
      }
    }
  }

  /** True, after a pause, where nobody could be asked: the drafts wait for a new connection, until their deadline. */
  async #lost(error: unknown): Promise<boolean> {
    if (failureOf(error) !== 'lost') return false;
    if (this.#reachable) this.#options.log.warn({ err: error }, 'the database could not be reached');
    this.#reachable = false;
    await pause(lostPauseMs);
    return true;
  }

  #reached(): void {
    if (!this.#reachable) this.#options.log.info('the database can be reached again');
    this.#reachable = true;
  }

  /** Parks entries by conversation, ahead of those parked already, which came later. */
  #park(entries: readonly Entry<D>[]): void {
    const lists = new Map<number, Entry<D>[]>();
    for (const entry of entries) {
      const list = lists.get(entry.draft.conversationId);
      if (list) list.push(entry);
      else lists.set(entry.draft.conversationId, [entry]);
    }
    for (const [conversationId, list] of lists) {
      const later = this.#parked.get(conversationId) ?? [];
      // Taken out and put in again: those that were just tried come last in the next round.
      this.#parked.delete(conversationId);
      this.#parked.set(conversationId, [...list, ...later]);
    }
  }

  #countSkips(batch: readonly Entry<D>[], putOff: readonly Entry<D>[]): void {
    const busy = new Set(putOff.map(({ draft }) => draft.conversationId));
    for (const { draft } of batch) if (!busy.has(draft.conversationId)) this.#skips.delete(draft.conversationId);
    for (const conversationId of busy) {
      const skips = (this.#skips.get(conversationId) ?? 0) + 1;
      this.#skips.set(conversationId, skips);
      if (skips >= patience && !this.#patient) this.#wait(conversationId);
    }
  }

  #wait(conversationId: number): void {
    const entries = this.#parked.get(conversationId) ?? [];
    this.#parked.set(conversationId, entries.slice(batchSize));
    this.#skips.delete(conversationId);
    const work = this.#waitFor(entries.slice(0, batchSize)).finally(() => {
      this.#patient = undefined;
      if (this.#parked.get(conversationId)?.length === 0) this.#parked.delete(conversationId);
      this.start();
    });
    this.#patient = { conversationId, work };
  }

  async #waitFor(entries: readonly Entry<D>[]): Promise<void> {
    try {
      this.#park(await this.#options.transactWaiting(entries));
    } catch (error) {
      this.#options.log.debug({ err: error }, 'a lock was waited for in vain');
      this.#park(entries);
    }
  }

  #refuseAll(): void {
    for (const entry of [...this.#parked.values(), this.#waiting].flat())
      entry.settle(new TeahouseError('UNAVAILABLE'));
    this.#parked.clear();
    this.#waiting = [];
  }
}
