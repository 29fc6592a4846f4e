import { TeahouseError } from '@teahouse/contracts';
import mysql from 'mysql2';
import { withDeadline } from './deadline.js';
import { classify, presentable } from './errors.js';
import { Mutex } from './mutex.js';
import { clientIdleMs, connectionOptions, cut, type MysqlAddress, part, prepareConnection } from './mysql-options.js';
import type { Row, Run, Session, Statement } from './types.js';
import { checkParams } from './values.js';

/** Calls of `exclusive` that may wait for one session. A lane has one at a time. */
const waitingBound = 100;
/** To connect takes several round trips, for which work may have no time; what comes next finds the connection. */
const openMs = 4000;

/** A connection outside the pool, opened on demand. */
export class MysqlSession implements Session {
  readonly begin = 'START TRANSACTION';
  readonly #mutex = new Mutex(waitingBound);
  #connection: mysql.Connection | undefined;
  /** of `#connection` */
  #ready: Promise<void> = Promise.resolve();
  #usedAt = 0;
  #released = false;

  constructor(
    private readonly dialect: 'mysql' | 'mariadb',
    private readonly address: MysqlAddress,
    private readonly timeoutMs: number,
    private readonly onError: (error: unknown) => void,
    private readonly onRelease: () => void,
  ) {}

  async exclusive<T>(work: (run: Run) => Promise<T>): Promise<T> {
    if (this.#released) throw new TeahouseError('UNAVAILABLE');
    try {
      const until = performance.now() + this.timeoutMs;
      return await withDeadline(this.timeoutMs, (signal) => this.#mutex.run(() => this.#work(work, until, signal)));
    } catch (error) {
      throw presentable(error);
    }
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    const end = async () => {
      if (this.#connection !== undefined) part(this.#connection);
    };
    this.#mutex.run(end).catch(() => this.destroy());
    this.onRelease();
  }

  destroy(): void {
    this.#released = true;
    if (this.#connection !== undefined) void cut(this.#connection);
    this.onRelease();
  }

  async #work<T>(work: (run: Run) => Promise<T>, until: number, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const connection = this.#open();
    await this.#ready;
    this.#usedAt = performance.now();
    signal.throwIfAborted();
    // With less of its time left it would be cut half way, and the connection with it.
    if (until - this.#usedAt < this.timeoutMs / 2) throw new TeahouseError('UNAVAILABLE');
    const abort = () => void cut(connection);
    signal.addEventListener('abort', abort);
    try {
      const result = await work((statements, rowless) =>
        send(connection, statements, rowless !== undefined && this.dialect === 'mariadb' && statements.length > 1),
      );
      this.#usedAt = performance.now();
      return result;
    } catch (error) {
      await this.#rollback(connection, error);
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async #rollback(connection: mysql.Connection, error: unknown): Promise<void> {
    try {
      if (classify(error) === 'connection') throw error;
      await send(connection, [{ sql: 'ROLLBACK' }], false);
      this.#usedAt = performance.now();
    } catch {
      // The server rolls back what a lost connection had begun.
      await cut(connection);
      this.#forget(connection);
    }
  }

  #open(): mysql.Connection {
    const idle = this.#connection;
    if (idle !== undefined && performance.now() - this.#usedAt < clientIdleMs) return idle;
    if (idle !== undefined) part(idle);
    const connection = mysql.createConnection(connectionOptions(this.address));
    const late = setTimeout(() => void cut(connection), openMs);
    this.#ready = prepareConnection(connection, (error) => {
      this.#forget(connection);
      this.onError(error);
    }).finally(() => clearTimeout(late));
    connection.on('end', () => this.#forget(connection));
    this.#connection = connection;
    this.#usedAt = performance.now();
    return connection;
  }

  #forget(connection: mysql.Connection): void {
    if (this.#connection === connection) this.#connection = undefined;
  }
}

/**
 * All statements in one packet. Each is formatted alone, so that a missing value cannot shift into the next one.
 * @param atOnce as one compound statement, which MariaDB answers once, at its end or at the first error in it
 */
function send(connection: mysql.Connection, statements: readonly Statement[], atOnce: boolean): Promise<Row[][]> {
  const sql = statements.map(({ sql, params = [] }) => {
    checkParams(params);
    return mysql.format(sql, [...params], true, 'Z');
  });
  return new Promise((resolve, reject) => {
    connection.query(atOnce ? `BEGIN NOT ATOMIC ${sql.join(';')}; END` : sql.join(';'), (error, result) => {
      if (error !== null) return reject(error);
      if (atOnce) return resolve([]);
      const results: unknown[] = sql.length === 1 ? [result] : (result as unknown as unknown[]);
      resolve(results.map((rows) => (Array.isArray(rows) ? (rows as Row[]) : [])));
    });
  });
}
