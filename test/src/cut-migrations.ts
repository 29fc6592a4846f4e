import { testDatabase, withConnection } from './database.js';

interface Runner {
  query(sql: string, params?: unknown[]): Promise<unknown>;
}

/** What the migrations of TypeORM have in common. */
export interface Migration {
  up(runner: Runner): Promise<unknown>;
  down(runner: Runner): Promise<unknown>;
}
type Migrations = readonly (new () => Migration)[];

/** Opens the database as a service does, with these migrations, and closes it again. */
export type StartOnce = (url: string, migrations: (new () => Migration)[]) => Promise<void>;

class CutOff extends Error {}

/**
 * Migrates two databases: one at once, the other cut off after each statement in turn, and begun anew. Returns what both of
 * them hold, which is to be the same, and how often the second one was cut off.
 */
export async function cutMigrations(
  name: string,
  migrations: Migrations,
  start: StartOnce,
): Promise<{ whole: Contents; pieced: Contents; cuts: number }> {
  const [whole, pieced] = await Promise.all([testDatabase(name), testDatabase(`${name}_cut`)]);
  try {
    await start(whole.url, [...migrations]);
    let cuts = 0;
    for (const [i, last] of migrations.entries()) {
      for (let after = 1; await isCut(start(pieced.url, [...migrations.slice(0, i), cut(last, after)])); after++)
        cuts++;
    }
    return { whole: await contentsOf(whole.url), pieced: await contentsOf(pieced.url), cuts };
  } finally {
    await whole.drop();
    await pieced.drop();
  }
}

function cut(Whole: new () => Migration, after: number): new () => Migration {
  return class extends Whole {
    override up(runner: Runner): Promise<unknown> {
      let left = after;
      const query = async (sql: string, params?: unknown[]) => {
        const result = await runner.query(sql, params);
        if (--left === 0) throw new CutOff();
        return result;
      };
      return super.up(Object.create(runner, { query: { value: query } }) as Runner);
    }
  };
}

async function isCut(started: Promise<void>): Promise<boolean> {
  try {
    await started;
    return false;
  } catch (error) {
    if (error instanceof CutOff) return true;
    throw error;
  }
}

/** By table: how it is made, and its rows. */
type Contents = Record<string, { made: unknown; rows: unknown }>;

function contentsOf(url: string): Promise<Contents> {
  return withConnection(url, async (connection) => {
    const query = async (sql: string) => (await connection.query(sql))[0] as Record<string, unknown>[];
    const contents: Contents = {};
    for (const row of await query('SHOW TABLES')) {
      const table = String(Object.values(row)[0]);
      const [made] = await query(`SHOW CREATE TABLE \`${table}\``);
      const rows = await query(`SELECT * FROM \`${table}\``);
      // The one thing in which the two differ: when they were made.
      contents[table] = { made, rows: rows.map(({ createTime: _, ...rest }) => rest) };
    }
    return contents;
  });
}
