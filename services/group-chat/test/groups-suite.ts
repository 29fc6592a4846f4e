import { firstGroupNumber, type MembershipEntry, officialGroup } from '@teahouse/contracts';
import { groupChatEntities } from '@teahouse/group-chat';
import { eventually } from '@teahouse/test';
import t from 'tap';
import { type MakeSetup, running, untilAvailable } from './setups.js';

/** Groups: the official one, making, finding, changing and ending them. */
export function groupsSuite(name: string, make: MakeSetup): void {
  t.test(`${name}: groups`, async (t) => {
    const world = await running(t, make, 150);
    const { ask, as, login, groupsOf, say, sql, database, bus } = world;
    const official = officialGroup.id;

    await t.test('the tables are those that the entities declare', async () => {
      for (const entity of groupChatEntities) await database.read((manager) => manager.find(entity, { take: 1 }));
    });

    await t.test('the first login makes a member of the official group, once, without a notice', async (t) => {
      const logins = await Promise.all([groupsOf(2), groupsOf(2), groupsOf(2)]);
      for (const groups of logins) {
        t.same(groups, [
          {
            id: 1,
            groupNumber: 10000,
            groupName: '官方群',
            state: 'normal',
            rights: 'member',
            lastSeq: 0,
            readSeq: 0,
            memberCount: 1,
          },
        ]);
      }
      t.match(await sql('SELECT memberCount, ownerId FROM group_chat WHERE id = 1'), [
        { memberCount: 1, ownerId: null },
      ]);
      t.match(await sql('SELECT groupCount, membershipVersion FROM group_user WHERE userId = 2'), [
        { groupCount: 1, membershipVersion: 0 },
      ]);
      await say(2, official, 'hello');
      await login(3);
      t.match(
        await as(3, 'listGroups', {}),
        { groups: [{ id: 1, lastSeq: 1, readSeq: 1 }] },
        'what was before is not unread',
      );
    });

    await t.test('who left the official group is not put back by the next login', async (t) => {
      await login(4);
      await as(4, 'leaveGroup', { groupId: official });
      t.same(await groupsOf(4), []);
      const view = await bus.view<MembershipEntry>('memberships');
      t.same(await view.get('4'), { groups: [] });
    });

    await t.test('who was banned from the official group before the first login does not come in', async (t) => {
      await t.rejects(as(1, 'banMember', { groupId: official, userId: 44 }, 'admin'), { code: 'NOT_FOUND' });
      const profiles = await bus.view('profiles');
      await profiles.put('44', { id: 44, username: 'p44', nickname: 'P44', role: 'user' }, 1);
      await as(1, 'banMember', { groupId: official, userId: 44 }, 'admin');
      t.same(await groupsOf(44), []);
      const view = await bus.view<MembershipEntry>('memberships');
      t.same(await view.get('44'), { groups: [] }, 'no entry would mean the official group');
    });

    await t.test('a new group has a number, an owner and a notice that tells so', async (t) => {
      const heard = await world.hearUser(2);
      const { groupId, groupNumber } = await as(2, 'createGroup', { groupName: '茶友会' });
      t.ok(groupNumber >= firstGroupNumber);
      t.same(await as(2, 'groupInfo', { groupId }), {
        group: {
          id: groupId,
          groupNumber,
          groupName: '茶友会',
          state: 'normal',
          announcement: '',
          joinPolicy: 'open',
          memberCount: 1,
          rights: 'owner',
          lastSeq: 1,
          readSeq: 1,
        },
      });
      const { messages } = await as(2, 'history', { groupId });
      t.match(messages, [
        {
          seq: 1,
          from: 2,
          kind: 'notice',
          content: '',
          notice: { event: 'created', by: 2, userId: 2, groupName: '茶友会' },
        },
      ]);
      await eventually(() => heard.headers.length === 1, 5000, 'the owner is let in');
      t.same(heard.headers, [{ kind: 'enter', groupId, seq: 1, memberCount: 1 }]);
      t.match(heard.frames, [
        { type: 'groupChanged', group: { id: groupId, rights: 'owner', lastSeq: 0, memberCount: 1 } },
      ]);
    });

    await t.test('a hundred groups made at once have a hundred numbers', async (t) => {
      const users = Array.from({ length: 10 }, (_, i) => 100 + i);
      await login(...users);
      const made = await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          untilAvailable(() => as(users[i % 10] ?? 100, 'createGroup', { groupName: `g${i}` })),
        ),
      );
      t.equal(new Set(made.map(({ groupNumber }) => groupNumber)).size, 100);
      t.equal(new Set(made.map(({ groupId }) => groupId)).size, 100);
      const [groups, counted] = await Promise.all([
        sql('SELECT userId, COUNT(*) AS n FROM group_chat_member WHERE userId >= 100 GROUP BY userId ORDER BY userId'),
        sql('SELECT userId, groupCount AS n FROM group_user WHERE userId >= 100 ORDER BY userId'),
      ]);
      t.strictSame(counted, groups, 'each is counted');
      t.ok(groups.every(({ n }) => Number(n) >= 11));
    });

    await t.test('nobody is in more groups than allowed, however many are made at once', async (t) => {
      await login(5);
      const made = await Promise.allSettled(
        Array.from({ length: 160 }, (_, i) => as(5, 'createGroup', { groupName: `m${i}` })),
      );
      const refused = made.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
      t.ok(refused.length >= 11, 'not more than 149 beside the official one');
      for (const reason of refused) t.match(String(reason.code), /^(CONFLICT|UNAVAILABLE)$/);
      // A busy machine may have refused more than the limit did.
      const untilFull = () =>
        as(5, 'createGroup', { groupName: 'last' }).then(
          () => false,
          ({ code }) => code === 'CONFLICT',
        );
      await eventually(untilFull, 20_000, 'the limit is not reached');
      t.match(await sql('SELECT COUNT(*) AS n FROM group_chat_member WHERE userId = 5'), [{ n: 150 }]);
      t.match(
        await sql('SELECT COUNT(*) AS n FROM group_chat WHERE ownerId = 5'),
        [{ n: 149 }],
        'what was refused left nothing',
      );
    });

    await t.test('many first logins at once: each is a member, whoever was before stays as they were', async (t) => {
      const before = await sql('SELECT memberCount FROM group_chat WHERE id = 1');
      const userIds = Array.from({ length: 100 }, (_, i) => 500 + i);
      const asked = await Promise.all([
        ask('sessions', { userIds: [...userIds, 2] }),
        ask('sessions', { userIds: [3, ...userIds.slice(50)] }),
      ]);
      for (const { sessions } of asked) t.ok(sessions.every(({ groups }) => groups[0]?.id === official));
      t.equal(asked[0]?.sessions.length, 101);
      const after = await sql('SELECT memberCount FROM group_chat WHERE id = 1');
      t.equal(Number(after[0]?.memberCount), Number(before[0]?.memberCount) + 100);
      t.same(await sql('SELECT COUNT(*) AS n FROM group_chat_member WHERE groupId = 1 AND userId >= 500'), [
        { n: 100 },
      ]);
    });

    await t.test('lists that do not fit into one answer are left out and told when asked for again', async (t) => {
      const [many, few] = [600, 601];
      await groupsOf(many);
      await groupsOf(few);
      const ids = Array.from({ length: 1100 }, (_, i) => 10_000 + i);
      await sql(
        `INSERT INTO group_chat (id, groupNumber, groupName, state, announcement, joinPolicy, memberCount, createTime) VALUES ${ids.map((id) => `(${id}, ${90_000_000 + id}, 'g', 0, '', 0, 1, 0)`).join()}`,
      );
      await sql(
        `INSERT INTO group_chat_member (groupId, userId, rights, mutedUntil, readSeq, joinTime) VALUES ${ids.map((id) => `(${id}, ${many}, 0, 0, 0, 0)`).join()}`,
      );
      t.match(await ask('sessions', { userIds: [few, many] }), { sessions: [{ userId: many }] });
      t.equal((await groupsOf(many))?.length, 1101, 'one list comes whole, however long it is');
      const both = await ask('sessions', { userIds: [2, many] });
      t.same(
        both.sessions.map(({ userId }) => userId),
        [2],
        'the last is left out',
      );
      t.same(
        (await groupsOf(few))?.map(({ id }) => id),
        [1],
      );
      await sql('DELETE FROM group_chat_member WHERE groupId >= 10000');
      await sql('DELETE FROM group_chat WHERE id >= 10000');
    });

    await t.test('groups are found by number and by a part of the name', async (t) => {
      const { groupNumber } = await as(2, 'createGroup', { groupName: '100%_Pure! Oolong' });
      const hidden = await as(2, 'createGroup', { groupName: 'Secret Oolong', joinPolicy: 'invite' });
      const found = [{ groupNumber, groupName: '100%_Pure! Oolong', joinPolicy: 'open', memberCount: 1 }];
      t.match(await as(3, 'findGroup', { groupNumber }), { groups: found });
      t.match(await as(3, 'findGroup', { text: 'oolong' }), { groups: found });
      t.match(await as(3, 'findGroup', { text: '0%_pURE!' }), { groups: found });
      t.same(await as(3, 'findGroup', { text: 'P_re' }), { groups: [] }, '% and _ stand for themselves');
      t.match(await as(3, 'findGroup', { groupNumber: hidden.groupNumber }), { groups: [{ joinPolicy: 'invite' }] });
      t.equal((await as(3, 'findGroup', { text: 'g' })).groups.length, 20);
      t.same(await as(3, 'findGroup', { groupNumber: 5 }), { groups: [] });
      await t.rejects(as(3, 'findGroup', {}), { code: 'BAD_REQUEST' });
      await t.rejects(as(3, 'findGroup', { text: 'x', groupNumber }), { code: 'BAD_REQUEST' });
    });

    await t.test('a change of the group is a notice, and the new whole goes to all', async (t) => {
      const { groupId } = await as(2, 'createGroup', { groupName: 'tea' });
      const heard = await world.hearGroup(groupId);
      await as(2, 'updateGroup', { groupId, groupName: 'tea', announcement: '今晚八点喝茶' });
      await as(2, 'updateGroup', { groupId, announcement: '今晚八点喝茶' });
      await as(2, 'setGroupState', { groupId, state: 'adminsOnly' });
      await as(2, 'setGroupState', { groupId, state: 'adminsOnly' });
      await as(2, 'updateGroup', { groupId, joinPolicy: 'approval', announcement: '' });
      await t.rejects(as(2, 'updateGroup', { groupId }), { code: 'BAD_REQUEST' });
      await eventually(() => heard.frames.length === 6, 5000, 'three notices and three wholes');
      t.match(
        heard.frames.filter(({ type }) => type === 'groupMessage'),
        [
          {
            groupId,
            seq: 2,
            from: 2,
            kind: 'notice',
            notice: { event: 'updated', by: 2, announcement: '今晚八点喝茶' },
          },
          { seq: 3, notice: { event: 'state', by: 2, state: 'adminsOnly' } },
          { seq: 4, notice: { event: 'updated', by: 2, joinPolicy: 'approval', announcement: '' } },
        ],
      );
      t.same(Object.keys(Object(heard.frames[0]?.notice)), ['by', 'event', 'announcement'], 'only what changed');
      const last = heard.frames.at(-1);
      t.same(last, {
        type: 'groupChanged',
        group: {
          ...(last?.group as object),
          id: groupId,
          groupName: 'tea',
          state: 'adminsOnly',
          announcement: '',
          joinPolicy: 'approval',
          memberCount: 1,
        },
      });
      t.notOk('rights' in Object(last?.group), 'nothing personal');
    });

    await t.test('a dissolved group can be read, left, and nothing else', async (t) => {
      const { groupId } = await as(2, 'createGroup', { groupName: 'short' });
      await as(3, 'joinGroup', { groupId });
      await t.rejects(as(3, 'dissolveGroup', { groupId }), { code: 'FORBIDDEN' });
      const view = await bus.view<MembershipEntry>('memberships');
      t.ok((await view.get('3'))?.groups.includes(groupId));
      const versions = () =>
        sql('SELECT membershipVersion AS version FROM group_user WHERE userId IN (2, 3) ORDER BY userId');
      const before = await versions();
      await as(2, 'dissolveGroup', { groupId });
      const counted = before.map(({ version }) => ({ version: Number(version) + 1 }));
      t.same(await versions(), counted, 'an entry that was put late replaces none of these');
      t.notOk((await view.get('3'))?.groups.includes(groupId), 'no common group any more');
      t.same(await sql('SELECT * FROM group_dissolving'), []);
      t.match(await say(2, groupId, 'x'), { code: 'GROUP_DISSOLVED' });
      await t.rejects(as(2, 'dissolveGroup', { groupId }), { code: 'GROUP_DISSOLVED' });
      await login(6);
      await t.rejects(as(6, 'joinGroup', { groupId }), { code: 'GROUP_DISSOLVED' });
      t.match((await as(3, 'history', { groupId })).messages.at(-1), { notice: { event: 'dissolved', by: 2 } });
      t.match((await as(3, 'listGroups', {})).groups.at(-1), { id: groupId, state: 'dissolved' });
      await as(2, 'leaveGroup', { groupId });
      await as(3, 'leaveGroup', { groupId });
      t.match(await sql('SELECT memberCount, ownerId FROM group_chat WHERE id = ?', [groupId]), [
        { memberCount: 0, ownerId: null },
      ]);
    });

    await t.test("the system's admin runs the official group and every other, without being a member", async (t) => {
      await as(1, 'updateGroup', { groupId: official, announcement: 'welcome' }, 'admin');
      await as(1, 'muteMember', { groupId: official, userId: 3, seconds: 60 }, 'admin');
      t.match(await say(3, official, 'x'), { code: 'MEMBER_MUTED' });
      await as(1, 'muteMember', { groupId: official, userId: 3, seconds: 0 }, 'admin');
      await t.rejects(as(1, 'dissolveGroup', { groupId: official }, 'admin'), { code: 'FORBIDDEN' });
      await t.rejects(as(1, 'transferOwner', { groupId: official, userId: 3 }, 'admin'), { code: 'FORBIDDEN' });
      const { groupId } = await as(2, 'createGroup', { groupName: 'mine', joinPolicy: 'invite' });
      t.match(await as(1, 'history', { groupId }, 'admin'), { messages: [{ seq: 1 }] });
      t.match(await say(1, groupId, 'x'), { code: 'NOT_FOUND' }, 'to send one must be in');
      await t.rejects(as(1, 'joinGroup', { groupId }, 'admin'), { code: 'NOT_FOUND' });
      await login(1);
      await as(1, 'inviteMember', { groupId, userId: 1 }, 'admin');
      t.match(await say(1, groupId, 'x'), { seq: 3 });
      await as(1, 'transferOwner', { groupId, userId: 1 }, 'admin');
      t.match(await as(2, 'groupInfo', { groupId }), { group: { rights: 'admin' } });
      await t.rejects(as(2, 'dissolveGroup', { groupId }), { code: 'FORBIDDEN' });
      await as(1, 'dissolveGroup', { groupId }, 'admin');
    });
  });
}
