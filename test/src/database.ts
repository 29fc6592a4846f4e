import { randomBytes } from 'node:crypto';
import { type Connection, createConnection } from 'mysql2/promise';
import { testMysql } from './mysql.js';
import type { PrivateServer } from './server.js';

export interface TestDatabase {
  /** `mysql://root:…@127.0.0.1:port/name`: an empty utf8mb4 database. */
  readonly url: string;
  drop(): Promise<void>;
}

let own: Promise<PrivateServer> | undefined;

/** Root's URL of the server that all test files share, `TEST_MYSQL_URL`; for a file run by itself, one that ends with it. */
export async function sharedMysqlUrl(): Promise<string> {
  const given = process.env.TEST_MYSQL_URL;
  if (given) return given;
  own ??= testMysql();
  return (await own).url;
}

/** Makes an empty database with a fresh name that starts with `name` (letters, digits and `_`). */
export async function testDatabase(name: string): Promise<TestDatabase> {
  const url = new URL(await sharedMysqlUrl());
  const database = `test_${name}_${randomBytes(6).toString('hex')}`;
  await withConnection(url.href, (connection) =>
    connection.query(`CREATE DATABASE \`${database}\` CHARACTER SET utf8mb4`),
  );
  const server = url.href;
  url.pathname = `/${database}`;
  return {
    url: url.href,
    async drop() {
      await withConnection(server, (connection) => connection.query(`DROP DATABASE IF EXISTS \`${database}\``));
    },
  };
}

/** Opens a connection for `work` and closes it, whatever happens. */
export async function withConnection<T>(url: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await createConnection({ uri: url, connectTimeout: 10_000 });
  try {
    return await work(connection);
  } finally {
    connection.destroy();
  }
}
