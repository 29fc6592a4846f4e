import type { MembershipEntry } from '@teahouse/contracts';
import { eventually } from '@teahouse/test';
import t from 'tap';
import { type CallName, type MakeSetup, running, type World } from './setups.js';

/** What only members of some rank may do, with fields that are in shape. */
const administration = {
  listJoinRequests: {},
  answerJoinRequest: { userId: 9, accept: true },
  removeMember: { userId: 9 },
  banMember: { userId: 9 },
  unbanMember: { userId: 9 },
  muteMember: { userId: 9, seconds: 5 },
  setRights: { userId: 9, rights: 'admin' },
  transferOwner: { userId: 9 },
  setGroupState: { state: 'muted' },
  updateGroup: { groupName: 'x' },
  dissolveGroup: {},
} as const;
const ownersOnly = ['setRights', 'transferOwner', 'dissolveGroup'];
const entries = Object.entries(administration) as [CallName, object][];

/** Asks by name with fields whose shape the table gives. */
const wish = (world: World, userId: number, name: CallName, fields: object) => world.as(userId, name, fields as never);

/** Members: coming in, going out, and what owner and admins do to them. */
export function membersSuite(name: string, make: MakeSetup): void {
  t.test(`${name}: members`, async (t) => {
    const world = await running(t, make);
    const { as, login, say, sql, bus } = world;
    const memberships = await bus.view<MembershipEntry>('memberships');
    const owner = 2;
    const admin = 3;
    const member = 4;
    const stranger = 5;
    await login(owner, admin, member, stranger, 6, 7, 8, 9);
    /** A group with one of each rank. */
    const found = async (joinPolicy: 'open' | 'approval' | 'invite' = 'open') => {
      const { groupId } = await as(owner, 'createGroup', { groupName: 'tea', joinPolicy });
      await as(owner, 'inviteMember', { groupId, userId: admin });
      await as(owner, 'inviteMember', { groupId, userId: member });
      await as(owner, 'setRights', { groupId, userId: admin, rights: 'admin' });
      return groupId;
    };
    const notices = async (groupId: number) =>
      (await as(1, 'history', { groupId, limit: 200 }, 'admin')).messages.map(({ notice }) => notice);

    await t.test('each rank may do what the table says, and is refused in the order of the rules', async (t) => {
      const groupId = await found();
      const hidden = await found('invite');
      const ended = await found();
      await as(owner, 'dissolveGroup', { groupId: ended });
      for (const [verb, fields] of entries) {
        const refused = (userId: number, group: number, code: string) =>
          t.rejects(wish(world, userId, verb, { ...fields, groupId: group }), { code }, `${verb}: ${code}`);
        await refused(owner, 999_999, 'NOT_FOUND');
        await refused(stranger, hidden, 'NOT_FOUND');
        await refused(stranger, groupId, 'NOT_A_MEMBER');
        await refused(stranger, ended, 'NOT_A_MEMBER');
        await refused(member, ended, 'GROUP_DISSOLVED');
        await refused(owner, ended, 'GROUP_DISSOLVED');
        await refused(member, groupId, 'FORBIDDEN');
        if (ownersOnly.includes(verb)) await refused(admin, groupId, 'FORBIDDEN');
        await t.rejects(wish(world, owner, verb, { groupId: 'x' }), { code: 'BAD_REQUEST' });
      }
      const aboutSomebody = ['removeMember', 'muteMember', 'setRights', 'transferOwner', 'answerJoinRequest'] as const;
      for (const verb of [...aboutSomebody, 'banMember', 'unbanMember', 'inviteMember'] as const) {
        await t.rejects(
          wish(world, owner, verb, { seconds: 5, rights: 'admin', accept: true, groupId, userId: 77 }),
          { code: 'NOT_FOUND' },
          verb,
        );
      }
      for (const verb of ['removeMember', 'banMember', 'muteMember'] as const) {
        await t.rejects(
          wish(world, admin, verb, { ...administration[verb], groupId, userId: owner }),
          { code: 'FORBIDDEN' },
          verb,
        );
        await t.rejects(
          wish(world, admin, verb, { ...administration[verb], groupId, userId: admin }),
          { code: 'FORBIDDEN' },
          verb,
        );
        await t.rejects(
          wish(world, owner, verb, { ...administration[verb], groupId, userId: owner }),
          { code: 'FORBIDDEN' },
          verb,
        );
        await t.rejects(
          as(1, verb, { seconds: 1, groupId, userId: owner } as never, 'admin'),
          { code: 'FORBIDDEN' },
          verb,
        );
      }
      await t.rejects(as(owner, 'setRights', { groupId, userId: owner, rights: 'member' }), { code: 'FORBIDDEN' });
      t.equal((await notices(groupId)).length, 4, 'none of this left a trace');
    });

    await t.test('an open group is joined at once, by number too, and joining again changes nothing', async (t) => {
      const groupId = await found();
      const { group } = await as(owner, 'groupInfo', { groupId });
      const heardGroup = await world.hearGroup(groupId);
      const heardUser = await world.hearUser(6);
      const answers = await Promise.all([
        as(6, 'joinGroup', { groupId }),
        as(6, 'joinGroup', { groupNumber: group.groupNumber }),
        as(6, 'joinGroup', { groupId }),
      ]);
      for (const answer of answers) t.same(answer, { groupId, status: 'joined' });
      t.same(await sql('SELECT userId FROM group_chat_member WHERE groupId = ? AND userId = 6', [groupId]), [
        { userId: 6 },
      ]);
      t.match(await as(6, 'groupInfo', { groupId }), {
        group: { memberCount: 4, rights: 'member', lastSeq: 5, readSeq: 5 },
      });
      await eventually(() => heardGroup.headers.length === 1 && heardUser.headers.length === 1, 5000, 'all is told');
      t.same(heardGroup.headers, [
        { kind: 'run', groupId, first: 5, senders: [''], changes: [{ seq: 5, join: 6 }], whole: true },
      ]);
      t.match(heardGroup.frames, [
        { type: 'groupMessage', seq: 5, kind: 'notice', notice: { event: 'joined', by: 6, userId: 6 } },
        { type: 'groupChanged', group: { memberCount: 4 } },
      ]);
      t.same(heardUser.headers, [{ kind: 'enter', groupId, seq: 5, memberCount: 4 }]);
      t.match(heardUser.frames, [
        { type: 'groupChanged', group: { id: groupId, rights: 'member', lastSeq: 4, readSeq: 5 } },
      ]);
      const { group: whole } = await as(2, 'groupInfo', { groupId });
      const { rights: _, lastSeq: __, readSeq: ___, ...forAll } = whole;
      t.same(await world.ask('whole', { groupId, userIds: [6, 2, 999] }), {
        seq: 5,
        group: forAll,
        members: [
          { userId: 2, rights: 'owner', readSeq: 1 },
          { userId: 6, rights: 'member', readSeq: 5 },
        ],
      });
      await t.rejects(world.ask('whole', { groupId: 999_999, userIds: [] }), { code: 'NOT_FOUND' });
      t.ok((await memberships.get('6'))?.groups.includes(groupId), 'the view knows when the answer comes');
      await t.rejects(as(6, 'joinGroup', {}), { code: 'BAD_REQUEST' });
      await t.rejects(as(6, 'joinGroup', { groupId, groupNumber: group.groupNumber }), { code: 'BAD_REQUEST' });
      await t.rejects(as(6, 'joinGroup', { groupId: 999_999 }), { code: 'NOT_FOUND' });
      await t.rejects(as(6, 'joinGroup', { groupNumber: 7 }), { code: 'NOT_FOUND' });
    });

    await t.test('an invite group does not exist for strangers', async (t) => {
      const groupId = await found('invite');
      for (const verb of ['joinGroup', 'groupInfo', 'listMembers', 'history', 'leaveGroup', 'typing'] as const) {
        await t.rejects(wish(world, stranger, verb, { groupId }), { code: 'NOT_FOUND' }, verb);
      }
      await t.rejects(as(member, 'inviteMember', { groupId, userId: 6 }), { code: 'FORBIDDEN' });
      await t.rejects(as(stranger, 'inviteMember', { groupId, userId: 6 }), { code: 'NOT_FOUND' });
      await as(admin, 'inviteMember', { groupId, userId: stranger });
      t.match(await as(stranger, 'groupInfo', { groupId }), { group: { memberCount: 4 } });
    });

    await t.test('asking, accepting and refusing where the group wants approval', async (t) => {
      const groupId = await found('approval');
      const adminHears = await world.hearUser(admin);
      const askerHears = await world.hearUser(6);
      const otherHears = await world.hearUser(7);
      t.same(await as(6, 'joinGroup', { groupId }), { groupId, status: 'requested' });
      t.same(await as(6, 'joinGroup', { groupId }), { groupId, status: 'requested' });
      await as(7, 'joinGroup', { groupId });
      await eventually(() => adminHears.frames.length === 2, 5000, 'admins are told');
      t.same(adminHears.frames[0], { type: 'joinRequest', groupId, user: { id: 6, username: 'p6', nickname: 'P6' } });
      t.same((await as(owner, 'listJoinRequests', { groupId })).requests, [
        { userId: 6, username: 'p6', nickname: 'P6' },
        { userId: 7, username: 'p7', nickname: 'P7' },
      ]);
      await as(admin, 'answerJoinRequest', { groupId, userId: 6, accept: true });
      await as(admin, 'answerJoinRequest', { groupId, userId: 7, accept: false });
      await t.rejects(as(admin, 'answerJoinRequest', { groupId, userId: 7, accept: true }), { code: 'NOT_FOUND' });
      await eventually(
        () => askerHears.frames.length === 2 && otherHears.frames.length === 1,
        5000,
        'they hear the answer',
      );
      t.match(askerHears.frames, [{ type: 'groupChanged' }, { type: 'joinAnswer', groupId, accepted: true }]);
      t.same(otherHears.frames, [{ type: 'joinAnswer', groupId, accepted: false }]);
      t.same((await as(owner, 'listJoinRequests', { groupId })).requests, []);
      t.match(await say(6, groupId, 'hi'), { seq: 6 });
      await t.rejects(as(stranger, 'inviteMember', { groupId, userId: stranger }), { code: 'NOT_A_MEMBER' });
      await t.rejects(as(member, 'inviteMember', { groupId, userId: stranger }), { code: 'FORBIDDEN' });
    });

    await t.test('an invited one need never have logged in, but must exist', async (t) => {
      const groupId = await found();
      const profiles = await bus.view('profiles');
      await profiles.put('60', { id: 60, username: 'p60', nickname: 'P60', role: 'user' }, 1);
      await t.rejects(as(member, 'inviteMember', { groupId, userId: 61 }), { code: 'NOT_FOUND' });
      await as(member, 'inviteMember', { groupId, userId: 60 });
      await as(member, 'inviteMember', { groupId, userId: 60 });
      t.same(
        (await world.groupsOf(60))?.map(({ id }) => id),
        [1, groupId],
      );
      t.equal((await notices(groupId)).length, 5, 'invited twice, told once');
    });

    await t.test('a removed member hears it, leaves the view, and cannot speak; but may come again', async (t) => {
      const groupId = await found();
      const heard = await world.hearGroup(groupId);
      const heardUser = await world.hearUser(member);
      await as(admin, 'removeMember', { groupId, userId: member });
      await eventually(() => heard.headers.length === 1 && heardUser.headers.length === 1, 5000, 'all is told');
      t.match(heard.headers, [{ kind: 'run', first: 5, changes: [{ seq: 5, leave: member }], whole: true }]);
      t.match(heard.frames[0], { notice: { event: 'removed', by: admin, userId: member } });
      t.same(heardUser.headers, [{ kind: 'exit', groupId, seq: 5 }]);
      t.notOk((await memberships.get(String(member)))?.groups.includes(groupId));
      t.match(await say(member, groupId, 'x'), { code: 'NOT_A_MEMBER' });
      await t.rejects(as(member, 'leaveGroup', { groupId }), { code: 'NOT_A_MEMBER' });
      await as(member, 'joinGroup', { groupId });
      t.match(await say(member, groupId, 'x'), { seq: 7 });
    });

    await t.test('a banned one is out until unbanned', async (t) => {
      const groupId = await found();
      await as(admin, 'banMember', { groupId, userId: member });
      await as(admin, 'banMember', { groupId, userId: member });
      await as(admin, 'banMember', { groupId, userId: 8 });
      t.match((await notices(groupId)).slice(4), [
        { event: 'banned', by: admin, userId: member },
        { event: 'banned', by: admin, userId: 8 },
      ]);
      t.match(await say(member, groupId, 'x'), { code: 'NOT_A_MEMBER' });
      await t.rejects(as(member, 'joinGroup', { groupId }), { code: 'FORBIDDEN' });
      await t.rejects(as(owner, 'inviteMember', { groupId, userId: 8 }), { code: 'FORBIDDEN' });
      await as(admin, 'unbanMember', { groupId, userId: member });
      t.match(await as(member, 'joinGroup', { groupId }), { status: 'joined' });
      t.match(await as(owner, 'groupInfo', { groupId }), { group: { memberCount: 3 } });
    });

    await t.test('a mute ends with its time, with 0, and not by leaving', async (t) => {
      const groupId = await found();
      const before = Date.now();
      await as(admin, 'muteMember', { groupId, userId: member, seconds: 600 });
      t.match(await say(member, groupId, 'x'), { code: 'MEMBER_MUTED' });
      const { group } = await as(member, 'groupInfo', { groupId });
      const until = Date.parse(group.mutedUntil ?? '');
      t.ok(until >= before + 600_000 && until <= Date.now() + 600_000);
      t.match((await notices(groupId)).at(-1), {
        event: 'muted',
        by: admin,
        userId: member,
        mutedUntil: group.mutedUntil,
      });
      await as(member, 'leaveGroup', { groupId });
      await as(member, 'joinGroup', { groupId });
      t.match(await say(member, groupId, 'x'), { code: 'MEMBER_MUTED' }, 'who comes back is muted still');
      t.match((await notices(groupId)).at(-1), { event: 'joined', mutedUntil: group.mutedUntil }, 'and all are told');
      await as(admin, 'muteMember', { groupId, userId: member, seconds: 0 });
      await as(admin, 'muteMember', { groupId, userId: member, seconds: 0 });
      t.match((await notices(groupId)).at(-1), { event: 'unmuted', userId: member });
      const { seq } = await say(member, groupId, 'x');
      t.equal(seq, 9);
      await as(owner, 'muteMember', { groupId, userId: admin, seconds: 600 });
      t.match(await say(admin, groupId, 'x'), { code: 'MEMBER_MUTED' });
      await sql('UPDATE group_chat_member SET mutedUntil = ? WHERE groupId = ? AND userId = ?', [
        Date.now() - 1,
        groupId,
        admin,
      ]);
      t.match(await say(admin, groupId, 'x'), { seq: 11 });
    });

    await t.test('rights are given, taken and handed over', async (t) => {
      const groupId = await found();
      await as(owner, 'setRights', { groupId, userId: member, rights: 'admin' });
      await as(owner, 'setRights', { groupId, userId: member, rights: 'admin' });
      t.match((await notices(groupId)).slice(4), [{ event: 'rights', by: owner, userId: member, rights: 'admin' }]);
      await as(owner, 'setRights', { groupId, userId: admin, rights: 'member' });
      await as(member, 'removeMember', { groupId, userId: admin });
      await t.rejects(as(owner, 'leaveGroup', { groupId }), { code: 'FORBIDDEN' });
      await as(owner, 'muteMember', { groupId, userId: member, seconds: 600 });
      await as(owner, 'transferOwner', { groupId, userId: member });
      await as(member, 'transferOwner', { groupId, userId: member });
      t.match((await notices(groupId)).slice(-2), [
        { event: 'unmuted', by: owner, userId: member },
        { event: 'owner', by: owner, userId: member },
      ]);
      t.match(await say(member, groupId, 'nobody could unmute an owner'), { seq: 11 });
      t.match(await as(owner, 'groupInfo', { groupId }), { group: { rights: 'admin' } });
      t.match(await as(member, 'groupInfo', { groupId }), { group: { rights: 'owner' } });
      await as(owner, 'leaveGroup', { groupId });
      t.match((await notices(groupId)).at(-1), { event: 'left', by: owner, userId: owner });
      await as(member, 'dissolveGroup', { groupId });
    });

    await t.test('members are listed by id with names, in pages', async (t) => {
      const groupId = await found();
      await as(owner, 'muteMember', { groupId, userId: member, seconds: 60 });
      await login(62);
      await sql('INSERT INTO group_user (userId, membershipVersion, changedAt, groupCount) VALUES (63, 0, 0, 0)');
      await as(owner, 'inviteMember', { groupId, userId: 63 });
      const first = await as(member, 'listMembers', { groupId, limit: 2 });
      t.same(first, {
        members: [
          { userId: owner, username: 'p2', nickname: 'P2', rights: 'owner' },
          { userId: admin, username: 'p3', nickname: 'P3', rights: 'admin' },
        ],
        more: true,
      });
      const rest = await as(member, 'listMembers', { groupId, after: admin });
      t.match(rest, {
        members: [
          { userId: member, mutedUntil: /Z$/ },
          { userId: 63, username: 'user63', nickname: 'user63' },
        ],
        more: false,
      });
      await t.rejects(as(stranger, 'listMembers', { groupId }), { code: 'NOT_A_MEMBER' });
      await t.rejects(as(stranger, 'groupInfo', { groupId }), { code: 'NOT_A_MEMBER' });
    });
  });
}
