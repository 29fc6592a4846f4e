import { TeahouseError } from '@teahouse/contracts';
import mysql from 'mysql2';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { withDeadline } from './deadline.js';
import { classify, presentable } from './errors.js';
import { clientIdleMs, connectionOptions, cut, type MysqlAddress, prepareConnection } from './mysql-options.js';
import { MysqlSession } from './mysql-session.js';
import { repeat } from './repeat.js';
import type { Database, OpenOptions, Session } from './types.js';

/** Callers that may wait for a connection of the pool; the next one is told UNAVAILABLE at once. */
const queueLimit = 500;
const closeMs = 2000;

/** A pool of connections to MySQL or MariaDB behind TypeORM. */
export class MysqlDatabase implements Database {
  readonly dialect: 'mysql' | 'mariadb';
  readonly source: DataSource;
  readonly #address: MysqlAddress;
  readonly #timeoutMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #connections = new Set<mysql.Connection>();
  readonly #sessions = new Set<Session>();

  constructor(dialect: 'mysql' | 'mariadb', address: MysqlAddress, options: Required<OpenOptions>) {
    this.dialect = dialect;
    this.#address = address;
    this.#timeoutMs = options.timeoutMs;
    this.#onError = (error) => options.log.debug({ err: error }, 'a database connection ended');
    const { user, ...connection } = connectionOptions(address);
    this.source = new DataSource({
      type: dialect,
      ...connection,
      username: user,
      driver: { createPool: (settings: mysql.PoolOptions) => this.#createPool(settings) },
      // One below the limit, because the pool looks for idle connections only where these differ.
      extra: { maxIdle: options.poolSize - 1, idleTimeout: clientIdleMs, queueLimit, stringifyObjects: true },
      poolSize: options.poolSize,
      entities: options.entities,
      migrations: options.migrations,
      logging: false,
    });
  }

  async read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.#withRunner(this.#timeoutMs, (runner) => work(runner.manager));
    } catch (error) {
      throw presentable(error);
    }
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>, options?: { attempts?: number }): Promise<T> {
    return repeat(this.#timeoutMs, options?.attempts, (leftMs) =>
      this.#withRunner(leftMs, async (runner) => {
        await runner.startTransaction();
        try {
          const result = await work(runner.manager);
          await runner.commitTransaction();
          return result;
        } catch (error) {
          if (classify(error) !== 'connection') await rollback(runner);
          throw error;
        }
      }),
    );
  }

  async session(): Promise<Session> {
    const session: Session = new MysqlSession(this.dialect, this.#address, this.#timeoutMs, this.#onError, () => {
      this.#sessions.delete(session);
    });
    this.#sessions.add(session);
    return session;
  }

  async reachable(): Promise<boolean> {
    return this.read((manager) => manager.query('SELECT 1')).then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) session.release();
    try {
      if (this.source.isInitialized) await withDeadline(closeMs, () => this.source.destroy());
    } catch (error) {
      // A stopped server does not say goodbye.
      this.#onError(error);
    }
    for (const connection of this.#connections) void cut(connection);
  }

  #createPool(settings: mysql.PoolOptions): mysql.Pool {
    const pool = mysql.createPool(settings);
    pool.on('connection', (connection) => {
      this.#connections.add(connection);
      connection.on('end', () => this.#connections.delete(connection));
      void prepareConnection(connection, (error) => {
        this.#connections.delete(connection);
        this.#onError(error);
      });
    });
    return pool;
  }

  /** One connection for `work`. It is cut, and so never used again, where `work` is late or the connection is in doubt. */
  async #withRunner<T>(timeoutMs: number, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    if (!this.source.isInitialized) throw new TeahouseError('UNAVAILABLE');
    return withDeadline(timeoutMs, async (signal) => {
      const runner = this.source.createQueryRunner();
      try {
        const connection: mysql.PoolConnection = await runner.connect();
        signal.throwIfAborted();
        signal.addEventListener('abort', () => void cut(connection));
        return await work(runner);
      } catch (error) {
        if (classify(error) === 'connection' && !signal.aborted) await cutRunner(runner);
        throw error;
      } finally {
        await runner.release();
      }
    });
  }
}

async function rollback(runner: QueryRunner): Promise<void> {
  try {
    await runner.rollbackTransaction();
  } catch {
    // The server rolls back what a lost connection had begun.
    await cutRunner(runner);
  }
}

async function cutRunner(runner: QueryRunner): Promise<void> {
  const connection: mysql.PoolConnection | undefined = await runner.connect().catch(() => undefined);
  if (connection !== undefined) await cut(connection);
}
