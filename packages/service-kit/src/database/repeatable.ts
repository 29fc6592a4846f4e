import type { DataSource, QueryRunner } from 'typeorm';

/** The table, column or index is there already, or was dropped already. MySQL's and MariaDB's manuals list these numbers. */
const doneBefore = new Set<unknown>([1050, 1060, 1061, 1091]);

/**
 * Lets the migrations be run again after one was cut off: on these servers each CREATE, ALTER and DROP commits by itself, and
 * what was done before its end stays done. Whatever else a migration does must be right when it is done twice.
 */
export function makeRepeatable(source: DataSource): void {
  for (const migration of source.migrations) {
    const up = migration.up.bind(migration);
    migration.up = (runner) => up(passingOver(runner));
  }
}

/** This runner, for which what is done already is no error. */
function passingOver(runner: QueryRunner): QueryRunner {
  const query = async (sql: string, params?: unknown[]): Promise<unknown> => {
    try {
      return await runner.query(sql, params);
    } catch (error) {
      if (!doneBefore.has((error as { errno?: unknown }).errno)) throw error;
      return undefined;
    }
  };
  return Object.create(runner, { query: { value: query } }) as QueryRunner;
}
