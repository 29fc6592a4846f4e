import type { Bus } from '@teahouse/bus';
import { TeahouseError } from '@teahouse/contracts';
import { ConfigError, type Log } from '@teahouse/service-kit';
import type { Database, Row } from '@teahouse/service-kit/database';
import type { Registry } from 'prom-client';
import { messageColumns } from '../rows.js';
import type { Archive, LogTables } from '../types.js';
import { Alarms } from './alarms.js';
import { Archiver } from './archiver.js';
import type { ArchiveSettings } from './config.js';
import { Doorbell } from './doorbell.js';
import { Keeper } from './keeper.js';
import { Keeping } from './keeping.js';
import { archiveMetrics } from './metrics.js';
import { connectRemote, type Remote } from './remote.js';
import { Retention } from './retention.js';
import { archiveTablesOf } from './tables.js';

export interface ArchiveOptions {
  /** The hot database, migrated with `archiveMigration`. */
  readonly database: Database;
  readonly tables: LogTables;
  readonly settings: ArchiveSettings;
  readonly bus: Bus;
  /** The queue through which all instances of this log share the work. */
  readonly queue: string;
  readonly metrics?: Registry | undefined;
  readonly log: Log;
}

/** Archiving that one item of the queue may take, in milliseconds; less than the time after which it is given out again. */
const itemMs = 20_000;

/**
 * Opens the archive of a log and starts archiving and evicting; undefined where none is set.
 * @throws ConfigError where the archive's address is wrong, or where none is set though messages were evicted before
 */
export async function openArchive(options: ArchiveOptions): Promise<Archive | undefined> {
  const { database, tables, settings, bus, queue, log } = options;
  const { variable, url, maxAgeMs, maxRows, intervalMs } = settings;
  const keeping = new Keeping(database, tables);
  if (url === undefined) {
    if ((await keeping.counts()).evicted === 0) return undefined;
    throw new ConfigError(`${variable} is missing: old messages are in the archive only and could not be read.`);
  }
  const remote = await connectRemote({ url, variable, tables, log });
  const metrics = archiveMetrics(options.metrics);
  const alarms = new Alarms(database, tables, log);
  const sessions = [database.session(), database.session()] as const;
  const archiver = new Archiver({
    database,
    session: sessions[0],
    remote,
    tables,
    alarms,
    onArchived: metrics.archived,
  });
  const retention = new Retention({
    database,
    session: sessions[1],
    remote,
    tables,
    alarms,
    log,
    onEvicted: metrics.evicted,
  });
  let closed = false;
  const doorbell = new Doorbell({
    bus,
    queue,
    log,
    archive(targets) {
      const end = performance.now() + itemMs;
      return archiver.archive(targets, async () => {
        if (closed || performance.now() > end) throw new TeahouseError('UNAVAILABLE');
      });
    },
  });
  const keeper = new Keeper({
    database,
    remote,
    tables,
    keeping,
    alarms,
    archiver,
    retention,
    metrics,
    maxAgeMs,
    maxRows,
    intervalMs,
    log,
  });
  return {
    ring: (batches) => doorbell.ring(batches),
    read: reader(remote, tables),
    async close() {
      closed = true;
      await Promise.all([doorbell.close(), keeper.close()]);
      for (const session of sessions) (await session).release();
      await remote.close();
    },
  };
}

function reader(remote: Remote, tables: LogTables): Archive['read'] {
  const sql = `SELECT ${messageColumns} FROM ${archiveTablesOf(tables).archive} WHERE ${tables.key} = ? AND seq BETWEEN ? AND ? ORDER BY seq`;
  return (conversationId, from, to) => remote.read((manager) => manager.query<Row[]>(sql, [conversationId, from, to]));
}
