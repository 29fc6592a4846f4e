import type { Param, Row, Statement } from '@teahouse/service-kit/database';
import { columnsOfMessage as columns, messageColumns } from '../rows.js';
import type { LogTables } from '../types.js';
import type { Remote } from './remote.js';
import { archiveTablesOf } from './tables.js';

/** Rows of one conversation, with contiguous `seq`, ascending. */
export interface Stretch {
  readonly conversationId: number;
  readonly rows: readonly Row[];
}

/** Rows of one INSERT, and bytes of text of one transaction: a packet of the smallest server takes 16 MiB. */
const insertRows = 250;
const writeBytes = 3 * 1024 * 1024;

/**
 * Writes rows into the archive and reads back that it holds exactly these: resolves with the first `seq` of each
 * conversation where it holds another message. What is there is never overwritten, so that doing it again changes nothing.
 *
 * Each transaction changes the fence, whether its rows were there already or not. So its commit reaches the disk, and with
 * it everything that it found there: rows that another instance had just committed might else be seen, counted on, and lost
 * with a server that is killed.
 */
export async function copy(
  remote: Remote,
  tables: LogTables,
  stretches: readonly Stretch[],
): Promise<Map<number, number>> {
  const { archive, fence } = archiveTablesOf(tables);
  const rows = stretches.flatMap(({ conversationId, rows }) => rows.map((row) => [conversationId, row] as const));
  for (let start = 0; start < rows.length; ) {
    const inserts: Statement[] = [];
    let bytes = 0;
    await remote.write(async (run, begin, dialect) => {
      const tail = dialect === 'sqlite' ? ' ON CONFLICT DO NOTHING' : ' ON DUPLICATE KEY UPDATE seq = seq';
      while (start < rows.length && bytes < writeBytes) {
        const params: Param[] = [];
        let count = 0;
        for (; count < insertRows && start < rows.length && bytes < writeBytes; count++, start++) {
          const [conversationId, row] = rows[start] as (typeof rows)[number];
          params.push(conversationId, ...columns.map((column) => row[column] as Param));
          bytes += Buffer.byteLength(String(row.content));
        }
        const one = `(${'?,'.repeat(columns.length)}?)`;
        const sql = `INSERT INTO ${archive} (${tables.key}, ${messageColumns}) VALUES ${`${one},`.repeat(count - 1)}${one}${tail}`;
        inserts.push({ sql, params });
      }
      const touch = { sql: `UPDATE ${fence} SET writes = writes + 1 WHERE id = 1` };
      await run([{ sql: begin }, ...inserts, touch, { sql: 'COMMIT' }]);
    });
  }
  return compare(remote, tables, stretches);
}

/** The first `seq` of each conversation that the archive does not hold, or holds with another `id`. */
export async function compare(
  remote: Remote,
  tables: LogTables,
  stretches: readonly Stretch[],
): Promise<Map<number, number>> {
  const { archive } = archiveTablesOf(tables);
  const sql = `SELECT seq, id FROM ${archive} WHERE ${tables.key} = ? AND seq BETWEEN ? AND ? ORDER BY seq`;
  const asked = stretches.filter(({ rows }) => rows.length > 0);
  const found = await remote.write((run) =>
    run(
      asked.map(({ conversationId, rows }) => ({
        sql,
        params: [conversationId, Number(rows[0]?.seq), Number(rows.at(-1)?.seq)],
      })),
    ),
  );
  const wrong = new Map<number, number>();
  for (const [i, { conversationId, rows }] of asked.entries()) {
    const archived = new Map((found[i] ?? []).map((row) => [Number(row.seq), row.id]));
    const first = rows.find((row) => archived.get(Number(row.seq)) !== row.id);
    if (first) wrong.set(conversationId, Number(first.seq));
  }
  return wrong;
}
