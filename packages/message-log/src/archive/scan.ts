import type { Database, Row } from '@teahouse/service-kit/database';
import type { LogTables } from '../types.js';

/** Conversations looked at by one query. */
const chunk = 10_000;

/** A part of all conversations, by id ascending. */
export interface Part {
  /** Messages in the hot database, and those of them that are not archived. */
  readonly hot: number;
  readonly unarchived: number;
  /** Conversations with messages that are not archived: id and newest `seq`. */
  readonly behind: ReadonlyMap<number, number>;
}

/**
 * Looks through all conversations. Counts by arithmetic over their rows: counting the messages themselves would read the
 * whole table.
 */
export async function* scan(database: Database, { conversation }: LogTables): AsyncGenerator<Part> {
  const sums = `SELECT COUNT(*) AS n, MAX(id) AS last, SUM(lastSeq - hotFromSeq + 1) AS hot,
    SUM(lastSeq - archivedThroughSeq) AS unarchived FROM (
      SELECT id, lastSeq, hotFromSeq, archivedThroughSeq FROM ${conversation} WHERE id > ? ORDER BY id LIMIT ${chunk}) AS part`;
  const behind = `SELECT id, lastSeq FROM ${conversation} WHERE id > ? AND id <= ? AND lastSeq > archivedThroughSeq ORDER BY id`;
  for (let after = 0, full = true; full; ) {
    const [row] = await database.read((manager) => manager.query<Row[]>(sums, [after]));
    const [count, last, unarchived] = [Number(row?.n), Number(row?.last), Number(row?.unarchived)];
    if (count === 0) return;
    const rows = unarchived === 0 ? [] : await database.read((manager) => manager.query<Row[]>(behind, [after, last]));
    yield {
      hot: Number(row?.hot),
      unarchived,
      behind: new Map(rows.map(({ id, lastSeq }) => [Number(id), Number(lastSeq)])),
    };
    after = last;
    full = count === chunk;
  }
}
