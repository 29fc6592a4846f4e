import { limits } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import type { Database, Row } from '@teahouse/service-kit/database';
import type { LogTables } from './types.js';

const everyMs = 60_000;
/** Rows of one DELETE, about: small ones hold their locks briefly. */
const step = 1000;

/**
 * Every minute forgets what was sent more than seven days ago, in small deletes, until nothing so old is left. Several
 * instances may do so at once. Returns the way to stop it.
 */
export function startPruning({
  database,
  tables,
  log,
}: {
  database: Database;
  tables: LogTables;
  log: Log;
}): () => Promise<void> {
  let stopped = false;
  let work: Promise<void> | undefined;
  const timer = setInterval(() => {
    work ??= pruneSent(database, tables, Date.now() - limits.clientIdMs, () => stopped)
      .catch((error: unknown) =>
        log.warn({ err: error }, 'old client ids could not be forgotten; the next minute tries again'),
      )
      .finally(() => {
        work = undefined;
      });
  }, everyMs);
  timer.unref();
  return async () => {
    stopped = true;
    clearInterval(timer);
    await work;
  };
}

/** Removes what was sent before `before` (unix milliseconds). */
export async function pruneSent(
  database: Database,
  tables: LogTables,
  before: number,
  stopped = () => false,
): Promise<void> {
  const find = `SELECT createTime FROM ${tables.sent} WHERE createTime < ? ORDER BY createTime LIMIT 1 OFFSET ${step - 1}`;
  for (let end = false; !end && !stopped(); ) {
    const [last] = await database.read((manager) => manager.query<Row[]>(find, [before]));
    end = !last;
    const until = last ? Number(last.createTime) : before - 1;
    await database.transaction((manager) => manager.query(`DELETE FROM ${tables.sent} WHERE createTime <= ?`, [until]));
  }
}
