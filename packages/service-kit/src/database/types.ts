import type { DataSource, DataSourceOptions, EntityManager } from 'typeorm';
import type { Log } from '../log.js';

export type Dialect = 'mysql' | 'mariadb' | 'sqlite';

/** What may be bound to a `?`. Lists are written out with `list` or `values`; there is no `undefined`. */
export type Param = string | number | bigint | boolean | null | Buffer;

export interface Statement {
  readonly sql: string;
  readonly params?: readonly Param[];
}

export type Row = Record<string, unknown>;

/**
 * Sends statements and returns the rows of each, `[]` for a statement that has none. On MySQL and MariaDB all of them
 * travel in one round trip. The first that fails rejects; those behind it are not executed, those before it were.
 * @param rowless no statement has rows, and the result means nothing: MariaDB answers once for all of them, which wakes this
 * process once instead of after each
 */
export type Run = (statements: readonly Statement[], rowless?: 'rowless') => Promise<Row[][]>;

/** A connection of one's own for a writer that composes its transactions from plain statements. */
export interface Session {
  /** The statement that begins a transaction in this dialect; COMMIT is the same in all. */
  readonly begin: string;
  /**
   * Runs `work` alone on the connection: one call at a time, and on SQLite nothing else touches the database meanwhile.
   * `work` commits what it began; where it throws, ROLLBACK is sent. Bounded by the database's `timeoutMs`: beyond it
   * the connection is cut and UNAVAILABLE thrown, and whether a COMMIT under way took effect is unknown.
   * Lost connections, deadlocks and locks that were not given are UNAVAILABLE, too; anything else is the driver's error.
   * `classify` tells all of them apart. Nothing is repeated here.
   */
  exclusive<T>(work: (run: Run) => Promise<T>): Promise<T>;
  /** Gives the connection back once the work under way is done. Later calls of `exclusive` are refused. */
  release(): void;
  /** Cuts the connection at once; work under way ends with UNAVAILABLE and is rolled back by the server. */
  destroy(): void;
}

export interface Database {
  readonly dialect: Dialect;
  /** For metadata and the query builder. Queries go through `read` and `transaction`, which bound and serialise them. */
  readonly source: DataSource;
  /**
   * Runs `work` on one connection without a transaction. UNAVAILABLE where the database does not answer in `timeoutMs`.
   * On SQLite nested calls of `read`, `transaction` or `exclusive` wait for themselves until that time is up.
   */
  read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
  /**
   * Runs `work` in a READ COMMITTED transaction and commits. A deadlock or a lock that was not given within 1 s rolls
   * back and runs `work` again, three times at most by default, all within `timeoutMs`; then UNAVAILABLE.
   * A lost connection is UNAVAILABLE and never repeated here: after COMMIT was sent nobody knows whether it took effect.
   */
  transaction<T>(work: (manager: EntityManager) => Promise<T>, options?: { attempts?: number }): Promise<T>;
  /** Opens nothing yet: the connection is made when it is needed and again after it was lost. */
  session(): Promise<Session>;
  /** Whether the database answers within `timeoutMs`; never rejects. */
  reachable(): Promise<boolean>;
  /** Closes all connections, sessions included. */
  close(): Promise<void>;
}

type Classes<K extends 'entities' | 'migrations'> = NonNullable<DataSourceOptions[K]>;

export interface OpenOptions {
  /** `mysql://user:password@host:3306/database`, `sqlite:path` or `sqlite::memory:`. Never logged. */
  readonly url: string;
  readonly entities: Classes<'entities'>;
  /** TypeORM migrations; the class names end with a timestamp of 13 digits. */
  readonly migrations: Classes<'migrations'>;
  /** Names the database in logs. */
  readonly name: string;
  readonly log: Log;
  /** Connections at most, sessions apart. One on SQLite. */
  readonly poolSize?: number;
  /** Milliseconds for one call, repetitions included. The default keeps the promise to answer within 2 s. */
  readonly timeoutMs?: number;
  /** Milliseconds to wait at the start for a server that is not there yet. */
  readonly waitMs?: number;
}
