import { type Database, list, type Row } from '@teahouse/service-kit/database';
import type { LogTables } from '../types.js';
import type { Remote } from './remote.js';
import { archiveTablesOf } from './tables.js';

/** Recalls brought into the archive by one transaction. */
const atOnce = 200;

export interface RecallsOptions {
  readonly database: Database;
  readonly remote: Remote;
  readonly tables: LogTables;
}

/**
 * Brings recalls into the archive. Every recall is noted in a table of the hot database, in the recall's transaction, and
 * hides the archived message until the archive says so itself; only then is the note removed. A note whose message is not
 * archived yet waits: the archiver may have read the message before it was recalled.
 */
export async function settleRecalls({ database, remote, tables }: RecallsOptions): Promise<void> {
  const { conversation, key } = tables;
  const { recall, archive } = archiveTablesOf(tables);
  const due = `SELECT r.${key} AS id, r.seq FROM ${recall} r JOIN ${conversation} c ON c.id = r.${key}
    WHERE r.seq <= c.archivedThroughSeq ORDER BY r.${key}, r.seq LIMIT ${atOnce}`;
  for (let count = atOnce; count === atOnce; ) {
    const rows = await database.read((manager) => manager.query<Row[]>(due));
    count = rows.length;
    const byConversation = new Map<number, number[]>();
    for (const { id, seq } of rows)
      byConversation.set(Number(id), [...(byConversation.get(Number(id)) ?? []), Number(seq)]);
    const statements = (start: string) =>
      [...byConversation].map(([id, seqs]) => {
        const { sql, params } = list(seqs);
        return { sql: `${start} WHERE ${key} = ? AND seq IN ${sql}`, params: [id, ...params] };
      });
    if (rows.length === 0) return;
    const updates = statements(`UPDATE ${archive} SET content = '', recalled = 1`);
    await remote.write((run, begin) => run([{ sql: begin }, ...updates, { sql: 'COMMIT' }]));
    await database.transaction(async (manager) => {
      for (const { sql, params } of statements(`DELETE FROM ${recall}`)) await manager.query(sql, [...params]);
    });
  }
}

/** The rows of an archived range with what was recalled of them taken out. `recalled` was read before the rows were. */
export function hideRecalled(rows: readonly Row[], recalled: ReadonlySet<number>): Row[] {
  return rows.map((row) => (recalled.has(Number(row.seq)) ? { ...row, content: '', recalled: 1 } : row));
}
