import { setTimeout as pause } from 'node:timers/promises';
import { TeahouseError } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import type { Entry } from './entry.js';
import { failureOf, type Transact } from './transaction.js';
import type { Draft } from './types.js';

export interface LaneOptions<D extends Draft> {
  readonly transact: Transact<D>;
  readonly log: Log;
}

/** Drafts of one transaction. Of them those that were put off before get half at most while fresh ones wait. */
const batchSize = 500;
/** After a batch of which every conversation was locked elsewhere. */
const busyPauseMs = 3;
/** After a failed connection. */
const lostPauseMs = 50;
/** A batch, or a draft by itself, is tried this often when the database refuses it. */
const attempts = 2;
const attemptsAlone = 3;

/**
 * One transaction at a time: while one is under way arrivals gather, and the next takes up to 500 of them. Drafts whose
 * conversation is locked elsewhere are parked, with all that follow in it, and join the next batches until their deadline.
 */
export class Lane<D extends Draft> {
  readonly #options: LaneOptions<D>;
  #waiting: Entry<D>[] = [];
  readonly #parked = new Map<number, Entry<D>[]>();
  #work: Promise<void> | undefined;
  #closed = false;
  #reachable = true;

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
      if (this.#waiting.length > 0) this.start();
    });
  }

  /** Lets the transaction at work end; everything else is answered UNAVAILABLE. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#work;
    this.#refuseAll();
  }

  async #loop(): Promise<void> {
    while (!this.#closed && (this.#waiting.length > 0 || this.#parked.size > 0)) {
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
    const now = Date.now();
    const batch: Entry<D>[] = [];
    const add = (entry: Entry<D>) => {
      if (entry.deadline > now) batch.push(entry);
      else entry.settle(new TeahouseError('UNAVAILABLE'));
    };
    const room = this.#waiting.length > 0 ? batchSize / 2 : batchSize;
    for (const [conversationId, entries] of this.#parked) {
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
        const putOff = await this.#options.transact(batch);
        this.#reached();
        this.#park(putOff);
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

  #refuseAll(): void {
    for (const entry of [...this.#parked.values(), this.#waiting].flat())
      entry.settle(new TeahouseError('UNAVAILABLE'));
    this.#parked.clear();
    this.#waiting = [];
  }
}
