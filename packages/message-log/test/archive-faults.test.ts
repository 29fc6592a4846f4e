import { setTimeout as delay } from 'node:timers/promises';
import { createMemoryHub } from '@teahouse/bus';
import { eventually, startProcess, testDatabase, testMysql, withConnection, within } from '@teahouse/test';
import t, { type Test } from 'tap';
import { type Addresses, openStand, readAll, upTo } from './archive-stand.js';
import { draft, openChat, say, soon } from './chat.js';

// Each test takes seconds; a busy machine many.
t.setTimeout(240_000);

const addresses = async (): Promise<Addresses> => ({
  hot: (await testDatabase('hot')).url,
  archive: (await testDatabase('archive')).url,
});

/** The archive holds messages 1 to `last` of the room, each as it was said, whatever else. */
async function holdsAll(
  t: Test,
  archived: (sql: string) => Promise<Record<string, unknown>[]>,
  room: number,
  last: number,
) {
  const rows = await archived(`SELECT seq, content FROM room_message_archive WHERE roomId = ${room} ORDER BY seq`);
  t.strictSame(
    rows.map(({ seq, content }) => `${seq} ${content}`),
    upTo(last).map((seq) => `${seq} m${seq}`),
    `the archive holds room ${room}`,
  );
}

t.test('eviction races pages: none has a hole, and none is refused', async (t) => {
  const at = await addresses();
  const chat = await openStand(t, at, { rooms: 1, maxRows: 0 });
  const other = await openStand(t, at, { maxRows: 0 });
  let saying = true;
  const sayAll = (async () => {
    for (let n = 0; n < 60; n++) await chat.fill(1, 25, n * 25 + 1);
    saying = false;
  })();
  let pages = 0;
  const read = async (direction: 'older' | 'newer') => {
    while (saying) {
      const seqs = await readAll(other, 1, 40, direction);
      // Newer pages may end later than older ones began: what is read is contiguous either way.
      t.ok(
        seqs.every((seq, i) => seq === i + 1),
        `${direction}: ${seqs.length} in order`,
      );
      pages++;
    }
  };
  await Promise.all([sayAll, read('older'), read('newer')]);
  t.ok(pages > 5);
  await chat.untilEvicted(1, 1500);
  await holdsAll(t, chat.archived, 1, 1500);
});

t.test('several instances archive and evict the same at once, and one that has lost the queue', async (t) => {
  const at = await addresses();
  const hub = createMemoryHub();
  const stands = [];
  for (const own of [hub, hub, createMemoryHub()])
    stands.push(await openStand(t, at, { rooms: stands.length === 0 ? 4 : 0, hub: own, maxRows: 100 }));
  const [first, second, third] = stands as [(typeof stands)[0], (typeof stands)[0], (typeof stands)[0]];
  const count = 400;
  await Promise.all([first.fill(1, count), second.fill(2, count), third.fill(3, count)]);
  for (const room of [1, 2, 3]) await first.untilArchived(room, count);
  for (const room of [1, 2, 3]) await holdsAll(t, first.archived, room, count);
  await eventually(
    async () => {
      const [row] = await first.query('SELECT SUM(lastSeq - hotFromSeq + 1) AS hot, COUNT(*) AS n FROM room');
      return Number(row?.hot) === 100;
    },
    20_000,
    'exactly as many stay as may',
  );
  const [hot] = await first.query('SELECT COUNT(*) AS n FROM room_message');
  t.equal(Number(hot?.n), 100);
  for (const [i, one] of stands.entries()) t.strictSame(await one.readAll(i + 1, 64, 'older'), upTo(count));
  t.strictSame(
    stands.flatMap(({ lines }) => lines.filter((line) => line.includes('"level":50'))),
    [],
  );
});

t.test('an archive that stands still or is gone costs old pages only, and catches up', async (t) => {
  const hot = await testDatabase('hot');
  const server = await testMysql();
  t.teardown(() => server.stop());
  await withConnection(server.url, (connection) => connection.query('CREATE DATABASE archive CHARACTER SET utf8mb4'));
  const at = { hot: hot.url, archive: `${server.url}archive` };
  const chat = await openStand(t, at, { rooms: 2, maxRows: 20 });
  await chat.fill(1, 60);
  await chat.untilEvicted(1, 40);
  const oldPage = () => chat.log.history(1, { afterSeq: 0, limit: 10 });
  const newPage = async (room: number) => (await chat.log.history(room, { limit: 10 })).messages.length;

  server.kill('SIGSTOP');
  const start = Date.now();
  const refused = await Promise.all(
    Array.from({ length: 200 }, () =>
      oldPage().then(
        () => 'a page',
        ({ code }: { code: string }) => code,
      ),
    ),
  );
  t.strictSame([...new Set(refused)], ['UNAVAILABLE']);
  t.ok(Date.now() - start < 1_900, `told within ${Date.now() - start} ms`);
  t.equal(await within(newPage(1), 1_500, 'new pages waited'), 10);
  const found = await chat.log.search(1, { text: 'm', limit: 200 });
  t.equal(found.more, true);
  t.equal(found.beforeSeq, Number((await chat.room(1)).hotFromSeq), 'search stops at the border and says so');
  await t.rejects(chat.log.search(1, { text: 'm', beforeSeq: found.beforeSeq, limit: 5 }), { code: 'UNAVAILABLE' });
  const recall = (seq: number) => chat.database.transaction((manager) => chat.log.messageInside(manager, 1, seq));
  await t.rejects(within(recall(3), 3_000, 'waited'), { code: 'UNAVAILABLE' });
  t.strictSame(await within(say(chat, [draft(1, 1, 'm61')]), 1_500, 'sends waited'), [61]);
  await chat.fill(2, 30);
  server.kill('SIGCONT');
  t.equal((await eventually(oldPage, 10_000, 'old pages came back')).messages.length, 10);
  await chat.untilArchived(1, 61);
  await chat.untilArchived(2, 30);

  await server.kill9();
  await t.rejects(oldPage(), { code: 'UNAVAILABLE' });
  t.equal(await newPage(2), 10);
  await chat.fill(2, 30, 31);
  t.ok(Number((await chat.room(2)).hotFromSeq) <= 31, 'nothing is evicted that is not archived');
  await t.test('also for an instance that starts meanwhile', async (t) => {
    const late = await openStand(t, at);
    t.equal((await late.log.history(2, { limit: 10 })).messages.length, 10);
    await t.rejects(late.log.history(1, { afterSeq: 0, limit: 10 }), { code: 'UNAVAILABLE' });
    await server.restart();
    t.equal(
      (await eventually(() => late.log.history(1, { afterSeq: 0, limit: 10 }), 20_000, 'back')).messages.length,
      10,
    );
  });
  await chat.untilArchived(2, 60);
  await holdsAll(t, chat.archived, 2, 60);
});

t.test('kill -9 of the archiving process at any point loses nothing and doubles nothing', async (t) => {
  const at = await addresses();
  const chat = await openChat(at.hot, { rooms: 3 });
  t.teardown(() => chat.close());
  const program = new URL('./archiving-process.js', import.meta.url).pathname;
  const count = 1250;
  let said = 0;
  for (let round = 0; round < 5; round++) {
    const lines: string[] = [];
    const archiving = await startProcess(process.execPath, [program, at.hot, at.archive], {
      env: process.env,
      output: { line: (line) => lines.push(line) },
    });
    await eventually(() => lines.includes('archiving'), 30_000, `it began: ${lines.join()}`);
    for (let part = 0; part < 5; part++) {
      for (const room of [1, 2]) {
        await say(
          chat,
          Array.from({ length: 50 }, (_, i) => draft(1, room, `m${said + i + 1}`)),
          soon(30_000),
        );
      }
      said += 50;
      await delay(Math.random() * 15);
    }
    await archiving.stop('SIGKILL');
    for (const room of [1, 2]) {
      const [row] = await chat.query('SELECT lastSeq, archivedThroughSeq, hotFromSeq FROM room WHERE id = ?', [room]);
      const [hot] = await chat.query('SELECT COUNT(*) AS n, MIN(seq) AS first FROM room_message WHERE roomId = ?', [
        room,
      ]);
      t.ok(Number(row?.hotFromSeq) <= Number(row?.archivedThroughSeq) + 1, 'nothing went that is not archived');
      t.equal(Number(hot?.n), Number(row?.lastSeq) - Number(row?.hotFromSeq) + 1, 'the border is where the rows begin');
    }
  }
  t.equal(said, count);
  const last = await openStand(t, at, { maxRows: 0 });
  for (const room of [1, 2]) {
    await last.untilEvicted(room, count);
    await holdsAll(t, last.archived, room, count);
    t.strictSame(await last.readAll(room, 200, 'older'), upTo(count));
  }
  t.strictSame(await last.query('SELECT * FROM room_message_alarm'), []);
});
