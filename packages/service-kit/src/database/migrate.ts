import mysql from 'mysql2';
import type { DataSource } from 'typeorm';
import type { Log } from '../log.js';
import { connectionOptions, type MysqlAddress, part } from './mysql-options.js';
import { makeRepeatable } from './repeatable.js';

/** How long an instance waits for another one that migrates. */
const lockSeconds = 120;

/**
 * Runs pending migrations under a lock of the server, so that many instances may start at once. A failure stops the start;
 * the next one goes on from there.
 */
export async function migrateMysql(source: DataSource, address: MysqlAddress, log: Log): Promise<void> {
  const connection = mysql.createConnection(connectionOptions(address));
  let needed = true;
  connection.on('error', (error) => {
    if (needed) log.warn({ err: error }, 'the connection that holds the migration lock failed');
  });
  try {
    // Locks belong to the server, so the database is part of the name; 64 characters are the limit. MySQL 9 has no MD5.
    const rows = await ask(
      connection,
      "SELECT GET_LOCK(CONCAT('teahouse:', LEFT(SHA2(DATABASE(), 256), 32)), ?) AS locked",
      [lockSeconds],
    );
    if (rows[0]?.locked !== 1)
      throw new Error(`Another instance has been migrating the database for ${lockSeconds} s.`);
    makeRepeatable(source);
    await migrate(source, log);
  } finally {
    // The lock ends with its connection.
    needed = false;
    part(connection);
  }
}

/** Runs pending migrations; the caller sees to it that nobody else does. Each is a transaction where DDL can be part of one. */
export async function migrate(source: DataSource, log: Log): Promise<void> {
  const done = await source.runMigrations({ transaction: 'each' });
  if (done.length > 0) log.info({ migrations: done.map(({ name }) => name) }, 'migrated the database');
}

function ask(connection: mysql.Connection, sql: string, params: unknown[]): Promise<Record<string, unknown>[]> {
  return new Promise((resolve, reject) => {
    connection.query({ sql, values: params, timeout: (lockSeconds + 10) * 1000 }, (error, rows) => {
      if (error !== null) reject(error);
      else resolve(rows as Record<string, unknown>[]);
    });
  });
}
