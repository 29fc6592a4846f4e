import { TeahouseError } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import type { Database, Row } from '@teahouse/service-kit/database';
import type { EntityManager } from 'typeorm';
import { hideRecalled } from './archive/recalls.js';
import { archiveTablesOf } from './archive/tables.js';
import { messageColumnsOf } from './rows.js';
import type { Archive, LogTables, PageRequest } from './types.js';

/** Rows with contiguous `seq`, ascending, at the cursor; none only where there is nothing in that direction. */
export interface RowPage {
  readonly rows: Row[];
  readonly lastSeq: number;
}

export type ReadPage = (conversationId: number, page: PageRequest) => Promise<RowPage>;

export interface PagesOptions {
  readonly database: Database;
  readonly tables: LogTables;
  readonly archive: Archive | undefined;
  readonly log: Log;
}

/** A part of a conversation on one side of the border. */
interface Part extends RowPage {
  readonly from: number;
  readonly to: number;
  /** Set where the rows are still to be read from the archive: what of them was recalled. */
  readonly recalled?: ReadonlySet<number>;
}

/**
 * Reads pages: one range of a clustered key each, from the hot database or from the archive. A page ends at the border
 * between them, and never has a hole.
 */
export function createPages({ database, tables, archive, log }: PagesOptions): ReadPage {
  const { conversation, message, key } = tables;
  // The head and the rows in one statement: one round trip, and of one moment, so that eviction never stands between them.
  // Without ORDER BY, for which MySQL and MariaDB would make a temporary table of what they have read in order.
  const hot = (to: string) =>
    `SELECT c.lastSeq, c.hotFromSeq, ${messageColumnsOf('m')} FROM ${conversation} c LEFT JOIN ${message} m
     ON m.${key} = c.id AND m.seq BETWEEN ${to} - ? AND ${to} WHERE c.id = ?`;
  const after = hot('?');
  const before = hot('CASE WHEN c.lastSeq < ? THEN c.lastSeq ELSE ? END');
  const recalls = `SELECT seq FROM ${archiveTablesOf(tables).recall} WHERE ${key} = ? AND seq BETWEEN ? AND ?`;

  async function readHot(manager: EntityManager, conversationId: number, page: PageRequest): Promise<Part> {
    const { afterSeq, beforeSeq = Number.MAX_SAFE_INTEGER, limit } = page;
    const forward = afterSeq !== undefined;
    const last = forward ? afterSeq + limit : beforeSeq - 1;
    const found = forward
      ? await manager.query<Row[]>(after, [last, limit - 1, last, conversationId])
      : await manager.query<Row[]>(before, [last, last, limit - 1, last, last, conversationId]);
    const lastSeq = Number(found[0]?.lastSeq ?? 0);
    const hotFromSeq = Number(found[0]?.hotFromSeq ?? 1);
    const { from, to } = cut(wanted(page, lastSeq), hotFromSeq, forward);
    const part = { from, to, lastSeq, rows: [] };
    if (from > to) return part;
    if (to >= hotFromSeq) {
      const rows = found.filter(({ seq }) => Number(seq) >= from && Number(seq) <= to);
      return { ...part, rows: rows.sort((a, b) => Number(a.seq) - Number(b.seq)) };
    }
    // Read before the archive: a recall that is no more noted here by then is in what comes from there.
    const noted = await manager.query<Row[]>(recalls, [conversationId, from, to]);
    return { ...part, recalled: new Set(noted.map(({ seq }) => Number(seq))) };
  }

  async function readArchived(conversationId: number, { from, to, recalled = new Set() }: Part): Promise<Row[]> {
    if (archive) return hideRecalled(await archive.read(conversationId, from, to), recalled);
    log.error({ conversationId }, 'messages were evicted that this instance cannot read: it has no archive');
    throw new TeahouseError('UNAVAILABLE');
  }

  return async (conversationId, page) => {
    const part = await database.read((manager) => readHot(manager, conversationId, page));
    const { from, to, lastSeq } = part;
    const rows = part.recalled ? await readArchived(conversationId, part) : part.rows;
    if (rows.length === Math.max(0, to - from + 1)) return { rows, lastSeq };
    // The key is unique and the range inclusive, so a page that is too short has a hole.
    log.error({ conversationId, from, to, found: rows.length }, 'a page of history has a hole');
    throw new TeahouseError('INTERNAL');
  };
}

/** The inclusive range of `seq` that the page covers, by what the conversation holds now. */
function wanted({ afterSeq, beforeSeq, limit }: PageRequest, lastSeq: number): { from: number; to: number } {
  if (afterSeq !== undefined) return { from: afterSeq + 1, to: Math.min(afterSeq + limit, lastSeq) };
  const to = Math.min((beforeSeq ?? lastSeq + 1) - 1, lastSeq);
  return { from: Math.max(1, to - limit + 1), to };
}

/** What of a range is on that side of the border where reading begins. */
function cut({ from, to }: { from: number; to: number }, hotFromSeq: number, forward: boolean) {
  if (from >= hotFromSeq || to < hotFromSeq) return { from, to };
  return forward ? { from, to: hotFromSeq - 1 } : { from: hotFromSeq, to };
}
