import { archiveMigration } from '@teahouse/message-log';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { logTables } from '../tables.js';

/** What moving old messages to an archive needs. */
export class Archive1795500000000 implements MigrationInterface {
  readonly name = 'Archive1795500000000';

  async up(runner: QueryRunner): Promise<void> {
    await archiveMigration(logTables).up(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await archiveMigration(logTables).down(runner);
  }
}
