import type { Database } from '@teahouse/service-kit/database';
import { type PrivateServer, testMysql, withConnection } from '@teahouse/test';
import type { Test } from 'tap';
import { open } from './behaviour.js';
import { Thing } from './things.js';

export interface Mysql extends PrivateServer {
  readonly product: 'mysql' | 'mariadb';
  /** The address of a new, empty database. */
  createDatabase(): Promise<string>;
  /** Runs one statement as root on a connection of its own. */
  query(sql: string): Promise<Record<string, unknown>[]>;
}

/** A private MariaDB or MySQL that makes databases named test1, test2 and so on. */
export async function startMysql(): Promise<Mysql> {
  const server = await testMysql();
  const query = (sql: string) =>
    withConnection(server.url, async (connection) => {
      const [rows] = await connection.query(sql);
      return rows as Record<string, unknown>[];
    });
  const [{ version } = {}] = await query('SELECT VERSION() AS version');
  let databases = 0;
  return {
    ...server,
    product: String(version).includes('MariaDB') ? 'mariadb' : 'mysql',
    query,
    async createDatabase() {
      const name = `test${++databases}`;
      await query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
      return `${server.url}${name}`;
    },
  };
}

/** A new database with the things `a` and `b`, of which there are none. */
export async function twoThings(t: Test, server: Mysql): Promise<{ database: Database; url: string }> {
  const url = await server.createDatabase();
  const database = await open(url);
  t.teardown(() => database.close());
  await database.transaction((manager) =>
    manager.insert(Thing, [
      { name: 'a', amount: 0 },
      { name: 'b', amount: 0 },
    ]),
  );
  return { database, url };
}
