import { ConfigError } from '../config.js';
import { migrate, migrateMysql } from './migrate.js';
import { MysqlDatabase } from './mysql.js';
import { parseMysqlUrl } from './mysql-options.js';
import { probe } from './mysql-probe.js';
import type { Database, OpenOptions } from './types.js';

const defaults = { poolSize: 10, timeoutMs: 1800, waitMs: 60_000 };

/**
 * Opens a database and migrates it.
 * @throws ConfigError where the address is wrong or the server refuses it; an Error with a sentence where the server did
 * not answer within `waitMs`; a migration's own error.
 */
export async function openDatabase(options: OpenOptions): Promise<Database> {
  const log = options.log.child({ database: options.name });
  const settings = { ...defaults, ...options, log };
  if (options.url.startsWith('sqlite:')) {
    // Loaded here only: images of the real services are without it.
    const { SqliteDatabase } = await import('./sqlite.js');
    const database = new SqliteDatabase(options.url.slice('sqlite:'.length), settings);
    return ready(database, () => migrate(database.source, log));
  }
  if (!options.url.startsWith('mysql:')) {
    throw new ConfigError('The address of a database starts with mysql: or sqlite:.');
  }
  const address = parseMysqlUrl(options.url);
  const dialect = await probe(address, log, settings.waitMs);
  const database = new MysqlDatabase(dialect, address, settings);
  return ready(database, () => migrateMysql(database.source, address, log));
}

async function ready(database: Database, migration: () => Promise<void>): Promise<Database> {
  await database.source.initialize();
  try {
    await migration();
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
