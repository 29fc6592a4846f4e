import { ddl, dialectOf } from '@teahouse/service-kit/database';
import type { QueryRunner } from 'typeorm';
import type { LogMigration } from './migration.js';
import type { LogTables } from './types.js';

/*
 * Conversations are found by the second in which they moved last, and only then compared by the exact time: an index over
 * the exact time would have to be changed by every batch for each of its conversations, which took a tenth of the
 * database's work (and a third where a table had three such indexes).
 */

/** The second of a time in milliseconds. */
export const secondOf = (ms: number): number => Math.floor(ms / 1000);

/** Indexes of a conversation table that end with `movedAt`, beside the log's own, by name: their other columns. */
export type MovedIndexes = Readonly<Record<string, string>>;

/** Adds the column `movedSecond` to the conversation and puts it in the place of `movedAt` in these indexes and the log's own. */
export function movedSecondMigration({ conversation }: LogTables, indexes: MovedIndexes = {}): LogMigration {
  const all = Object.entries({ [`${conversation}_moved`]: '', ...indexes });
  const replace = async (runner: QueryRunner, column: string) => {
    const on = dialectOf(runner) === 'sqlite' ? '' : ` ON ${conversation}`;
    for (const [name, others] of all) {
      await runner.query(`DROP INDEX ${name}${on}`);
      await runner.query(`CREATE INDEX ${name} ON ${conversation} (${others === '' ? '' : `${others}, `}${column})`);
    }
  };
  return {
    async up(runner) {
      const { bigint } = ddl(dialectOf(runner));
      await runner.query(`ALTER TABLE ${conversation} ADD COLUMN movedSecond ${bigint} NOT NULL DEFAULT 0`);
      await runner.query(`UPDATE ${conversation} SET movedSecond = (movedAt - movedAt % 1000) / 1000`);
      await replace(runner, 'movedSecond');
    },
    async down(runner) {
      await replace(runner, 'movedAt');
      await runner.query(`ALTER TABLE ${conversation} DROP COLUMN movedSecond`);
    },
  };
}
