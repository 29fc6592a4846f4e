import { createAudit } from '@teahouse/service-kit/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The audit trail. */
export class Audit1795600000000 implements MigrationInterface {
  readonly name = 'Audit1795600000000';

  async up(runner: QueryRunner): Promise<void> {
    await createAudit(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit');
  }
}
