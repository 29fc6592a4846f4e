import { officialGroup } from '@teahouse/contracts';
import { logMigration } from '@teahouse/message-log';
import { ddl, dialectOf } from '@teahouse/service-kit/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { logTables } from '../tables.js';

/** Tables about a group and a user, with the one time they hold. */
const pairTables = { group_ban: undefined, group_mute: 'mutedUntil', group_join_request: 'createTime' };

/** All tables of group-chat, and the official group: it is made once, however many instances start together. */
export class Groups1795392000000 implements MigrationInterface {
  readonly name = 'Groups1795392000000';

  async up(runner: QueryRunner): Promise<void> {
    const { id, bigint, int, text, textIgnoringCase, insertNew, tableOptions } = ddl(dialectOf(runner));
    await runner.query(`CREATE TABLE group_chat (
      id ${id}, groupNumber ${bigint} NULL, groupName ${textIgnoringCase(64)} NOT NULL, ownerId ${bigint} NULL,
      state ${int} NOT NULL, announcement ${text(1024)} NOT NULL, joinPolicy ${int} NOT NULL, memberCount ${int} NOT NULL,
      createTime ${bigint} NOT NULL) ${tableOptions}`);
    await runner.query('CREATE UNIQUE INDEX group_chat_number ON group_chat (groupNumber)');
    await runner.query(`CREATE TABLE group_chat_member (
      groupId ${bigint} NOT NULL, userId ${bigint} NOT NULL, rights ${int} NOT NULL, mutedUntil ${bigint} NOT NULL,
      readSeq ${bigint} NOT NULL, joinTime ${bigint} NOT NULL, PRIMARY KEY (groupId, userId)) ${tableOptions}`);
    await runner.query('CREATE INDEX group_chat_member_user ON group_chat_member (userId)');
    for (const [table, time] of Object.entries(pairTables)) {
      await runner.query(`CREATE TABLE ${table} (
        groupId ${bigint} NOT NULL, userId ${bigint} NOT NULL, ${time === undefined ? '' : `${time} ${bigint} NOT NULL,`}
        PRIMARY KEY (groupId, userId)) ${tableOptions}`);
    }
    await runner.query(`CREATE TABLE group_user (
      userId ${bigint} NOT NULL PRIMARY KEY, membershipVersion ${bigint} NOT NULL, changedAt ${bigint} NOT NULL,
      groupCount ${int} NOT NULL) ${tableOptions}`);
    await runner.query('CREATE INDEX group_user_changed ON group_user (changedAt)');
    await runner.query(`CREATE TABLE group_dissolving (
      groupId ${bigint} NOT NULL PRIMARY KEY, afterUserId ${bigint} NOT NULL) ${tableOptions}`);
    await logMigration(logTables).up(runner);
    await runner.query(
      `${insertNew} INTO group_chat
       (id, groupNumber, groupName, ownerId, state, announcement, joinPolicy, memberCount, createTime)
       VALUES (?, ?, ?, NULL, 0, '', 0, 0, ?)`,
      [officialGroup.id, officialGroup.groupNumber, officialGroup.groupName, Date.now()],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await logMigration(logTables).down(runner);
    for (const table of [
      'group_dissolving',
      'group_user',
      ...Object.keys(pairTables),
      'group_chat_member',
      'group_chat',
    ]) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
