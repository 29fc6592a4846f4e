import { logMigration } from '@teahouse/message-log';
import { ddl, dialectOf } from '@teahouse/service-kit/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { logTables } from '../tables.js';

/** All tables of private-chat. */
export class Conversations1795392000000 implements MigrationInterface {
  readonly name = 'Conversations1795392000000';

  async up(runner: QueryRunner): Promise<void> {
    const { id, bigint, tableOptions } = ddl(dialectOf(runner));
    await runner.query(`CREATE TABLE private_conversation (
      id ${id}, userLow ${bigint} NOT NULL, userHigh ${bigint} NOT NULL,
      readLow ${bigint} NOT NULL DEFAULT 0, readHigh ${bigint} NOT NULL DEFAULT 0) ${tableOptions}`);
    await runner.query(`CREATE TABLE private_block (
      userId ${bigint} NOT NULL, blockedId ${bigint} NOT NULL, PRIMARY KEY (userId, blockedId)) ${tableOptions}`);
    await logMigration(logTables).up(runner);
    await runner.query('CREATE UNIQUE INDEX private_conversation_pair ON private_conversation (userLow, userHigh)');
    await runner.query('CREATE INDEX private_conversation_low ON private_conversation (userLow, movedAt)');
    await runner.query('CREATE INDEX private_conversation_high ON private_conversation (userHigh, movedAt)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await logMigration(logTables).down(runner);
    await runner.query('DROP TABLE private_block');
    await runner.query('DROP TABLE private_conversation');
  }
}
