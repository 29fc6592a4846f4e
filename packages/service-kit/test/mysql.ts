import { type PrivateServer, testMysql, withConnection } from '@teahouse/test';

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
