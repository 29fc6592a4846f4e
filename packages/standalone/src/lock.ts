import { join } from 'node:path';
import { ConfigError, type Log } from '@teahouse/service-kit';
import { classify, openDatabase } from '@teahouse/service-kit/database';

/**
 * Keeps other processes out of a data directory until it is closed or this process ends, however it ends: the lock is an
 * open transaction on a database file of its own, which the operating system lets go of.
 * @throws ConfigError where somebody else holds it
 */
export async function lockDirectory(directory: string, log: Log): Promise<{ close(): Promise<void> }> {
  let close = async () => {};
  try {
    const database = await openDatabase({
      url: `sqlite:${join(directory, 'lock.sqlite')}`,
      entities: [],
      migrations: [],
      name: 'lock',
      log,
    });
    close = () => database.close();
    await database.source.query('BEGIN EXCLUSIVE');
    return {
      async close() {
        // The driver may keep a closed file open until its statements are collected: the lock must not wait for that.
        await database.source.query('ROLLBACK');
        await database.close();
      },
    };
  } catch (error) {
    await close();
    if (classify(error) !== 'locked') throw new ConfigError(`DATA_DIR ${directory} cannot be used.`, { cause: error });
    throw new ConfigError(`DATA_DIR ${directory} is in use by another process.`, { cause: error });
  }
}
