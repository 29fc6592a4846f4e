import type { Row } from '@teahouse/service-kit/database';
import type { Draft, StoredBatch } from './types.js';

/** What this log left in a conversation. */
interface Left {
  /** Its row as it was locked, with the `lastSeq` that the log gave it. */
  readonly row: Row;
  /** Who was let speak since somebody else moved it. */
  readonly senders: Set<number>;
  /** Whether the log found it as it had left it the last time. With several instances at work in it that is chance. */
  readonly own: boolean;
}

/** Senders remembered over all conversations of a lane, some 15 MiB; beyond it all is forgotten, and known again two batches later. */
const capacity = 50_000;

/**
 * Conversations as this log left them, so that a batch can be decided before the database is asked. It may be wrong about
 * any of it: the transaction that relies on it compares `lastSeq` under the lock.
 */
export class Foresight {
  readonly #left = new Map<number, Left>();
  #senders = 0;

  /** The rows of all conversations concerned; undefined where one of the drafts cannot be foreseen. */
  rows(drafts: readonly Draft[]): Map<number, Row> | undefined {
    const rows = new Map<number, Row>();
    for (const { conversationId, from } of drafts) {
      const left = this.#left.get(conversationId);
      if (!left?.own || !left.senders.has(from)) return undefined;
      rows.set(conversationId, left.row);
    }
    return rows;
  }

  /** After these were committed. */
  keep(batches: readonly StoredBatch[]): void {
    for (const { conversationId, messages, conversation } of batches) {
      const before = this.#left.get(conversationId);
      const own = before !== undefined && Number(before.row.lastSeq) === Number(conversation.lastSeq);
      if (before && !own) this.forget([conversationId]);
      const senders = own ? before.senders : new Set<number>();
      const known = senders.size;
      for (const { from } of messages) senders.add(from);
      this.#senders += senders.size - known;
      const lastSeq = Number(conversation.lastSeq) + messages.length;
      this.#left.set(conversationId, { row: { ...conversation, lastSeq }, senders, own });
    }
    if (this.#senders > capacity) this.clear();
  }

  clear(): void {
    this.#left.clear();
    this.#senders = 0;
  }

  forget(conversationIds: Iterable<number>): void {
    for (const id of conversationIds) {
      this.#senders -= this.#left.get(id)?.senders.size ?? 0;
      this.#left.delete(id);
    }
  }
}
