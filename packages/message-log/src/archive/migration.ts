import { ddl, dialectOf, type OpenOptions } from '@teahouse/service-kit/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { wideText } from '../dialect.js';
import type { LogMigration } from '../migration.js';
import type { LogTables } from '../types.js';
import { archiveTablesOf, nothingEvictable } from './tables.js';

/**
 * What archiving adds to a log's hot database, which `logMigration` made: the column `evictableSince` of the conversation
 * (indexed), and three small tables. A log needs it whether it has an archive or not.
 */
export function archiveMigration(tables: LogTables): LogMigration {
  const { conversation, key } = tables;
  const { recall, alarm, keeping } = archiveTablesOf(tables);
  return {
    async up(runner) {
      const { bigint, ascii, insertNew, tableOptions } = ddl(dialectOf(runner));
      await runner.query(
        `ALTER TABLE ${conversation} ADD COLUMN evictableSince ${bigint} NOT NULL DEFAULT ${nothingEvictable}`,
      );
      await runner.query(`CREATE INDEX ${conversation}_evictable ON ${conversation} (evictableSince)`);
      await runner.query(`CREATE TABLE ${recall} (
        ${key} ${bigint} NOT NULL, seq ${bigint} NOT NULL, PRIMARY KEY (${key}, seq)) ${tableOptions}`);
      await runner.query(`CREATE TABLE ${alarm} (
        ${key} ${bigint} NOT NULL PRIMARY KEY, seq ${bigint} NOT NULL, reason ${ascii(16)} NOT NULL,
        foundAt ${bigint} NOT NULL) ${tableOptions}`);
      await runner.query(`CREATE TABLE ${keeping} (
        id ${bigint} NOT NULL PRIMARY KEY, holder ${ascii(36)} NOT NULL, heldUntil ${bigint} NOT NULL,
        roundAt ${bigint} NOT NULL, evicted ${bigint} NOT NULL, hot ${bigint} NOT NULL, unarchived ${bigint} NOT NULL,
        fence ${bigint} NOT NULL) ${tableOptions}`);
      await runner.query(`${insertNew} INTO ${keeping} VALUES (1, '', 0, 0, 0, 0, 0, 0)`);
    },
    async down(runner) {
      for (const table of [keeping, alarm, recall]) await runner.query(`DROP TABLE ${table}`);
    },
  };
}

/** The migrations of an archive database. Several logs may share one database. */
export function archiveDatabaseMigrations(tables: LogTables): OpenOptions['migrations'] {
  const { key, message } = tables;
  const { archive, fence } = archiveTablesOf(tables);
  class CreateArchive implements MigrationInterface {
    readonly name = `Archive_${message}_1795500000000`;

    async up(runner: QueryRunner): Promise<void> {
      const dialect = dialectOf(runner);
      const { bigint, int, ascii, insertNew, tableOptions } = ddl(dialect);
      const content = wideText(dialect);
      await runner.query(`CREATE TABLE ${archive} (
        ${key} ${bigint} NOT NULL, seq ${bigint} NOT NULL, id ${ascii(36)} NOT NULL, fromUserId ${bigint} NOT NULL,
        content ${content} NOT NULL, kind ${int} NOT NULL, notice ${content} NULL, clientId ${ascii(64)} NULL,
        createTime ${bigint} NOT NULL, recalled ${int} NOT NULL, PRIMARY KEY (${key}, seq)) ${tableOptions}`);
      await runner.query(
        `CREATE TABLE ${fence} (id ${bigint} NOT NULL PRIMARY KEY, writes ${bigint} NOT NULL) ${tableOptions}`,
      );
      await runner.query(`${insertNew} INTO ${fence} VALUES (1, 0)`);
    }

    async down(runner: QueryRunner): Promise<void> {
      await runner.query(`DROP TABLE ${fence}`);
      await runner.query(`DROP TABLE ${archive}`);
    }
  }
  return [CreateArchive];
}
