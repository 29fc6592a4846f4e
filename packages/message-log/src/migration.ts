import { ddl, dialectOf } from '@teahouse/service-kit/database';
import type { QueryRunner } from 'typeorm';
import { wideText } from './dialect.js';
import type { LogTables } from './types.js';

/** How a service's migration makes the tables of its log. */
export interface LogMigration {
  /**
   * Creates the message and sent tables and adds to the conversation table, which the service created before without
   * them: `lastSeq`, `movedAt` (milliseconds), `archivedThroughSeq`, `hotFromSeq`.
   */
  up(runner: QueryRunner): Promise<void>;
  /** Drops the two tables; the columns go with the conversation table. */
  down(runner: QueryRunner): Promise<void>;
}

export function logMigration(tables: LogTables): LogMigration {
  const { conversation, message, key, sent } = tables;
  return {
    async up(runner) {
      const dialect = dialectOf(runner);
      const { bigint, int, ascii, tableOptions } = ddl(dialect);
      const content = wideText(dialect);
      for (const [column, start] of [
        ['lastSeq', 0],
        ['movedAt', 0],
        ['archivedThroughSeq', 0],
        ['hotFromSeq', 1],
      ] as const) {
        await runner.query(`ALTER TABLE ${conversation} ADD COLUMN ${column} ${bigint} NOT NULL DEFAULT ${start}`);
      }
      await runner.query(`CREATE INDEX ${conversation}_moved ON ${conversation} (movedAt)`);
      await runner.query(`CREATE TABLE ${message} (
        ${key} ${bigint} NOT NULL, seq ${bigint} NOT NULL, id ${ascii(36)} NOT NULL, fromUserId ${bigint} NOT NULL,
        content ${content} NOT NULL, kind ${int} NOT NULL, notice ${content} NULL, clientId ${ascii(64)} NULL,
        createTime ${bigint} NOT NULL, recalled ${int} NOT NULL, PRIMARY KEY (${key}, seq)) ${tableOptions}`);
      await runner.query(`CREATE TABLE ${sent} (
        fromUserId ${bigint} NOT NULL, clientId ${ascii(64)} NOT NULL, conversationId ${bigint} NOT NULL,
        seq ${bigint} NOT NULL, id ${ascii(36)} NOT NULL, createTime ${bigint} NOT NULL, contentHash ${ascii(32)} NOT NULL,
        PRIMARY KEY (fromUserId, clientId)) ${tableOptions}`);
      await runner.query(`CREATE INDEX ${sent}_age ON ${sent} (createTime)`);
    },
    async down(runner) {
      await runner.query(`DROP TABLE ${sent}`);
      await runner.query(`DROP TABLE ${message}`);
    },
  };
}
