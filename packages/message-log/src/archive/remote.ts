import { TeahouseError } from '@teahouse/contracts';
import { ConfigError, type Log, settledWithin } from '@teahouse/service-kit';
import { type Database, type Dialect, openDatabase, type Run, type Session } from '@teahouse/service-kit/database';
import type { EntityManager } from 'typeorm';
import type { LogTables } from '../types.js';
import { Gate } from './gate.js';
import { archiveDatabaseMigrations } from './migration.js';

/** How long the start, and each later attempt, waits for a server that is not there. */
const openWaitMs = 2000;
const againMs = 1000;
/** How long the start waits in all: a server may answer at first, and then stand still. */
const startMs = 5000;

/** The archive database, which may be away: at the start, and at any time later. */
export interface Remote {
  /** Runs `work` without a transaction. UNAVAILABLE while the archive is away, within a second, and mostly at once. */
  read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
  /** For the one writer of an instance; as `Session.exclusive`, UNAVAILABLE while the archive is away. */
  write<T>(work: (run: Run, begin: string, dialect: Dialect) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface RemoteOptions {
  readonly url: string;
  /** The environment's variable that names the archive, for sentences to the operator. */
  readonly variable: string;
  readonly tables: LogTables;
  readonly log: Log;
}

/**
 * Connects to the archive. Resolves without it where it does not answer in a few seconds, and goes on trying: a service
 * starts while its archive is away. @throws ConfigError where the address is wrong or the server refuses it
 */
export async function connectRemote({ url, variable, tables, log }: RemoteOptions): Promise<Remote> {
  let opened: { database: Database; session: Session } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const open = async () => {
    const database = await openDatabase({
      url,
      entities: [],
      migrations: archiveDatabaseMigrations(tables),
      name: 'archive',
      log,
      waitMs: openWaitMs,
    });
    if (closed) return database.close();
    opened = { database, session: await database.session() };
  };
  const behind = (opening: Promise<void>) => {
    opening.then(
      () => log.info('the archive can be reached'),
      () => closed || again(),
    );
  };
  const again = () => {
    timer = setTimeout(() => behind(open()), againMs);
    timer.unref();
  };
  const away = 'the archive is away; old pages of history have to wait for it';
  const opening = open();
  try {
    if (await settledWithin(opening, startMs)) {
      await opening;
    } else {
      log.warn(away);
      behind(opening);
    }
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`${variable}: ${error.message}`, { cause: error });
    log.warn({ err: error }, away);
    again();
  }

  const gate = new Gate();
  const mustBeOpen = () => {
    if (!opened) throw new TeahouseError('UNAVAILABLE');
    return opened;
  };
  return {
    async read(work) {
      const { database } = mustBeOpen();
      return gate.run(() => database.read(work));
    },
    async write(work) {
      const { database, session } = mustBeOpen();
      return session.exclusive((run) => work(run, session.begin, database.dialect));
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      opened?.session.release();
      await opened?.database.close();
    },
  };
}
