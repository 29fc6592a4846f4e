import { movedSecondMigration } from '@teahouse/message-log';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { logTables } from '../tables.js';

const change = movedSecondMigration(logTables);

/** Indexes that change once a second instead of with every batch. */
export class MovedSecond1795510000000 implements MigrationInterface {
  readonly name = 'MovedSecond1795510000000';

  up(runner: QueryRunner): Promise<void> {
    return change.up(runner);
  }

  down(runner: QueryRunner): Promise<void> {
    return change.down(runner);
  }
}
