import { openLog } from '@teahouse/message-log';
import type { Database, Session } from '@teahouse/service-kit/database';
import { testDatabase, withConnection } from '@teahouse/test';
import t, { type Test } from 'tap';
import { Foresight } from '../dist/foresight.js';
import { type Chat, draft, openChat, rules, say, tables } from './chat.js';
import { startProxy } from './proxy.js';

/*
 * A conversation that the log finds twice as it left it is stored in one round trip from then on. What others do to it
 * meanwhile must show as it does in two.
 */

/** Counts the round trips of all sessions, and keeps what they said last. */
function counting(database: Database): { database: Database; trips: () => number; said: () => string } {
  let trips = 0;
  let said = '';
  let before = 0;
  const counted = Object.create(database) as Database;
  counted.session = async (): Promise<Session> => {
    const session = await database.session();
    return {
      begin: session.begin,
      exclusive: (work) =>
        session.exclusive((run) =>
          work((statements, rowless) => {
            trips++;
            said = statements.map(({ sql }) => sql).join(';');
            return run(statements, rowless);
          }),
        ),
      release: () => session.release(),
      destroy: () => session.destroy(),
    };
  };
  return {
    database: counted,
    said: () => said,
    trips() {
      const since = trips - before;
      before = trips;
      return since;
    },
  };
}

/** Two instances, the first one's round trips counted, and rooms of which 1 and 2 are spoken in by 1 and 2 in one round trip. */
async function warm(t: Test, url?: string, rooms = 4) {
  const other = await openChat(url ?? (await testDatabase('log')).url, { rooms });
  t.teardown(() => other.close());
  const { database, trips, said } = counting(other.database);
  const published: number[] = [];
  const log = openLog({
    database,
    tables,
    rules,
    log: other.logger,
    onStored: (batches) => published.push(...batches.map(({ conversationId }) => conversationId)),
  });
  t.teardown(() => log.close());
  const chat = { ...other, log };
  const both = [draft(1, 1, 'x'), draft(2, 1, 'x'), draft(1, 2, 'x'), draft(2, 2, 'x')];
  t.strictSame(await say(chat, both), [1, 2, 1, 2]);
  t.strictSame(await say(chat, both), [3, 4, 3, 4]);
  t.equal(trips(), 4, 'twice two');
  t.strictSame(await say(chat, both), [5, 6, 5, 6]);
  t.equal(trips(), 1, 'then one');
  return { chat, other, trips, said, published, both };
}

const stored = async (chat: Chat, room: number) =>
  (await chat.query('SELECT seq, content FROM room_message WHERE roomId = ? ORDER BY seq', [room])).map(
    ({ seq, content }) => `${seq} ${content}`,
  );

t.test('one round trip stores, answers and publishes as two do', async (t) => {
  const { chat, trips, said, published } = await warm(t);
  published.length = 0;
  const words = await say(chat, [
    draft(1, 1, 'a', 'a'),
    draft(1, 1, 'a', 'a'),
    draft(1, 1, 'b', 'a'),
    draft(2, 2, 'c'),
    draft(2, 1, 'd', 'a'),
  ]);
  t.strictSame(words, [7, '7 again', 'CONFLICT', 7, 8]);
  t.equal(trips(), 1);
  t.match(said(), /FOR UPDATE SKIP LOCKED.*;COMMIT$/s, 'and waits for nobody');
  t.strictSame(published, [1, 2]);
  t.strictSame((await stored(chat, 1)).slice(-2), ['7 a', '8 d']);
  const rows = await chat.query('SELECT id, lastSeq FROM room ORDER BY id');
  t.strictSame(
    rows.map(({ lastSeq }) => lastSeq),
    [8, 7, 0, 0],
  );
});

t.test('a full batch of as many conversations is one round trip, too', async (t) => {
  const { chat, trips } = await warm(t, undefined, 502);
  const each = Array.from({ length: 500 }, (_, i) => draft(1, i + 3, "it's; END", 'a'));
  for (const [seq, expected] of [
    [1, 2],
    [2, 2],
    [3, 1],
  ]) {
    const drafts = each.map((one) => ({ ...one, clientId: `n${seq}-${one.conversationId}` }));
    t.strictSame(new Set(await say(chat, drafts)), new Set([seq]));
    t.equal(trips(), expected);
  }
  const [counted] = await chat.query('SELECT COUNT(*) AS count FROM room_message WHERE roomId > 2 AND content = ?', [
    "it's; END",
  ]);
  t.equal(Number(counted?.count), 1500);
});

t.test('whoever or whatever is new takes two', async (t) => {
  const { chat, trips } = await warm(t);
  t.strictSame(await say(chat, [draft(1, 1, 'x'), draft(3, 1, 'x')]), [7, 8], 'a sender');
  t.equal(trips(), 2);
  t.strictSame(await say(chat, [draft(1, 1, 'x'), draft(3, 1, 'x')]), [9, 10]);
  t.equal(trips(), 1);
  t.strictSame(await say(chat, [draft(1, 1, 'x'), draft(1, 3, 'x')]), [11, 1], 'a room');
  t.equal(trips(), 2);
  t.strictSame(await say(chat, [draft(1, 1, 'x'), draft(1, 77, 'x')]), [12, 'NOT_FOUND'], 'none at all');
});

t.test('who may not speak any more is refused at once, and the others are not disturbed', async (t) => {
  const { chat, trips, both } = await warm(t);
  await chat.query('UPDATE room SET closed = 1 WHERE id = 1');
  t.strictSame(await say(chat, both), ['GROUP_DISSOLVED', 'GROUP_DISSOLVED', 7, 8]);
  t.equal(trips(), 3, 'tried, looked, stored');
  const silence = async (userId: number) => {
    await chat.query('INSERT INTO silenced (userId) VALUES (?)', [userId]);
    await chat.query('UPDATE room SET lastSeq = lastSeq + 1 WHERE id = 2');
  };
  await silence(2);
  t.strictSame(await say(chat, both), ['GROUP_DISSOLVED', 'GROUP_DISSOLVED', 10, 'MEMBER_MUTED']);
  t.equal((await stored(chat, 1)).length, 6);
  t.equal((await stored(chat, 2)).length, 9);
  for (let i = 0; i < 2; i++) await say(chat, [draft(1, 2, 'x')]);
  trips();
  await silence(1);
  for (let i = 0; i < 2; i++) t.strictSame(await say(chat, [draft(1, 2, 'x')]), ['MEMBER_MUTED']);
  t.equal(trips(), 5, 'what went wrong once is not tried again');
});

t.test('a lastSeq that moved is noticed where no message shows it', async (t) => {
  const { chat, trips, both } = await warm(t);
  await chat.query('UPDATE room SET lastSeq = lastSeq + 1 WHERE id = 2');
  t.strictSame(await say(chat, both), [7, 8, 8, 9]);
  t.equal(trips(), 3);
  t.strictSame((await stored(chat, 2)).slice(-2), ['8 x', '9 x']);
});

t.test('what another instance or a verb stored meanwhile is counted', async (t) => {
  const { chat, other, trips, both } = await warm(t);
  t.strictSame(await say(other, [draft(3, 1, 'other')]), [7]);
  t.strictSame(await say(chat, both), [8, 9, 7, 8]);
  t.equal(trips(), 3);
  await say(chat, both);
  trips();
  t.strictSame(await say(chat, both), [12, 13, 11, 12]);
  t.equal(trips(), 1, 'one again');
  const notice = { event: 'joined', userId: 9 } as const;
  await other.database.transaction(async (manager) => {
    await manager.query('SELECT id FROM room WHERE id = 2 FOR UPDATE');
    await chat.log.appendInside(manager, 2, [{ from: 9, notice }]);
  });
  t.strictSame(await say(chat, both), [14, 15, 14, 15]);
  t.strictSame((await stored(chat, 2)).at(12), '13 ');
});

t.test('a clientId that was used before is answered by the first, once and for all', async (t) => {
  const { chat, other, both } = await warm(t);
  t.strictSame(await say(chat, [draft(1, 1, 'a', 'a')]), [7]);
  t.strictSame(await say(chat, [draft(1, 1, 'a', 'a'), ...both]), ['7 again', 8, 9, 7, 8]);
  await say(chat, both);
  await say(chat, both);
  t.strictSame(await say(other, [draft(1, 3, 'b', 'b')]), [1]);
  t.strictSame(await say(chat, [draft(1, 1, 'b', 'b'), ...both]), ['CONFLICT', 14, 15, 13, 14]);
});

t.test('a room that is locked elsewhere is put off; the others go on', async (t) => {
  const other = await testDatabase('log');
  const { chat } = await warm(t, other.url);
  await withConnection(other.url, async (connection) => {
    await connection.query('START TRANSACTION');
    await connection.query('SELECT id FROM room WHERE id = 2 FOR UPDATE');
    const locked = say(chat, [draft(1, 2, 'a')]);
    t.strictSame(await say(chat, [draft(1, 1, 'b'), draft(2, 1, 'c')]), [7, 8]);
    await connection.query('COMMIT');
    t.strictSame(await locked, [7]);
  });
});

t.test('the connection is lost: nobody knows, and nothing stands twice', async (t) => {
  const proxy = await startProxy((await testDatabase('log')).url);
  const { chat, trips } = await warm(t, proxy.url);
  t.teardown(() => proxy.close());
  const one = (clientId: string) => say(chat, [draft(1, 1, clientId, clientId)]);
  proxy.cutNext({ at: ';COMMIT', when: 'before' });
  t.strictSame(await one('before'), ['UNAVAILABLE']);
  trips();
  t.strictSame(await say(chat, [draft(1, 2, 'x')]), [7]);
  t.equal(trips(), 2, 'what was remembered is forgotten, whatever room it is of');
  t.strictSame(await one('before'), [7], 'it was not stored');
  t.strictSame(await one('x'), [8]);
  trips();
  proxy.cutNext({ at: ';COMMIT', when: 'after' });
  t.strictSame(await one('after'), ['UNAVAILABLE']);
  t.equal(trips(), 1);
  t.strictSame(await one('after'), ['9 again'], 'it was stored');
});

t.test('what is remembered is bounded', (t) => {
  const foresight = new Foresight();
  const batch = (conversationId: number, from: number, lastSeq: number) => ({
    conversationId,
    messages: [
      { conversationId, seq: lastSeq + 1, id: '', from, content: '', kind: 'normal', createTime: 0, recalled: false },
    ] as const,
    connectionIds: ['c'],
    quiet: false,
    conversation: { id: conversationId, lastSeq },
  });
  foresight.keep([batch(1, 1, 0)]);
  foresight.keep([batch(1, 1, 1)]);
  t.match(foresight.rows([draft(1, 1, 'x')])?.get(1), { id: 1, lastSeq: 2 });
  t.equal(foresight.rows([draft(2, 1, 'x')]), undefined);
  // Moved by others, and forgotten: neither counts twice.
  for (let round = 0; round < 3; round++) {
    for (let id = 2; id <= 100; id++) foresight.keep([batch(id, 1, 10 * round)]);
    foresight.forget([2, 3, 3, 777]);
  }
  for (let id = 2; id <= 50_000; id++) foresight.keep([batch(id, 1, 100)]);
  t.ok(foresight.rows([draft(1, 1, 'x')]), 'so many are');
  foresight.keep([batch(60_000, 1, 0)]);
  t.equal(foresight.rows([draft(1, 1, 'x')]), undefined, 'one more is too many');
  foresight.keep([batch(1, 1, 2)]);
  foresight.keep([batch(1, 1, 3)]);
  t.ok(foresight.rows([draft(1, 1, 'x')]));
  t.end();
});
