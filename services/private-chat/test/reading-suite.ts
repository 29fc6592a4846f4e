import { privateCalls, subjects } from '@teahouse/contracts';
import { eventually } from '@teahouse/test';
import t, { type Test } from 'tap';
import { type CallName, connectionOf, type MakeSetup, running } from './setups.js';

const code = (name: string) => ({ code: name });

/** Everything but sending, whatever the service runs on. */
export function readingSuite(name: string, make: MakeSetup): void {
  const story = (sentence: string, body: (t: Test) => Promise<void>) => t.test(`${name}: ${sentence}`, body);

  story('every call answers its own example in the agreed shape, and refuses what has no shape', async (t) => {
    const { ask, send, as } = await running(t, make);
    await send([2, 3, 'hello'], ...Array.from({ length: 6 }, (_, i): [number, number, string] => [2, 3, `m${i}`]));
    await as(2, 'blockUser', { userId: 4 });
    const after: Partial<Record<CallName, object>> = { unblockUser: { userId: 4 }, recallMessage: { with: 3, seq: 7 } };
    for (const call of Object.keys(privateCalls) as CallName[]) {
      const example = { ...privateCalls[call].example, ...after[call] };
      await t.resolves(ask(call, example as never), call);
      await t.rejects(ask(call, {} as never), code('BAD_REQUEST'), call);
    }
  });

  story('history, repair and search read the same log', async (t) => {
    const { send, as, ask } = await running(t, make);
    await send(
      ...Array.from({ length: 60 }, (_, i): [number, number, string] => [1 + (i % 2), 2 - (i % 2), `Tea ${i + 1}`]),
    );
    const seqs = ({ messages }: { messages: { seq: number }[] }) => [messages[0]?.seq, messages.at(-1)?.seq];
    const newest = await as(1, 'history', { with: 2 });
    t.strictSame([...seqs(newest), newest.more], [11, 60, true]);
    t.strictSame(seqs(await as(2, 'history', { with: 1, afterSeq: 58 })), [59, 60]);
    t.strictSame(seqs(await as(2, 'history', { with: 1, beforeSeq: 3 })), [1, 2]);
    await t.rejects(as(1, 'history', { with: 2, beforeSeq: 3, afterSeq: 1 }), code('BAD_REQUEST'));
    await t.rejects(as(1, 'history', { with: 1 }), code('BAD_REQUEST'));
    await t.rejects(as(1, 'history', { with: 99 }), code('NOT_FOUND'));
    t.strictSame(await as(1, 'history', { with: 3 }), { messages: [], more: false });
    t.strictSame(seqs(await ask('repair', { users: [2, 1], afterSeq: 50, limit: 5 })), [51, 55]);
    t.strictSame(seqs(await ask('repair', { users: [1, 2], beforeSeq: 50, limit: 5 })), [45, 49]);
    t.strictSame(await ask('repair', { users: [3, 4], afterSeq: 0, limit: 5 }), { messages: [], more: false });
    t.strictSame(
      (await as(1, 'search', { with: 2, text: 'tEA 6' })).messages.map(({ seq }) => seq),
      [60, 6],
    );
    await t.rejects(as(1, 'search', { with: 99, text: 'x' }), code('NOT_FOUND'));
  });

  story('read marks only go forward, follow own sends, and are told to both sides', async (t) => {
    const { send, as, listOf, hearUser } = await running(t, make);
    await send([1, 2, 'a'], [1, 2, 'b'], [2, 1, 'c'], [1, 2, 'd']);
    const readsOf = async (userId: number) => {
      const { readSeq, peerReadSeq } = (await listOf(userId)).conversations[0] ?? {};
      return [readSeq, peerReadSeq];
    };
    const reads = async () => {
      const [low, high] = [await readsOf(1), await readsOf(2)];
      t.strictSame(high, [...low].reverse(), 'each is told both marks, the own one first');
      return low;
    };
    t.strictSame(await reads(), [4, 3], 'each has read what came before the own newest');
    const [one, two] = [await hearUser(1), await hearUser(2)];
    t.strictSame(await as(2, 'markRead', { with: 1, seq: 2 }), { readSeq: 3 }, 'not back');
    t.strictSame(await as(2, 'markRead', { with: 1, seq: 900 }), { readSeq: 4 }, 'not past the newest');
    t.strictSame(await as(2, 'markRead', { with: 1, seq: 4 }), { readSeq: 4 });
    await eventually(() => one.frames.length === 1 && two.frames.length === 1, 2000, 'not told');
    t.strictSame(two.headers, [{ kind: 'push', except: connectionOf(2) }]);
    t.strictSame(two.frames, [{ type: 'readMarker', with: 1, userId: 2, seq: 4 }]);
    t.strictSame(one.headers, [{ kind: 'push' }]);
    t.strictSame(one.frames, [{ type: 'readMarker', with: 2, userId: 2, seq: 4 }]);
    t.strictSame(await reads(), [4, 4]);
    t.strictSame(await as(3, 'markRead', { with: 1, seq: 4 }), { readSeq: 0 });
    await t.rejects(as(3, 'markRead', { with: 99, seq: 4 }), code('NOT_FOUND'));
    await t.rejects(as(3, 'markRead', { with: 3, seq: 4 }), code('BAD_REQUEST'));
  });

  story('a message of one’s own can be taken back for two minutes, and a notice says so', async (t) => {
    const { send, as, hearUser, sql, words } = await running(t, make);
    await send([1, 2, 'oops', 'o'], [2, 1, 'what?']);
    const heard = await hearUser(2);
    await t.rejects(as(2, 'recallMessage', { with: 1, seq: 1 }), code('FORBIDDEN'), 'not the other’s');
    t.strictSame(await as(1, 'recallMessage', { with: 2, seq: 1 }), { seq: 3 });
    await eventually(() => heard.frames.length === 1, 2000, 'not told');
    t.match(heard.frames[0], {
      seq: 3,
      kind: 'notice',
      content: '',
      from: 1,
      to: 2,
      notice: { event: 'recalled', seq: 1 },
    });
    t.strictSame(heard.headers, [{ kind: 'run', users: [1, 2], first: 3, senders: [''] }]);
    const { messages } = await as(2, 'history', { with: 1 });
    t.match(messages[0], { seq: 1, content: '', recalled: true });
    for (const seq of [1, 3, 77]) await t.rejects(as(1, 'recallMessage', { with: 2, seq }), code('NOT_FOUND'));
    await t.rejects(as(1, 'recallMessage', { with: 3, seq: 1 }), code('NOT_FOUND'));
    t.strictSame(await words([1, 2, 'oops', 'o']), ['1 again'], 'a late repetition brings nothing back');
    await send([1, 2, 'older']);
    await sql('UPDATE private_message SET createTime = createTime - 121000 WHERE seq = 4');
    await t.rejects(as(1, 'recallMessage', { with: 2, seq: 4 }), code('FORBIDDEN'));
  });

  story('conversations are listed newest first, in pages, with names', async (t) => {
    const { send, ask, listOf, as, sql } = await running(t, make, {
      users: Array.from({ length: 130 }, (_, i) => i + 1),
    });
    for (let start = 2; start <= 121; start += 40) {
      await send(...Array.from({ length: 40 }, (_, i): [number, number, string] => [start + i, 1, 'hi']));
    }
    // Times of one batch are alike: give them an order of their own.
    await sql('UPDATE private_conversation SET movedAt = 1000000 + userHigh, movedSecond = 1000');
    const first = await listOf(1);
    t.strictSame(
      first.conversations.map(({ userId }) => userId),
      Array.from({ length: 100 }, (_, i) => 121 - i),
    );
    t.strictSame(first.conversations[0], {
      userId: 121,
      username: 'p121',
      nickname: 'P121',
      lastSeq: 1,
      readSeq: 0,
      peerReadSeq: 1,
    });
    t.equal(first.more, true);
    const crowd = await ask('sessions', { userIds: [5, 1, 130, 5] });
    const one = { userId: 1, username: 'p1', nickname: 'P1', lastSeq: 1, readSeq: 1, peerReadSeq: 0 };
    t.strictSame(
      crowd.sessions,
      [
        { userId: 5, conversations: [one], more: false },
        { userId: 1, ...first },
        { userId: 130, conversations: [], more: false },
      ],
      'each the own list',
    );
    const rest = await as(1, 'listConversations', { before: 22 });
    t.strictSame(
      rest.conversations.map(({ userId }) => userId),
      Array.from({ length: 20 }, (_, i) => 21 - i),
    );
    t.equal(rest.more, false);
    t.equal((await as(1, 'listConversations', { limit: 3 })).conversations.length, 3);
    t.strictSame((await ask('moved', { userIds: [1], since: 1000120 })).heads.sort(), [
      [1, 120, 1],
      [1, 121, 1],
    ]);
    t.strictSame((await ask('moved', { userIds: [121], since: 0 })).heads, [[1, 121, 1]]);
    t.strictSame((await ask('moved', { userIds: [130], since: 0 })).heads, []);
  });

  story('a name that no view tells is made up, so that lists stay whole', async (t) => {
    const { send, listOf, profiles } = await running(t, make);
    await send([1, 2, 'a']);
    await profiles.delete('1');
    await eventually(async () => (await listOf(2)).conversations[0]?.username === 'user1', 4000, 'still known');
  });

  story('blocks are listed, idempotent, and end', async (t) => {
    const { as, words, send, sql } = await running(t, make);
    // Long enough for both to be known to the log.
    for (let i = 0; i < 4; i++) await send([2, 1, 'before'], [1, 2, 'before']);
    t.strictSame(await as(1, 'blockUser', { userId: 2 }), {});
    t.strictSame(await as(1, 'blockUser', { userId: 2 }), {});
    t.strictSame(await as(1, 'listBlocked', {}), { users: [{ id: 2, username: 'p2', nickname: 'P2' }] });
    t.strictSame(await as(2, 'listBlocked', {}), { users: [] });
    t.strictSame(await words([2, 1, 'a'], [1, 2, 'b']), ['BLOCKED', 'BLOCKED']);
    await as(2, 'blockUser', { userId: 1 });
    t.strictSame(await as(1, 'unblockUser', { userId: 2 }), {});
    t.strictSame(await words([2, 1, 'a'], [1, 2, 'b']), ['BLOCKED', 'BLOCKED'], 'while one of the two stands');
    await as(2, 'unblockUser', { userId: 1 });
    t.strictSame(await words([2, 1, 'a']), [9]);
    await sql('INSERT INTO private_block (userId, blockedId) VALUES (1, 2)');
    await as(1, 'blockUser', { userId: 2 });
    t.strictSame(await words([2, 1, 'a']), ['BLOCKED'], 'a block that was not counted is, once it is asked for again');
    await as(1, 'unblockUser', { userId: 2 });
    await t.rejects(as(1, 'unblockUser', { userId: 2 }), code('NOT_FOUND'));
    await t.rejects(as(1, 'blockUser', { userId: 99 }), code('NOT_FOUND'));
    await t.rejects(as(1, 'blockUser', { userId: 1 }), code('BAD_REQUEST'));
  });

  story('at most a thousand people are blocked', async (t) => {
    const { as, sql } = await running(t, make);
    await sql(
      `INSERT INTO private_block (userId, blockedId) VALUES ${Array.from({ length: 1000 }, (_, i) => `(1, ${i + 1000})`).join()}`,
    );
    await t.rejects(as(1, 'blockUser', { userId: 2 }), code('CONFLICT'));
  });

  story('typing is passed on between those who talk and do not block each other', async (t) => {
    const { send, as, hearUser } = await running(t, make);
    await send([1, 2, 'a']);
    const [one, two, three] = [await hearUser(1), await hearUser(2), await hearUser(3)];
    t.strictSame(await as(1, 'typing', { with: 3 }), {}, 'they have not talked');
    await as(2, 'blockUser', { userId: 1 });
    await as(1, 'typing', { with: 2 });
    await as(2, 'unblockUser', { userId: 1 });
    await as(1, 'typing', { with: 2 });
    await eventually(() => two.frames.length > 0, 2000, 'not told');
    t.strictSame(two.frames, [{ type: 'typing', with: 1, userId: 1 }]);
    t.strictSame([...one.frames, ...three.frames], []);
    await t.rejects(as(1, 'typing', { with: 1 }), code('BAD_REQUEST'));
  });

  story('the sweep repeats the newest seq of what moved, stored by whomever', async (t) => {
    const { send, bus, sql } = await running(t, make);
    const heads: unknown[] = [];
    bus.subscribe(subjects.privateHeads, (payload) => heads.push(...JSON.parse(Buffer.from(payload).toString()).heads));
    await send([1, 2, 'a'], [2, 1, 'b']);
    await sql(
      'INSERT INTO private_conversation (userLow, userHigh, lastSeq, movedAt, movedSecond) VALUES (3, 4, 9, ?, ?), (2, 3, 5, 1, 0)',
      [Date.now(), Math.floor(Date.now() / 1000)],
    );
    await eventually(() => heads.length >= 4, 6000, 'two rounds');
    const told = new Set(heads.map((head) => JSON.stringify(head)));
    t.strictSame([...told].sort(), ['[1,2,2]', '[3,4,9]']);
  });
}
