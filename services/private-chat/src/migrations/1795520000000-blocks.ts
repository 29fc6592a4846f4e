import { ddl, dialectOf } from '@teahouse/service-kit/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many blocks stand between two people, in the row that sends lock anyway. */
export class Blocks1795520000000 implements MigrationInterface {
  readonly name = 'Blocks1795520000000';

  async up(runner: QueryRunner): Promise<void> {
    const { int } = ddl(dialectOf(runner));
    await runner.query(`ALTER TABLE private_conversation ADD COLUMN blocks ${int} NOT NULL DEFAULT 0`);
    // May be done again.
    const between = '(userId = userLow AND blockedId = userHigh) OR (userId = userHigh AND blockedId = userLow)';
    await runner.query(`UPDATE private_conversation SET blocks = (SELECT COUNT(*) FROM private_block WHERE ${between})
      WHERE EXISTS (SELECT 1 FROM private_block WHERE ${between})`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE private_conversation DROP COLUMN blocks');
  }
}
