import mysql from 'mysql2';
import { ConfigError } from '../config.js';
import type { Log } from '../log.js';
import { classify } from './errors.js';
import { connectionOptions, cut, type MysqlAddress } from './mysql-options.js';

/** Errors that waiting does not heal: who may come in, and what is there. */
const refusals = new Set(['ER_ACCESS_DENIED_ERROR', 'ER_DBACCESS_DENIED_ERROR', 'ER_BAD_DB_ERROR']);
const longestPauseMs = 2000;
/** How often the log is told that the server is still awaited. */
const waitingMs = 5000;

/**
 * Waits for a server that is not there yet, up to `waitMs`, and asks what it is.
 * @throws ConfigError where the server refuses the user or the database, or is older than the statements used here.
 */
export async function probe(address: MysqlAddress, log: Log, waitMs: number): Promise<'mysql' | 'mariadb'> {
  const where = { host: address.host, port: address.port, database: address.database };
  const end = performance.now() + waitMs;
  let told = Number.NEGATIVE_INFINITY;
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return productOf(await askVersion(address));
    } catch (error) {
      const code = String((error as { code?: unknown }).code ?? 'unknown error');
      const place = `${where.host}:${where.port}/${where.database}`;
      if (refusals.has(code))
        throw new ConfigError(`The database ${place} refuses the connection (${code}).`, { cause: error });
      if (classify(error) !== 'connection') throw error;
      if (performance.now() + pauseMs > end) {
        throw new Error(`The database ${place} did not answer within ${Math.round(waitMs / 1000)} s (${code}).`, {
          cause: error,
        });
      }
      if (performance.now() - told >= waitingMs) {
        log.warn({ ...where, code }, 'waiting for the database');
        told = performance.now();
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

function askVersion(address: MysqlAddress): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = mysql.createConnection(connectionOptions(address));
    connection.on('error', reject);
    connection.query({ sql: 'SELECT VERSION() AS version', timeout: 5000 }, (error, rows) => {
      if (error !== null) reject(error);
      else resolve(String((rows as { version: unknown }[])[0]?.version));
      void cut(connection);
    });
  });
}

function productOf(version: string): 'mysql' | 'mariadb' {
  // MariaDB may put a false version in front for the sake of old clients.
  const mariadb = /(\d+)\.(\d+)\.\d+-MariaDB/i.exec(version);
  const [, major, minor] = mariadb ?? /^(\d+)\.(\d+)/.exec(version) ?? [];
  const found = Number(major) * 100 + Number(minor);
  // SKIP LOCKED came with these.
  if (!(found >= (mariadb === null ? 800 : 1006))) {
    throw new ConfigError(
      `The database server is version ${version}; MariaDB 10.6 or MySQL 8.0 is the oldest that works.`,
    );
  }
  return mariadb === null ? 'mysql' : 'mariadb';
}
