import { setTimeout as delay } from 'node:timers/promises';
import type { Stored } from '@teahouse/message-log';
import { eventually, testDatabase, testMysql, withConnection, within } from '@teahouse/test';
import t, { type Test } from 'tap';
import { logBehaviour } from './behaviour.js';
import { type Chat, draft, openChat, rules, say, soon } from './chat.js';
import { startProxy } from './proxy.js';

const emptyDatabase = async () => (await testDatabase('log')).url;

logBehaviour('mariadb', emptyDatabase);

async function instances(
  t: Test,
  count: number,
  rooms: number,
  options: Parameters<typeof openChat>[1] = {},
): Promise<{ url: string; chats: Chat[] }> {
  const url = await emptyDatabase();
  const chats: Chat[] = [];
  for (let i = 0; i < count; i++) {
    const chat = await openChat(url, { ...options, rooms: i === 0 ? rooms : 0 });
    chats.push(chat);
    t.teardown(() => chat.close());
  }
  return { url, chats };
}

t.test(
  '10,000 drafts of many senders through two instances: seq 1 to n in every room, in each sender’s order',
  async (t) => {
    const rooms = 20;
    const { chats } = await instances(t, 2, rooms);
    const perInstance = 5000;
    const answers = await Promise.all(
      chats.map(async (chat, instance) => {
        const calls: Promise<(string | number)[]>[] = [];
        for (let start = 0; start < perInstance; start += 50) {
          const drafts = Array.from({ length: 50 }, (_, i) => {
            const n = start + i;
            const clientId = n % 2 === 0 ? `${instance}-${n}` : undefined;
            return draft(instance * 100 + (n % 37) + 1, (n % rooms) + 1, `${instance} ${n}`, clientId);
          });
          calls.push(say(chat, drafts, soon(30_000)));
        }
        return (await Promise.all(calls)).flat();
      }),
    );
    t.ok(
      answers.flat().every((answer) => typeof answer === 'number'),
      'all were stored',
    );
    const [first] = chats as [Chat];
    for (let room = 1; room <= rooms; room++) {
      const rows = await first.query(
        'SELECT seq, fromUserId, content FROM room_message WHERE roomId = ? ORDER BY seq',
        [room],
      );
      t.strictSame(
        rows.map((row) => row.seq),
        Array.from({ length: 500 }, (_, i) => i + 1),
      );
      const last = new Map<unknown, number>();
      const inOrder = rows.every(({ fromUserId, content }) => {
        const n = Number(String(content).split(' ')[1]);
        const before = last.get(fromUserId) ?? -1;
        last.set(fromUserId, n);
        return n > before;
      });
      t.ok(inOrder, `room ${room} keeps each sender's order`);
    }
    for (const chat of chats) {
      const seqs = new Map<number, number>();
      const rising = chat.published.every(({ conversationId, messages }) =>
        messages.every(({ seq }) => {
          const before = seqs.get(conversationId) ?? 0;
          seqs.set(conversationId, seq);
          return seq > before;
        }),
      );
      t.ok(rising, 'each instance publishes a room in the order of seq');
    }
    t.equal(chats.flatMap(({ published }) => published.flatMap(({ messages }) => messages)).length, 2 * perInstance);
  },
);

t.test('one clientId on two instances at once is stored once', async (t) => {
  const { chats } = await instances(t, 2, 2);
  for (let round = 0; round < 20; round++) {
    const same = await Promise.all(chats.map((chat) => chat.log.append([draft(1, 1, 'same', `s${round}`)], soon())));
    const [a, b] = same.map(([result]) => result as Stored);
    t.equal(a?.id, b?.id);
    t.equal([a, b].filter((result) => result?.duplicate).length, 1);
    const other = await Promise.all(
      chats.map((chat, i) => say(chat, [draft(1, i + 1, 'other', `o${round}`), draft(2, i + 1, 'bystander')])),
    );
    t.equal(other.filter(([answer]) => answer === 'CONFLICT').length, 1, 'in two rooms: one of them is a conflict');
    t.ok(
      other.every(([, answer]) => typeof answer === 'number'),
      'and harms nobody else',
    );
  }
  const [row] = await (chats[0] as Chat).query('SELECT COUNT(*) AS n FROM room_message');
  t.equal(row?.n, 20 + 20 + 40);
});

t.test('a room locked elsewhere is put off with all that follow in it; the others go on', async (t) => {
  const { url, chats } = await instances(t, 1, 3);
  const [chat] = chats as [Chat];
  await withConnection(url, async (other) => {
    await other.query('START TRANSACTION');
    await other.query('SELECT id FROM room WHERE id = 2 FOR UPDATE');
    const locked = say(chat, [draft(1, 2, 'a'), draft(1, 2, 'b')], soon());
    const late = say(chat, [draft(1, 2, 'never')], Date.now() + 150);
    t.strictSame(
      await within(say(chat, [draft(1, 1, 'c'), draft(1, 3, 'd'), draft(1, 77, 'e')]), 10_000, 'the others waited'),
      [1, 1, 'NOT_FOUND'],
    );
    const quiet = [draft(1, 1, 'g'), draft(1, 2, 'never')].map((one) => ({ ...one, quiet: true }));
    t.strictSame(await say(chat, quiet, Date.now() + 300), [2, 'UNAVAILABLE']);
    t.equal(chat.published.at(-1)?.quiet, false, 'whose answer has to wait is published');
    const following = say(chat, [draft(1, 2, 'f')], soon());
    t.strictSame(await late, ['UNAVAILABLE'], 'until its deadline');
    t.equal(chat.published.length, 3);
    await other.query('COMMIT');
    t.strictSame(await Promise.all([locked, following]), [[1, 2], [3]]);
    t.strictSame(await say(chat, quiet), [3, 4]);
    t.ok(chat.published.slice(-2).every(({ quiet }) => quiet));
  });
  const { messages } = await chat.log.history(2, { limit: 10 });
  t.strictSame(
    messages.map(({ content }) => content),
    ['a', 'b', 'f', 'never'],
  );
});

t.test('600 drafts for a locked room do not keep the others from their turn, nor lose their order', async (t) => {
  const { url, chats } = await instances(t, 1, 2);
  const [chat] = chats as [Chat];
  await withConnection(url, async (other) => {
    await other.query('START TRANSACTION');
    await other.query('SELECT id FROM room WHERE id = 2 FOR UPDATE');
    const locked = say(
      chat,
      Array.from({ length: 600 }, (_, i) => draft(1, 2, String(i))),
      soon(20_000),
    );
    t.strictSame(await within(say(chat, [draft(1, 1, 'x')]), 10_000, 'starved'), [1]);
    const more = say(
      chat,
      Array.from({ length: 600 }, (_, i) => draft(1, 2, String(600 + i))),
      soon(20_000),
    );
    await other.query('COMMIT');
    t.strictSame(
      (await Promise.all([locked, more])).flat(),
      Array.from({ length: 1200 }, (_, i) => i + 1),
    );
  });
  const rows = await chat.query('SELECT content FROM room_message WHERE roomId = 2 ORDER BY seq');
  t.strictSame(
    rows.map(({ content }) => content),
    Array.from({ length: 1200 }, (_, i) => String(i)),
  );
});

t.test('a room that others change without a pause is waited for, and holds up no other room meanwhile', async (t) => {
  const { url, chats } = await instances(t, 1, 2);
  const [chat] = chats as [Chat];
  let done = false;
  let changes = 0;
  const keepChanging = () =>
    withConnection(url, async (other) => {
      for (; !done; changes++) {
        await other.query('START TRANSACTION');
        await other.query('SELECT id FROM room WHERE id = 2 FOR UPDATE');
        await delay(5);
        await other.query('COMMIT');
      }
    });
  // While one of them holds the row the others wait for it, so that it is never free for a moment.
  const others = [keepChanging(), keepChanging(), keepChanging()];
  await eventually(() => changes > 10, 5000, 'nothing changes');
  let stored = false;
  const wanted = say(
    chat,
    Array.from({ length: 700 }, (_, i) => draft(1, 2, String(i))),
    soon(10_000),
  ).finally(() => {
    stored = true;
  });
  const elsewhere: (string | number)[] = [];
  while (!stored) elsewhere.push(...(await within(say(chat, [draft(2, 1, 'x')]), 10_000, 'the other room waited')));
  done = true;
  await Promise.all(others);
  const inOrder = Array.from({ length: 700 }, (_, i) => i + 1);
  t.strictSame(await wanted, inOrder);
  t.strictSame(
    elsewhere,
    elsewhere.map((_, i) => i + 1),
  );
  const rows = await chat.query('SELECT seq, content FROM room_message WHERE roomId = 2 ORDER BY seq');
  t.strictSame(
    rows.map(({ seq, content }) => [seq, content]),
    inOrder.map((seq) => [seq, String(seq - 1)]),
  );
});

t.test('a deadlock rolls the batch back and runs it again', async (t) => {
  const { url, chats } = await instances(t, 1, 2, {
    rules: { ...rules, writes: () => [{ sql: 'UPDATE silenced SET userId = userId WHERE userId = 1000' }] },
  });
  const [chat] = chats as [Chat];
  await withConnection(url, async (other) => {
    // Whoever changed fewer rows is the victim: this side changes many.
    await other.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    await other.query(`INSERT INTO silenced VALUES ${Array.from({ length: 2000 }, (_, i) => `(${i + 1})`).join()}`);
    await other.query('START TRANSACTION');
    await other.query('UPDATE silenced SET userId = userId + 100000 WHERE userId <> 0 ORDER BY userId DESC');
    const asked = say(chat, [draft(5000, 1, 'a'), draft(5000, 2, 'b')]);
    // The batch holds both rooms and waits for a row of `silenced`; now this side asks for a room.
    const waiting = `SELECT 1 FROM information_schema.innodb_trx JOIN information_schema.processlist ON id = trx_mysql_thread_id
      WHERE trx_state = 'LOCK WAIT' AND db = DATABASE()`;
    const blocked = async () => {
      // The server gathers this table anew only where nobody has read it for 100 ms.
      await delay(120);
      const [rows] = await other.query(waiting);
      return Array.isArray(rows) && rows.length > 0;
    };
    await eventually(blocked, 5_000, 'The batch does not wait');
    await other.query('SELECT id FROM room WHERE id = 1 FOR UPDATE');
    await other.query('COMMIT');
    t.strictSame(await asked, [1, 1]);
  });
  t.ok(
    chat.lines.some((line) => line.includes('Deadlock')),
    'there was one',
  );
  t.equal(chat.published.length, 2);
});

t.test('the connection is lost', async (t) => {
  const database = await testDatabase('log');
  const proxy = await startProxy(database.url);
  const chat = await openChat(proxy.url, { rooms: 2 });
  t.teardown(async () => {
    await chat.close();
    await proxy.close();
  });
  await say(chat, [draft(1, 1, 'first')]);

  await t.test('before COMMIT was sent: the batch runs again on a fresh one', async (t) => {
    proxy.cutNext({ at: 'SKIP LOCKED', when: 'before' });
    t.strictSame(await say(chat, [draft(1, 1, 'a'), draft(1, 1, 'b', 'b')]), [2, 3]);
    proxy.cutNext({ at: 'SKIP LOCKED', when: 'after' });
    t.strictSame(await say(chat, [draft(2, 1, 'c')]), [4]);
    t.strictSame(
      (await chat.log.history(1, { limit: 10 })).messages.map(({ content }) => content),
      ['first', 'a', 'b', 'c'],
    );
  });

  await t.test('after COMMIT was sent: UNAVAILABLE, stored or not, and safe to repeat with its clientId', async (t) => {
    const before = chat.published.length;
    await say(chat, [draft(1, 2, 'again', 'again')]);
    proxy.cutNext({ at: ';COMMIT', when: 'after' });
    t.strictSame(
      await say(chat, [draft(1, 1, 'd', 'd'), draft(1, 1, 'd', 'd'), draft(1, 2, 'again', 'again'), draft(1, 77, 'x')]),
      ['UNAVAILABLE', 'UNAVAILABLE', '1 again', 'NOT_FOUND'],
      'what does not hang on the commit is answered',
    );
    t.equal(chat.published.length, before + 1, 'nothing is published that may not be stored');
    proxy.cutNext({ at: ';COMMIT', when: 'before' });
    t.strictSame(await say(chat, [draft(1, 1, 'e', 'e')]), ['UNAVAILABLE']);
    t.strictSame(await say(chat, [draft(1, 1, 'd', 'd'), draft(1, 1, 'e', 'e')]), ['5 again', 6]);
  });
});

t.test('a database that is stopped, killed and back', async (t) => {
  const server = await testMysql();
  t.teardown(() => server.stop());
  await withConnection(server.url, (connection) => connection.query('CREATE DATABASE log CHARACTER SET utf8mb4'));
  const chat = await openChat(`${server.url}log`, { rooms: 1, timeoutMs: 1000 });
  t.teardown(() => chat.close());
  t.strictSame(await say(chat, [draft(1, 1, 'a')]), [1]);

  server.kill('SIGSTOP');
  const start = Date.now();
  const held = await Promise.all([
    say(chat, [draft(1, 1, 'held', 'held')], soon(900)),
    say(chat, [draft(1, 1, 'behind')], soon(900)),
  ]);
  t.strictSame(held.flat(), ['UNAVAILABLE', 'UNAVAILABLE']);
  t.ok(Date.now() - start < 1900, 'in time');
  server.kill('SIGCONT');
  t.strictSame(
    await eventually(
      async () => {
        const answers = await say(chat, [draft(1, 1, 'held', 'held')]);
        return typeof answers[0] === 'number' && answers;
      },
      5000,
      'never came back',
    ),
    [2],
    'and it was not stored before',
  );
});
