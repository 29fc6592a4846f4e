import type { BatchHandler, Bus, Queue, QueueItem } from '@teahouse/bus';
import type { Log } from '@teahouse/service-kit';
import type { StoredBatch } from '../types.js';
import type { Targets } from './archiver.js';

/** What was rung gathers for so long, so that the archiver gets large batches. Nobody waits for it. */
const gatherMs = 500;
/** After a failure. */
const againMs = 1000;
/** Conversations rung and not yet pushed; more are left to the round that finds what the queue never got. */
const ringsKept = 20_000;
/** Conversations of one item, about 50 KiB. */
const itemConversations = 2000;
const queueOptions = { maxMessages: 100_000, ackWaitMs: 30_000, retryMs: 2000 };
/** Items that the archiver gets at once. */
const itemsAtOnce = 16;

export interface DoorbellOptions {
  readonly bus: Bus;
  /** The queue's name, the same in all instances. */
  readonly queue: string;
  /** Archives; rejects where all of it should come again later. */
  readonly archive: (targets: Targets) => Promise<void>;
  readonly log: Log;
}

/**
 * Tells the archiver, of this or another instance, through which `seq` a conversation is committed. An item says so of many
 * conversations. It may be lost: `Keeper` finds what was not archived.
 */
export class Doorbell {
  readonly #options: DoorbellOptions;
  readonly #rung = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;
  #pushing: Promise<void> | undefined;
  #consumer: { stop(): Promise<void> } | undefined;
  #opening: Promise<void>;
  #queue: Queue | undefined;
  #failing = false;
  #closed = false;

  constructor(options: DoorbellOptions) {
    this.#options = options;
    this.#opening = this.#open();
  }

  /** Costs an entry in a map for each conversation; never throws. */
  ring(batches: readonly StoredBatch[]): void {
    for (const { conversationId, messages } of batches) {
      const last = messages.at(-1);
      if (last && (this.#rung.size < ringsKept || this.#rung.has(conversationId)))
        this.#rung.set(conversationId, last.seq);
    }
    this.#soon(gatherMs);
  }

  /** Pushes what was rung, and lets the batch at work end; both bounded. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#pushing;
    if (this.#rung.size > 0) await this.#push();
    await this.#opening;
    await this.#consumer?.stop();
  }

  #soon(ms: number): void {
    if (this.#timer || this.#pushing || this.#closed || this.#rung.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pushing = this.#push().finally(() => {
        this.#pushing = undefined;
        this.#soon(this.#failing ? againMs : gatherMs);
      });
    }, ms);
    this.#timer.unref();
  }

  async #push(): Promise<void> {
    const entries = [...this.#rung].slice(0, itemConversations);
    for (const [conversationId] of entries) this.#rung.delete(conversationId);
    try {
      if (!this.#queue) throw new Error('the queue is not open yet');
      await this.#queue.push(Buffer.from(JSON.stringify(entries)));
      this.#failing = false;
    } catch (error) {
      this.#report(error);
      for (const [conversationId, seq] of entries) {
        const newer = this.#rung.get(conversationId);
        if (newer === undefined && this.#rung.size < ringsKept) this.#rung.set(conversationId, seq);
      }
    }
  }

  /** Tries until the queue is there: a service starts without it, too. */
  async #open(): Promise<void> {
    while (!this.#closed && !this.#consumer) {
      try {
        this.#queue = await this.#options.bus.queue(this.#options.queue, queueOptions);
        this.#consumer = this.#queue.consume(this.#handle, {
          batch: itemsAtOnce,
          onError: (error) => this.#report(error),
        });
      } catch (error) {
        this.#report(error);
        await new Promise((resolve) => setTimeout(resolve, againMs));
      }
    }
  }

  readonly #handle: BatchHandler = async (batch) => {
    const targets = new Map<number, number>();
    for (const item of batch) {
      for (const [conversationId, seq] of this.#decode(item))
        targets.set(conversationId, Math.max(seq, targets.get(conversationId) ?? 0));
    }
    await this.#options.archive(targets);
    this.#failing = false;
  };

  #decode({ payload }: QueueItem): readonly (readonly [number, number])[] {
    try {
      const entries: unknown = JSON.parse(Buffer.from(payload).toString());
      if (Array.isArray(entries) && entries.every(isEntry)) return entries;
    } catch {
      // Told below.
    }
    this.#options.log.error({ bytes: payload.length }, 'an item of the archive queue has no meaning and is dropped');
    return [];
  }

  #report(error: unknown): void {
    if (!this.#failing) this.#options.log.warn({ err: error }, 'archiving has to wait; it goes on by itself');
    this.#failing = true;
  }
}

function isEntry(entry: unknown): entry is readonly [number, number] {
  return Array.isArray(entry) && entry.length === 2 && entry.every((part) => Number.isSafeInteger(part) && part > 0);
}
