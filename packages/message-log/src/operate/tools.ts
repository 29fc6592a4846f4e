import { ConfigError, type Log } from '@teahouse/service-kit';
import { type Database, type OpenOptions, openDatabase } from '@teahouse/service-kit/database';
import { Alarms } from '../archive/alarms.js';
import { Archiver } from '../archive/archiver.js';
import type { ArchiveSettings } from '../archive/config.js';
import { Keeping } from '../archive/keeping.js';
import { connectRemote, type Remote } from '../archive/remote.js';
import { Retention } from '../archive/retention.js';
import type { LogTables } from '../types.js';

/** A command is in no hurry. */
const timeoutMs = 60_000;

export interface OperateConfig {
  /** The address of the hot database. */
  readonly url: string;
  readonly settings: ArchiveSettings;
}

/** What the commands work with: the databases of a service, without the service and without the bus. */
export interface Tools {
  readonly database: Database;
  readonly tables: LogTables;
  readonly settings: ArchiveSettings;
  readonly remote: Remote | undefined;
  readonly alarms: Alarms;
  readonly keeping: Keeping;
  readonly log: Log;
  /** @param onArchived hears how many messages a step copied */
  archiver(remote: Remote, onArchived: (count: number) => void): Archiver;
  retention(remote: Remote, onEvicted: (count: number) => void): Retention;
  say(line: string): void;
  close(): Promise<void>;
}

export async function openTools(
  { url, settings }: OperateConfig,
  tables: LogTables,
  migrations: OpenOptions['migrations'],
  log: Log,
): Promise<Tools> {
  const database = await openDatabase({ url, entities: [], migrations, name: 'hot', log, timeoutMs, waitMs: 10_000 });
  const { variable } = settings;
  const remote =
    settings.url === undefined ? undefined : await connectRemote({ url: settings.url, variable, tables, log });
  const session = database.session();
  const alarms = new Alarms(database, tables, log);
  return {
    database,
    tables,
    settings,
    remote,
    alarms,
    keeping: new Keeping(database, tables),
    log,
    archiver: (remote, onArchived) => new Archiver({ database, session, remote, tables, alarms, onArchived }),
    retention: (remote, onEvicted) => new Retention({ database, session, remote, tables, alarms, log, onEvicted }),
    say: (line) => process.stdout.write(`${line}\n`),
    async close() {
      await remote?.close();
      (await session).release();
      await database.close();
    },
  };
}

/** The archive, which has to be there. @throws ConfigError with a sentence for the operator */
export async function archiveOf({ remote, settings }: Tools): Promise<Remote> {
  if (!remote) throw new ConfigError(`${settings.variable} is missing: there is no archive.`);
  if (!(await answers(remote))) throw new ConfigError(`The archive that ${settings.variable} names does not answer.`);
  return remote;
}

export function answers(remote: Remote): Promise<boolean> {
  return remote
    .read((manager) => manager.query('SELECT 1'))
    .then(
      () => true,
      () => false,
    );
}
