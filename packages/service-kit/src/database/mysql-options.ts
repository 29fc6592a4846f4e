import type { Socket } from 'node:net';
import type mysql from 'mysql2';
import { ConfigError } from '../config.js';

/** A connection that the server sees idle for this long is closed, and its transaction rolled back: a stopped instance's locks end. */
const serverIdleSeconds = 8;
/** Idle connections are given up before the server gives them up. */
export const clientIdleMs = 5000;

/**
 * What each connection starts with. READ COMMITTED takes no gap locks. The mode is stated because the server's own may
 * truncate values silently, or switch off the backslash on which the driver's escaping rests.
 */
const sessionSettings =
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; ' +
  "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', " +
  `wait_timeout = ${serverIdleSeconds}, innodb_lock_wait_timeout = 1`;

export interface MysqlAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** Takes `mysql://user:password@host:3306/database` apart; percent-encoded parts are decoded. */
export function parseMysqlUrl(url: string): MysqlAddress {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new ConfigError('The address of the database must be mysql://user:password@host:3306/database.');
  }
  return {
    // An IPv6 address stands in brackets in a URL only.
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? 3306 : Number(parsed.port),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database: decodeURIComponent(parsed.pathname.slice(1)),
  };
}

/** The driver's options for every connection to `address`, pooled or not. */
export function connectionOptions(address: MysqlAddress) {
  return {
    ...address,
    charset: 'utf8mb4_unicode_520_ci',
    timezone: 'Z',
    supportBigNumbers: true,
    // Our ids, times and `seq` stay below 2^53.
    bigNumberStrings: false,
    connectTimeout: 5000,
    multipleStatements: true,
    stringifyObjects: true,
    // Notes who called, for the stack of an error that may come: 23 µs with each statement.
    trace: false,
  } satisfies mysql.ConnectionOptions;
}

/**
 * Prepares a fresh connection. The settings are queued before any other statement; where they fail the connection is cut,
 * so that nothing ever runs without them. Resolves when they hold.
 * @param onError hears of errors that belong to no statement; without a listener they would end the process.
 */
export function prepareConnection(connection: mysql.Connection, onError: (error: unknown) => void): Promise<void> {
  connection.on('error', onError);
  const ready = new Promise<void>((resolve, reject) => {
    connection.query(sessionSettings, (error) => {
      if (error === null) return resolve();
      onError(error);
      void cut(connection);
      reject(error);
    });
  });
  // Whoever does not wait for it is told by its first statement.
  ready.catch(() => {});
  return ready;
}

/**
 * Ends a connection without a word to the server, which may be stopped: statements under way fail at once with
 * PROTOCOL_CONNECTION_LOST. The driver's own `destroy` would leave them without an answer.
 * Resolves when the pool, too, knows that the connection is gone.
 */
export function cut(connection: mysql.Connection): Promise<void> {
  const { stream } = connection as unknown as { stream: Socket };
  if (stream.closed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('close', () => resolve());
    stream.destroy();
  });
}

const farewellMs = 1000;

/** Ends an idle connection with a word to the server, so that it does not log a lost client; cuts it where that fails. */
export function part(connection: mysql.Connection): void {
  connection.end();
  setTimeout(() => void cut(connection), farewellMs).unref();
}
