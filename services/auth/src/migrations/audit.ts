import { createAudit, dialectOf } from '@teahouse/service-kit/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The audit trail, and an index by which the admins, who are few, are found and locked. */
export class CreateAudit1795500000000 implements MigrationInterface {
  name = 'CreateAudit1795500000000';

  async up(runner: QueryRunner): Promise<void> {
    await createAudit(runner);
    await runner.query('CREATE INDEX user_role ON `user` (role)');
  }

  async down(runner: QueryRunner): Promise<void> {
    const on = dialectOf(runner) === 'sqlite' ? '' : ' ON `user`';
    await runner.query(`DROP INDEX user_role${on}`);
    await runner.query('DROP TABLE audit');
  }
}
