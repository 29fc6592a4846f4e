import { ddl, dialectOf } from '@teahouse/service-kit/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Accounts, logins, signing keys. 576 characters for a key of 32: NFKC writes one character as up to 18; as utf8mb4 that
 * is still within the 3,072 bytes of an index.
 */
export class CreateAuthTables1764000000000 implements MigrationInterface {
  name = 'CreateAuthTables1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    const d = ddl(dialectOf(runner));
    await runner.query(`CREATE TABLE \`user\` (
      id ${d.id},
      username ${d.text(32)} NOT NULL,
      usernameKey ${d.text(576)} NOT NULL,
      nickname ${d.text(32)} NOT NULL,
      passwordHash ${d.ascii(255)} NOT NULL,
      role ${d.int} NOT NULL DEFAULT 0,
      disabled ${d.int} NOT NULL DEFAULT 0,
      lastOnlineTime ${d.bigint} NULL,
      createTime ${d.bigint} NOT NULL,
      profileVersion ${d.int} NOT NULL,
      changeTime ${d.bigint} NOT NULL,
      told ${d.int} NOT NULL
    ) ${d.tableOptions}`);
    await runner.query('CREATE UNIQUE INDEX user_usernameKey ON `user` (usernameKey)');
    await runner.query('CREATE INDEX user_told ON `user` (told, changeTime)');

    await runner.query(`CREATE TABLE login (
      id ${d.ascii(36)} NOT NULL PRIMARY KEY,
      userId ${d.bigint} NOT NULL,
      familyHash ${d.ascii(64)} NOT NULL,
      tokenHash ${d.ascii(64)} NOT NULL,
      createTime ${d.bigint} NOT NULL,
      lastUse ${d.bigint} NOT NULL,
      endTime ${d.bigint} NULL,
      told ${d.int} NOT NULL
    ) ${d.tableOptions}`);
    await runner.query('CREATE INDEX login_userId ON login (userId, endTime)');
    await runner.query('CREATE INDEX login_told ON login (told, endTime)');
    await runner.query('CREATE INDEX login_lastUse ON login (lastUse)');

    await runner.query(`CREATE TABLE signing_key (
      kid ${d.ascii(64)} NOT NULL PRIMARY KEY,
      made ${d.int} NULL,
      privateKey ${d.ascii(1024)} NULL,
      publicKey ${d.ascii(1024)} NOT NULL,
      createTime ${d.bigint} NOT NULL,
      usedTime ${d.bigint} NOT NULL
    ) ${d.tableOptions}`);
    await runner.query('CREATE UNIQUE INDEX signing_key_made ON signing_key (made)');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['signing_key', 'login', '`user`']) await runner.query(`DROP TABLE ${table}`);
  }
}
