import { limits } from '@teahouse/contracts';
import { eventually } from '@teahouse/test';
import t from 'tap';
import { callerOf, connectionOf, type MakeSetup, running, start } from './setups.js';

/** Messages: sends and their refusals, what is published, reading, recalling, searching. */
export function messagesSuite(name: string, make: MakeSetup): void {
  t.test(`${name}: messages`, async (t) => {
    const world = await running(t, make);
    const { ask, as, login, say, sql, bus } = world;
    const [owner, admin, member, stranger] = [2, 3, 4, 5];
    await login(owner, admin, member, stranger);
    const found = async (joinPolicy: 'open' | 'invite' = 'open') => {
      const { groupId } = await as(owner, 'createGroup', { groupName: 'tea', joinPolicy });
      await as(owner, 'inviteMember', { groupId, userId: admin });
      await as(owner, 'setRights', { groupId, userId: admin, rights: 'admin' });
      await as(owner, 'inviteMember', { groupId, userId: member });
      return groupId;
    };

    await t.test('a send is stored, published as the frame that clients get, and answered', async (t) => {
      const groupId = await found();
      const heard = await world.hearGroup(groupId);
      const content = '大家好 "\\\u2028\n👋';
      const items = [
        { from: member, connectionId: 'c-1', groupId, content, clientId: 'a"\\1' },
        { from: owner, connectionId: 'c-2', groupId, content: 'b' },
      ];
      const { results } = await ask('append', { items });
      t.match(results, [{ seq: 5 }, { seq: 6 }]);
      const again = await say(member, groupId, content, 'a"\\1');
      t.same(again, { ...results[0], duplicate: true });
      await eventually(() => heard.frames.length === 2, 5000, 'both are published');
      t.same(heard.headers, [{ kind: 'run', groupId, first: 5, senders: ['c-1', 'c-2'] }]);
      const { id, createTime } = results[0] as { id: string; createTime: string };
      const message = { groupId, id, seq: 5, from: member, content, kind: 'normal', createTime, clientId: 'a"\\1' };
      t.same(heard.frames[0], { type: 'groupMessage', ...message });
      t.notOk('clientId' in (heard.frames[1] ?? {}));
      const { messages } = await as(admin, 'history', { groupId, afterSeq: 4 });
      t.same(messages[0], message, 'history tells the same');
      t.equal(messages.length, 2);
    });

    await t.test('a quiet send is stored and answered, and not published', async (t) => {
      const groupId = await found();
      const heard = await world.hearGroup(groupId);
      const items = [{ from: member, connectionId: 'c-1', groupId, content: 'hush' }];
      const { results } = await ask('append', { quiet: true, items });
      t.match(results, [{ seq: 5 }]);
      t.match(await say(owner, groupId, 'aloud'), { seq: 6 });
      await eventually(() => heard.frames.length > 0, 5000, 'the other one is published');
      t.match(heard.headers, [{ kind: 'run', first: 6 }]);
      const { messages } = await as(admin, 'history', { groupId, afterSeq: 4 });
      t.match(messages, [{ content: 'hush' }, { content: 'aloud' }]);
    });

    await t.test('a send is refused in the order of the rules, and refusals store nothing', async (t) => {
      const groupId = await found();
      const hidden = await found('invite');
      t.match(await say(member, 999_999, 'x'), { code: 'NOT_FOUND' });
      t.match(await say(stranger, hidden, 'x'), { code: 'NOT_FOUND' });
      t.match(await say(stranger, groupId, 'x'), { code: 'NOT_A_MEMBER' });
      await as(owner, 'muteMember', { groupId, userId: member, seconds: 60 });
      t.match(await say(member, groupId, 'x'), { code: 'MEMBER_MUTED' });
      await as(owner, 'setGroupState', { groupId, state: 'adminsOnly' });
      t.match(await say(member, groupId, 'x'), { code: 'GROUP_MUTED' });
      t.match(await say(admin, groupId, 'x', 'first'), { seq: 7 });
      t.match(await say(owner, groupId, 'x'), { seq: 8 });
      await as(owner, 'setGroupState', { groupId, state: 'muted' });
      for (const user of [member, admin, owner]) t.match(await say(user, groupId, 'x'), { code: 'GROUP_MUTED' });
      await as(owner, 'removeMember', { groupId, userId: admin });
      t.match(await say(admin, groupId, 'x', 'first'), { seq: 7, duplicate: true }, 'what was stored was stored');
      t.match(await say(admin, groupId, 'y', 'first'), { code: 'CONFLICT' });
      t.match(await say(admin, 1, 'x', 'first'), { code: 'CONFLICT' });
      await as(owner, 'dissolveGroup', { groupId });
      t.match(await say(owner, groupId, 'x'), { code: 'GROUP_DISSOLVED' });
      t.match(await say(admin, groupId, 'x'), { code: 'NOT_A_MEMBER' });
      t.match(await sql('SELECT COUNT(*) AS n FROM group_message WHERE groupId = ? AND kind = 0', [groupId]), [
        { n: 2 },
      ]);
      await t.rejects(ask('append', { items: [] }), { code: 'BAD_REQUEST' });
      for (const content of ['', ' \n', 'a\u0000', '\ud800', 'x'.repeat(4097)])
        await t.rejects(say(owner, 1, content), { code: 'BAD_REQUEST' });
    });

    await t.test('who has been talking for a while is refused from the very change on that forbids it', async (t) => {
      type Change = (groupId: number) => Promise<unknown>;
      const state = (groupId: number, state: 'adminsOnly' | 'muted') => as(owner, 'setGroupState', { groupId, state });
      const changes: [string, number, Change, Change?][] = [
        ['MEMBER_MUTED', member, (groupId) => as(admin, 'muteMember', { groupId, userId: member, seconds: 60 })],
        ['GROUP_MUTED', owner, (groupId) => state(groupId, 'muted')],
        ['GROUP_MUTED', member, (groupId) => state(groupId, 'adminsOnly')],
        [
          'GROUP_MUTED',
          admin,
          (groupId) => as(owner, 'setRights', { groupId, userId: admin, rights: 'member' }),
          (groupId) => state(groupId, 'adminsOnly'),
        ],
        [
          'GROUP_MUTED',
          owner,
          async (groupId) => {
            await as(owner, 'transferOwner', { groupId, userId: admin });
            await as(admin, 'setRights', { groupId, userId: owner, rights: 'member' });
          },
          (groupId) => state(groupId, 'adminsOnly'),
        ],
        ['NOT_A_MEMBER', member, (groupId) => as(member, 'leaveGroup', { groupId })],
        ['NOT_A_MEMBER', admin, (groupId) => as(owner, 'removeMember', { groupId, userId: admin })],
        ['NOT_A_MEMBER', member, (groupId) => as(admin, 'banMember', { groupId, userId: member })],
        ['GROUP_DISSOLVED', owner, (groupId) => as(owner, 'dissolveGroup', { groupId })],
      ];
      for (const [code, userId, change, before] of changes) {
        const groupId = await found();
        await before?.(groupId);
        for (let i = 0; i < 4; i++) t.notOk((await say(userId, groupId, `${i}`)).code);
        await change(groupId);
        t.match(await say(userId, groupId, 'one more'), { code });
        t.match(await sql('SELECT COUNT(*) AS n FROM group_message WHERE groupId = ? AND kind = 0', [groupId]), [
          { n: 4 },
        ]);
      }
    });

    await t.test('one batch may hold many groups; each result stands for its send', async (t) => {
      const groups = await Promise.all([found(), found(), found()]);
      const items = groups.flatMap((groupId) => [
        { from: member, connectionId: 'c', groupId, content: 'a' },
        { from: stranger, connectionId: 'c', groupId, content: 'b' },
        { from: owner, connectionId: 'c', groupId, content: 'c' },
      ]);
      const { results } = await ask('append', { items });
      t.match(
        results,
        groups.flatMap(() => [{ seq: 5 }, { code: 'NOT_A_MEMBER' }, { seq: 6 }]),
      );
    });

    await t.test('events stay under 256 KiB, and the runs join without a hole', async (t) => {
      const groupId = await found();
      const sizes: number[] = [];
      bus.subscribe(`group.event.${groupId}`, (payload) => sizes.push(payload.length));
      const heard = await world.hearGroup(groupId);
      const content = '茶'.repeat(4096);
      // Requests are small ones; that they gather to one batch is what a busy lane does.
      await Promise.all(
        Array.from({ length: 20 }, () =>
          ask('append', {
            items: Array.from({ length: 10 }, () => ({ from: member, connectionId: 'c', groupId, content })),
          }),
        ),
      );
      await eventually(() => heard.frames.length === 200, 10_000, 'all are published');
      t.ok(Math.max(...sizes) <= limits.payloadBytes, `the largest has ${Math.max(...sizes)} bytes`);
      t.ok(Math.max(...sizes) > limits.payloadBytes / 2, 'and they are filled');
      const seqs = heard.frames.map(({ seq }) => seq);
      t.same(
        seqs,
        Array.from({ length: 200 }, (_, i) => 5 + i),
      );
      let first = 5;
      for (const header of heard.headers) {
        if (header.kind !== 'run') continue;
        t.equal(header.first, first);
        first += header.senders.length;
      }
      const { messages, more } = await as(member, 'history', { groupId, limit: 200 });
      t.ok(messages.length < 200 && more, 'a page of history ends early for the same reason');
    });

    await t.test('no message is stored after the notice that removes its sender', async (t) => {
      const groupId = await found();
      let going = true;
      const sending = (async () => {
        const answers: (string | undefined)[] = [];
        while (going) {
          const some = await Promise.all([
            say(member, groupId, 'x'),
            say(member, groupId, 'y'),
            say(owner, groupId, 'z'),
          ]);
          answers.push(some[0]?.code);
        }
        return answers;
      })();
      await eventually(
        async () => ((await as(owner, 'groupInfo', { groupId })).group.lastSeq ?? 0) > 30,
        5000,
        'they talk',
      );
      await as(owner, 'removeMember', { groupId, userId: member });
      t.match(await say(member, groupId, 'late'), { code: 'NOT_A_MEMBER' });
      going = false;
      const answers = await sending;
      t.ok(answers.includes(undefined) || answers.includes('NOT_A_MEMBER'));
      const rows = await sql('SELECT seq, fromUserId, kind FROM group_message WHERE groupId = ? ORDER BY seq', [
        groupId,
      ]);
      t.same(
        rows.map(({ seq }) => seq),
        rows.map((_, i) => i + 1),
        'without a hole',
      );
      const removal = rows.findLastIndex(({ kind }) => kind === 1);
      t.notOk(rows.slice(removal).some(({ fromUserId, kind }) => fromUserId === member && kind === 0));
    });

    await t.test('two instances share one log', async (t) => {
      const groupId = await found();
      await start(t, { bus: await world.setup.bus(), database: await world.setup.database() });
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, i) => say([owner, admin, member][i % 3] ?? owner, groupId, `m${i}`, `two${i}`)),
      );
      t.same(
        results.map(({ seq }) => seq).sort((a, b) => a - b),
        Array.from({ length: 100 }, (_, i) => 5 + i),
      );
    });

    await t.test('history is for members and who runs the system; repair and heads for hubs', async (t) => {
      const groupId = await found();
      for (let i = 0; i < 60; i++) await say(member, groupId, `m${i}`);
      const newest = await as(member, 'history', { groupId });
      t.same(
        newest.messages.map(({ seq }) => seq),
        Array.from({ length: 50 }, (_, i) => 15 + i),
      );
      t.equal(newest.more, true);
      t.match(await as(member, 'history', { groupId, beforeSeq: 3, limit: 10 }), {
        messages: [{ seq: 1 }, { seq: 2 }],
        more: false,
      });
      t.match(await as(member, 'history', { groupId, afterSeq: 0, limit: 1 }), { messages: [{ seq: 1 }], more: true });
      t.same(await as(member, 'history', { groupId, afterSeq: 64 }), { messages: [], more: false });
      t.equal((await as(1, 'history', { groupId }, 'admin')).messages.length, 50);
      const page = { groupId, afterSeq: 60, limit: 10 };
      const caughtUp = await ask('catchUp', {
        items: [
          { ...page, userId: stranger },
          { ...page, userId: member },
          { ...page, userId: member, afterSeq: 64 },
          { ...page, userId: owner },
          { ...page, userId: member, groupId: 999_999 },
          { ...page, userId: 1 },
        ],
      });
      t.same(caughtUp.answers, ['alone', 0, 1, 0, 'alone', 'alone'], 'who is no member is left to history');
      t.same(caughtUp.pages, [await as(member, 'history', { groupId, afterSeq: 60 }), { messages: [], more: false }]);
      await t.rejects(as(stranger, 'history', { groupId }), { code: 'NOT_A_MEMBER' });
      await t.rejects(as(member, 'history', { groupId: 999_999 }), { code: 'NOT_FOUND' });
      await t.rejects(as(member, 'history', { groupId, afterSeq: 1, beforeSeq: 2 }), { code: 'BAD_REQUEST' });
      await t.rejects(as(member, 'history', { groupId, limit: 201 }), { code: 'BAD_REQUEST' });
      t.match(await ask('repair', { groupId, afterSeq: 62, limit: 10 }), {
        messages: [{ seq: 63 }, { seq: 64 }],
        more: false,
      });
      t.same(await ask('repair', { groupId, afterSeq: 64, limit: 10 }), { messages: [], more: false });
      await t.rejects(ask('repair', { groupId: 999_999, afterSeq: 0, limit: 10 }), { code: 'NOT_FOUND' });
      t.same((await ask('heads', { groupIds: [groupId, 999_999] })).heads, [[groupId, 64]]);
      t.same((await ask('heads', { groupIds: [] })).heads, []);
    });

    await t.test(
      'what is read moves forward only, also by own sends, and is told to the other connections',
      async (t) => {
        const groupId = await found();
        for (let i = 0; i < 6; i++) await say(owner, groupId, `m${i}`);
        const heard = await world.hearUser(member);
        t.same(await as(member, 'markRead', { groupId, seq: 7 }), { readSeq: 7 });
        t.same(await as(member, 'markRead', { groupId, seq: 6 }), { readSeq: 7 });
        t.same(await as(member, 'markRead', { groupId, seq: 999 }), { readSeq: 10 });
        await eventually(() => heard.frames.length === 2, 5000, 'both moves are told');
        t.same(heard.headers[0], { kind: 'push', except: connectionOf(member) });
        t.same(
          heard.frames,
          [7, 10].map((seq) => ({ type: 'readMarker', groupId, userId: member, seq })),
        );
        await say(owner, groupId, 'more');
        const { seq } = await say(member, groupId, 'mine');
        t.match((await as(member, 'groupInfo', { groupId })).group, { readSeq: seq, lastSeq: seq });
        t.match((await as(admin, 'groupInfo', { groupId })).group, { readSeq: 2 }, "others' marks stay");
        await t.rejects(as(stranger, 'markRead', { groupId, seq: 1 }), { code: 'NOT_A_MEMBER' });
        await t.rejects(as(member, 'markRead', { groupId: 999_999, seq: 1 }), { code: 'NOT_FOUND' });
        await t.rejects(as(member, 'markRead', { groupId, seq: 0 }), { code: 'BAD_REQUEST' });
      },
    );

    await t.test('typing is passed on from those who may speak', async (t) => {
      const groupId = await found();
      const heard = await world.hearGroup(groupId);
      t.same(await as(member, 'typing', { groupId }), {});
      await as(owner, 'setGroupState', { groupId, state: 'adminsOnly' });
      t.same(await as(member, 'typing', { groupId }), {});
      await as(admin, 'typing', { groupId });
      await t.rejects(as(stranger, 'typing', { groupId }), { code: 'NOT_A_MEMBER' });
      await eventually(() => heard.frames.some(({ userId }) => userId === admin), 5000, 'the admin is heard');
      t.same(
        heard.frames.filter(({ type }) => type === 'typing'),
        [member, admin].map((userId) => ({ type: 'typing', groupId, userId })),
      );
      t.same(heard.headers[0], { kind: 'push', except: connectionOf(member) });
    });

    await t.test('a recall empties the row and appends a notice', async (t) => {
      const groupId = await found();
      const mine = await say(member, groupId, 'oops', 'r1');
      const old = await say(member, groupId, 'long ago');
      await sql('UPDATE group_message SET createTime = createTime - ? WHERE groupId = ? AND seq = ?', [
        limits.recallMs + 1000,
        groupId,
        old.seq,
      ]);
      const heard = await world.hearGroup(groupId);
      await t.rejects(as(member, 'recallMessage', { groupId, seq: old.seq }), { code: 'FORBIDDEN' });
      await t.rejects(as(member, 'recallMessage', { groupId, seq: 1 }), { code: 'NOT_FOUND' });
      await t.rejects(as(member, 'recallMessage', { groupId, seq: 99 }), { code: 'NOT_FOUND' });
      await t.rejects(as(stranger, 'recallMessage', { groupId, seq: mine.seq }), { code: 'NOT_A_MEMBER' });
      await t.rejects(as(member, 'recallMessage', { groupId: 999_999, seq: 1 }), { code: 'NOT_FOUND' });
      t.same(await as(member, 'recallMessage', { groupId, seq: mine.seq }), { seq: 7 });
      await t.rejects(as(member, 'recallMessage', { groupId, seq: mine.seq }), { code: 'NOT_FOUND' });
      t.same(await as(admin, 'recallMessage', { groupId, seq: old.seq }), { seq: 8 });
      await eventually(() => heard.frames.length === 2, 5000, 'both are told');
      t.match(heard.frames[0], {
        type: 'groupMessage',
        seq: 7,
        kind: 'notice',
        notice: { event: 'recalled', by: member, seq: mine.seq },
      });
      const { messages } = await as(owner, 'history', { groupId, afterSeq: 4 });
      t.match(messages[0], { seq: 5, id: mine.id, content: '', recalled: true, kind: 'normal' });
      t.match(
        await say(member, groupId, 'oops', 'r1'),
        { id: mine.id, duplicate: true },
        'it does not come back by a resend',
      );
      const kept = await say(admin, groupId, 'x');
      await t.rejects(as(member, 'recallMessage', { groupId, seq: kept.seq }), { code: 'FORBIDDEN' });
      await as(owner, 'dissolveGroup', { groupId });
      await t.rejects(as(owner, 'recallMessage', { groupId, seq: kept.seq }), { code: 'GROUP_DISSOLVED' });
    });

    await t.test('search finds any script without case, newest first', async (t) => {
      const groupId = await found();
      for (const content of ['Hello Tea', '喝茶吗', 'ЧАЙ готов', 'hello 100%']) await say(member, groupId, content);
      t.match(await as(owner, 'search', { groupId, text: 'HELLO' }), {
        messages: [{ content: 'hello 100%' }, { content: 'Hello Tea' }],
        more: false,
      });
      t.match(await as(owner, 'search', { groupId, text: 'чай' }), { messages: [{ seq: 7 }], more: false });
      t.match(await as(owner, 'search', { groupId, text: '茶' }), { messages: [{ seq: 6 }] });
      t.match(await as(owner, 'search', { groupId, text: '%' }), { messages: [{ seq: 8 }] });
      const page = await as(owner, 'search', { groupId, text: 'hello', limit: 1 });
      t.match(page, { messages: [{ seq: 8 }], more: true });
      t.match(await as(owner, 'search', { groupId, text: 'hello', beforeSeq: page.beforeSeq ?? 1 }), {
        messages: [{ seq: 5 }],
        more: false,
      });
      await t.rejects(as(stranger, 'search', { groupId, text: 'x' }), { code: 'NOT_A_MEMBER' });
      await t.rejects(as(owner, 'search', { groupId: 999_999, text: 'x' }), { code: 'NOT_FOUND' });
      await t.rejects(ask('search', { groupId, text: '', caller: callerOf(owner) }), { code: 'BAD_REQUEST' });
    });
  });
}
