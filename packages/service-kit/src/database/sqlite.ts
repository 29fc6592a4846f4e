import { TeahouseError } from '@teahouse/contracts';
import Libsql from 'libsql';
import { DataSource, type EntityManager } from 'typeorm';
import { withDeadline } from './deadline.js';
import { presentable } from './errors.js';
import { Mutex } from './mutex.js';
import { repeat } from './repeat.js';
import type { Database, OpenOptions, Param, Row, Run, Session, Statement } from './types.js';
import { checkParams } from './values.js';

/** Callers that may wait for the one connection; the next one is told UNAVAILABLE at once. */
const waitingBound = 1000;
/** How long a statement waits, blocking the process, where another process holds the file. */
const busyMs = 500;

/**
 * A SQLite file with one connection, for the embedded default. Statements run synchronously; everything that may span
 * several of them goes through one mutex, so that no stranger's statement gets into an open transaction.
 * Work that is late is answered with UNAVAILABLE, but keeps its turn until it ends.
 */
export class SqliteDatabase implements Database {
  readonly dialect = 'sqlite';
  readonly source: DataSource;
  readonly #mutex = new Mutex(waitingBound);
  readonly #timeoutMs: number;
  #connection: Libsql.Database | undefined;

  /** @param path of the file, or `:memory:` */
  constructor(path: string, options: Required<OpenOptions>) {
    this.#timeoutMs = options.timeoutMs;
    this.source = new DataSource({
      type: 'better-sqlite3',
      driver: Libsql,
      database: path,
      prepareDatabase: (connection: Libsql.Database) => {
        this.#connection = connection;
        connection.pragma(`busy_timeout = ${busyMs}`);
        connection.pragma('journal_mode = WAL');
        // An acknowledged commit survives the loss of power, not only the end of the process.
        connection.pragma('synchronous = FULL');
      },
      entities: options.entities,
      migrations: options.migrations,
      logging: false,
    });
  }

  async read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.#alone(this.#timeoutMs, () => work(this.source.manager));
    } catch (error) {
      throw presentable(error);
    }
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>, options?: { attempts?: number }): Promise<T> {
    return repeat(this.#timeoutMs, options?.attempts, (leftMs) =>
      this.#alone(leftMs, () => this.source.transaction(work)),
    );
  }

  async session(): Promise<Session> {
    let released = false;
    const release = () => {
      released = true;
    };
    return {
      begin: 'BEGIN IMMEDIATE',
      exclusive: async (work) => {
        if (released) throw new TeahouseError('UNAVAILABLE');
        return this.#exclusive(work);
      },
      release,
      // There is no connection of its own to cut.
      destroy: release,
    };
  }

  async reachable(): Promise<boolean> {
    return this.read((manager) => manager.query('SELECT 1')).then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    await this.#mutex.run(async () => {
      if (this.source.isInitialized) await this.source.destroy();
    });
  }

  async #exclusive<T>(work: (run: Run) => Promise<T>): Promise<T> {
    try {
      return await this.#alone(this.#timeoutMs, async () => {
        const connection = this.#open();
        try {
          return await work(async (statements) => {
            for (const { params = [] } of statements) checkParams(params);
            return statements.map((statement) => execute(connection, statement));
          });
        } catch (error) {
          if (connection.inTransaction) connection.exec('ROLLBACK');
          throw error;
        }
      });
    } catch (error) {
      throw presentable(error);
    }
  }

  async #alone<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
    return withDeadline(timeoutMs, (signal) =>
      this.#mutex.run(async () => {
        signal.throwIfAborted();
        if (!this.source.isInitialized) throw new TeahouseError('UNAVAILABLE');
        return work();
      }),
    );
  }

  #open(): Libsql.Database {
    if (this.#connection === undefined) throw new TeahouseError('UNAVAILABLE');
    return this.#connection;
  }
}

function execute(connection: Libsql.Database, { sql, params = [] }: Statement): Row[] {
  const statement = connection.prepare(sql);
  // One array, because a single null or Buffer would be taken for an object of named values.
  const bound = params.map((value) => (typeof value === 'boolean' ? Number(value) : value)) satisfies Param[];
  if (!statement.reader) {
    statement.run(bound);
    return [];
  }
  const rows = statement.all(bound) as Row[];
  for (const row of rows) {
    for (const [column, value] of Object.entries(row)) {
      if (value instanceof ArrayBuffer) row[column] = Buffer.from(value);
    }
  }
  return rows;
}
