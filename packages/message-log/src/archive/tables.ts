import type { LogTables } from '../types.js';

/** Tables that a log with an archive keeps, named after its message table. */
export interface ArchiveTables {
  /** Hot: messages that were recalled and whose archived row does not say so yet. */
  readonly recall: string;
  /** Hot: conversations whose archiving and eviction have stopped until an operator has looked. */
  readonly alarm: string;
  /** Hot: one row about all instances' work: who keeps house, what was counted last, how much was ever evicted. */
  readonly keeping: string;
  /** Archive: all messages. */
  readonly archive: string;
  /** Archive: one row that every write changes, see `copy.ts`. */
  readonly fence: string;
}

export function archiveTablesOf({ message }: LogTables): ArchiveTables {
  return {
    recall: `${message}_recall`,
    alarm: `${message}_alarm`,
    keeping: `${message}_keeping`,
    archive: `${message}_archive`,
    fence: `${message}_archive_fence`,
  };
}

/** `evictableSince` of a conversation that has nothing to evict. */
export const nothingEvictable = Number.MAX_SAFE_INTEGER;
