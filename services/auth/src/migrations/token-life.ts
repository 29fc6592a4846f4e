import { ddl, dialectOf } from '@teahouse/service-kit/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The lives that access tokens were given lately. */
export class CreateTokenLife1796000000000 implements MigrationInterface {
  name = 'CreateTokenLife1796000000000';

  async up(runner: QueryRunner): Promise<void> {
    const { bigint, tableOptions } = ddl(dialectOf(runner));
    await runner.query(
      `CREATE TABLE token_life (lifeMs ${bigint} NOT NULL PRIMARY KEY, usedTime ${bigint} NOT NULL) ${tableOptions}`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE token_life');
  }
}
