import type { AuditEntry } from '@teahouse/contracts';
import { eventually } from '@teahouse/test';
import t from 'tap';
import { type CallName, callerOf, type MakeSetup, running, start } from './setups.js';

const by = { userId: 1, address: '203.0.113.9' };

/** What is done to a group by the power of an office, in order; `again`: the same once more changes nothing. */
const acts: readonly { act: CallName; fields: object; userId?: number; detail?: object; again?: false }[] = [
  { act: 'inviteMember', fields: { userId: 6 }, userId: 6 },
  { act: 'muteMember', fields: { userId: 6, seconds: 600 }, userId: 6, detail: { mutedUntil: /Z$/ }, again: false },
  { act: 'muteMember', fields: { userId: 6, seconds: 0 }, userId: 6, detail: {} },
  { act: 'setRights', fields: { userId: 4, rights: 'admin' }, userId: 4, detail: { rights: 'admin' } },
  { act: 'removeMember', fields: { userId: 6 }, userId: 6, again: false },
  { act: 'banMember', fields: { userId: 6 }, userId: 6 },
  { act: 'unbanMember', fields: { userId: 6 }, userId: 6 },
  { act: 'setGroupState', fields: { state: 'adminsOnly' }, detail: { state: 'adminsOnly' } },
  { act: 'updateGroup', fields: { groupName: '新茶' }, detail: { groupName: '新茶' } },
  { act: 'updateGroup', fields: { announcement: '茶\u0001'.repeat(512) }, detail: {} },
  { act: 'updateGroup', fields: { joinPolicy: 'approval' }, detail: { joinPolicy: 'approval' } },
  { act: 'transferOwner', fields: { userId: 3 }, userId: 3, again: false },
];

/** The audit trail of groups, and official notices. */
export function auditSuite(name: string, make: MakeSetup): void {
  t.test(`${name}: audit trail`, async (t) => {
    const world = await running(t, make);
    const { ask, as, bus, database, login, setup, sql } = world;
    await login(1, 2, 3, 4, 5, 6, 7);
    const { groupId } = await as(2, 'createGroup', { groupName: 'tea' });
    for (const userId of [3, 4]) await as(userId, 'joinGroup', { groupId });
    const trail = async () => (await ask('audit', { limit: 200 })).entries;
    const heads = async () => Number((await sql('SELECT lastSeq FROM group_chat WHERE id = ?', [groupId]))[0]?.lastSeq);
    /** A wish with an address, as gateways tell it. */
    const wish = (userId: number, act: CallName, fields: object) =>
      ask(act, { ...fields, groupId, caller: { ...callerOf(userId), address: '198.51.100.7' } } as never);

    await t.test('what everybody may do is no administration', async (t) => {
      await as(3, 'inviteMember', { groupId, userId: 5 });
      await as(5, 'leaveGroup', { groupId });
      t.same(await trail(), []);
    });

    for (const { act, fields, userId, detail, again } of acts) {
      await t.test(`${act} ${JSON.stringify(fields).slice(0, 40)}`, async (t) => {
        const before = (await trail()).length;
        const outsider = await wish(7, act, fields).catch((error: unknown) => error);
        t.match(outsider, { code: 'NOT_A_MEMBER' });
        t.equal((await trail()).length, before, 'what was refused left nothing');
        await wish(2, act, fields);
        const seq = await heads();
        const [entry, ...older] = await trail();
        t.equal(older.length, before);
        t.match(entry, { by: 2, act, groupId, address: '198.51.100.7' });
        t.equal(entry?.userId, userId);
        t.match(entry?.detail ?? {}, detail ?? {});
        if (act !== 'unbanMember') t.equal(entry?.seq, seq, 'the notice that tells of it');
        if (again === false) return;
        await wish(2, act, fields);
        t.equal((await trail()).length, before + 1, 'once more is nothing');
      });
    }

    await t.test('answers to requests, both ways, and recalls of what others said', async (t) => {
      const before = (await trail()).length;
      for (const userId of [6, 7]) await as(userId, 'joinGroup', { groupId });
      await wish(3, 'answerJoinRequest', { userId: 6, accept: true });
      await wish(3, 'answerJoinRequest', { userId: 7, accept: false });
      await as(3, 'setGroupState', { groupId, state: 'normal' });
      const { seq } = await world.say(6, groupId, 'x');
      const own = await world.say(3, groupId, 'y');
      await wish(3, 'recallMessage', { seq: own.seq });
      await wish(3, 'recallMessage', { seq });
      t.match(await trail(), [
        { by: 3, act: 'recallMessage', userId: 6, detail: { recalledSeq: seq }, seq: own.seq + 2 },
        { by: 3, act: 'setGroupState' },
        { by: 3, act: 'answerJoinRequest', userId: 7, detail: { accept: false } },
        { by: 3, act: 'answerJoinRequest', userId: 6, detail: { accept: true } },
      ]);
      t.equal((await trail()).length, before + 4, 'who recalls what they said themselves holds no office');
    });

    await t.test('the system admin and the end of a group are written down like all others', async (t) => {
      await ask('dissolveGroup', { groupId, caller: { ...callerOf(1, 'admin'), address: by.address } });
      t.match(await trail(), [{ by: 1, act: 'dissolveGroup', groupId, address: by.address }]);
      const before = await trail();
      await t.rejects(as(3, 'setGroupState', { groupId, state: 'muted' }), { code: 'GROUP_DISSOLVED' });
      t.same(await trail(), before);
    });

    await t.test('an official notice is heard, is in history, and stands in the trail', async (t) => {
      const heard = await world.hearGroup(1);
      await as(1, 'setGroupState', { groupId: 1, state: 'muted' }, 'admin');
      const content = '今晚八点维护 🍵';
      const told = await ask('officialNotice', { by, groupId: 1, content });
      const notice = { event: 'updated', by: 1, official: true } as const;
      const frame = { groupId: 1, id: told.id, seq: told.seq, from: 1, content, kind: 'notice', notice } as const;
      await eventually(() => heard.frames.some(({ seq }) => seq === told.seq), 5000, 'members hear it');
      t.match(
        heard.frames.find(({ seq }) => seq === told.seq),
        { type: 'groupMessage', ...frame },
      );
      t.same((await as(2, 'history', { groupId: 1, limit: 1 })).messages, [{ ...frame, createTime: told.createTime }]);
      t.match(await trail(), [{ by: 1, act: 'officialNotice', groupId: 1, seq: told.seq, address: by.address }]);
      t.same((await as(2, 'search', { groupId: 1, text: '维护' })).messages, [], 'nobody said it');

      const before = await trail();
      const state = await sql('SELECT id, lastSeq FROM group_chat ORDER BY id');
      await t.rejects(ask('officialNotice', { by, groupId, content }), { code: 'GROUP_DISSOLVED' });
      await t.rejects(ask('officialNotice', { by, groupId: 999_999, content }), { code: 'NOT_FOUND' });
      for (const wrong of [{ content: ' ' }, { content: 'a\ud800' }, { content: 7 }, { groupId: '1' }, { by: {} }]) {
        const request = { by, groupId: 1, content, ...wrong } as never;
        await t.rejects(ask('officialNotice', request), { code: 'BAD_REQUEST' }, JSON.stringify(wrong));
      }
      t.same(await trail(), before);
      t.same(await sql('SELECT id, lastSeq FROM group_chat ORDER BY id'), state);
    });

    await t.test('the trail is read in pages, newest first, and forgotten after a year', async (t) => {
      const all = await trail();
      const first = await ask('audit', { limit: 3 });
      t.same([first.entries, first.more], [all.slice(0, 3), true]);
      const rest = await ask('audit', { limit: 200, before: first.entries.at(-1)?.id as number });
      t.same([rest.entries, rest.more], [all.slice(3), false]);
      const oldest = all.at(-1) as Pick<AuditEntry, 'id'>;
      await sql('UPDATE audit SET time = ? WHERE id = ?', [Date.now() - 366 * 24 * 3600_000, oldest.id]);
      await start(t, { bus: await setup.bus(), database });
      await eventually(async () => (await trail()).length === all.length - 1, 10_000, 'the old entry goes');
      t.same(await trail(), all.slice(0, -1));
      t.ok(bus.connected);
    });
  });
}
