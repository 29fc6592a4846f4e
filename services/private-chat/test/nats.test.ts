import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { call } from '@teahouse/bus';
import { privateCalls } from '@teahouse/contracts';
import { eventually, freePort, startProcess, withConnection } from '@teahouse/test';
import t from 'tap';
import { archiveSuite } from './archive-suite.js';
import { readingSuite } from './reading-suite.js';
import { sendingSuite } from './sending-suite.js';
import { natsSetup, running } from './setups.js';

for (const suite of [sendingSuite, readingSuite, archiveSuite]) suite('NATS and MariaDB', natsSetup);

/** Until a transaction in this database waits for a lock. The server renews its list only when it was not read for 100 ms. */
const untilOneWaits = (url: string) =>
  withConnection(url, (connection) =>
    eventually(
      async () => {
        await delay(120);
        const [rows] = await connection.query(`SELECT trx_id FROM information_schema.innodb_trx
          JOIN information_schema.processlist ON processlist.id = trx_mysql_thread_id
          WHERE trx_state = 'LOCK WAIT' AND db = DATABASE()`);
        return (rows as unknown[]).length > 0;
      },
      5000,
      'nobody waits for a lock',
    ),
  );

t.test('blocking waits for a transaction that stores messages of the two', async (t) => {
  const { setup, as, send, sql } = await running(t, natsSetup);
  await send([1, 2, 'a']);
  await withConnection(setup.servers?.mysql ?? '', async (other) => {
    await other.query('START TRANSACTION');
    await other.query('SELECT id FROM private_conversation WHERE userLow = 1 FOR UPDATE');
    const blocked = as(2, 'blockUser', { userId: 1 });
    await untilOneWaits(setup.servers?.mysql ?? '');
    t.strictSame(await sql('SELECT userId FROM private_block'), []);
    await other.query('COMMIT');
    await blocked;
  });
  t.equal((await sql('SELECT userId FROM private_block')).length, 1);
});

t.test('a first message that meets a block came before it, or its sender hears of the block', async (t) => {
  const rounds = Array.from({ length: 60 }, (_, i) => ({ from: 2 * i + 1, to: 2 * i + 2 }));
  const users = rounds.flatMap(({ from, to }) => [from, to]);
  const { as, words, sql } = await running(t, natsSetup, { instances: 2, users });
  const race = async ({ from, to }: (typeof rounds)[number], i: number) => {
    const say = async (content: string) => {
      for (;;) {
        const [word] = await words([from, to, content, content]);
        if (word !== 'UNAVAILABLE') return word;
      }
    };
    const hold = async () => {
      await delay(i % 20);
      for (;;) {
        const done = await as(to, 'blockUser', { userId: from }).catch((error: { code?: string }) => error);
        if (!('code' in done)) return;
        if (done.code !== 'UNAVAILABLE') throw done;
      }
    };
    const [first] = await Promise.all([say('first'), hold()]);
    return { from, first, next: await say('next') };
  };
  const ends = await Promise.all(rounds.map(race));
  const rows = await sql('SELECT fromUserId, content FROM private_message ORDER BY fromUserId');
  t.strictSame(
    rows.map(({ fromUserId, content }) => [Number(fromUserId), content]),
    ends.filter(({ first }) => first === 1).map(({ from }) => [from, 'first']),
    'what was acked is stored, what was refused is not',
  );
  t.ok(ends.every(({ first }) => first === 1 || first === 'BLOCKED'));
  t.ok(ends.every(({ next }) => next === 'BLOCKED'));
  t.comment(`${rows.length} of ${rounds.length} came before the block`);
});

t.test('blocks of the two that change at once are counted as they stand', async (t) => {
  const { setup, as, send, sql } = await running(t, natsSetup);
  await send([1, 2, 'a']);
  await as(1, 'blockUser', { userId: 2 });
  const blocks = async () => (await sql('SELECT blocks FROM private_conversation'))[0]?.blocks;
  for (const [verb, left] of [
    ['unblockUser', 1],
    ['blockUser', 2],
  ] as const) {
    await withConnection(setup.servers?.mysql ?? '', async (other) => {
      await other.query('START TRANSACTION');
      await other.query('SELECT id FROM private_conversation FOR UPDATE');
      await other.query('REPLACE INTO private_block (userId, blockedId) VALUES (2, 1)');
      const changed = as(1, verb, { userId: 2 });
      await untilOneWaits(setup.servers?.mysql ?? '');
      await other.query('COMMIT');
      await changed;
    });
    t.equal(await blocks(), left, verb);
    await sql('DELETE FROM private_block WHERE userId = 2');
  }
});

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

t.test('the service as its own process serves, tells its health, and ends well on SIGTERM', async (t) => {
  const setup = await natsSetup(t);
  const bus = await setup.bus();
  const port = await freePort();
  const lines: string[] = [];
  const env = {
    ...process.env,
    NATS_URL: setup.servers?.nats,
    PRIVATE_DB_URL: setup.servers?.mysql,
    HEALTH_PORT: String(port),
    LOG_LEVEL: 'warn',
  };
  const running = await startProcess(process.execPath, [main], { env, output: { line: (line) => lines.push(line) } });
  const ready = async () => (await fetch(`http://127.0.0.1:${port}/health/ready`)).status === 200;
  await eventually(ready, 10_000, 'never ready');
  t.strictSame(await call(bus, privateCalls.sessions, { userIds: [1] }, { timeoutMs: 2000 }), {
    sessions: [{ userId: 1, conversations: [], more: false }],
  });
  running.kill('SIGTERM');
  t.match(await running.finished(), { code: 0 }, lines.join('\n'));
});

t.test('bad configuration stops the start with one sentence that names the variable', async (t) => {
  const lines: string[] = [];
  const env = { PATH: process.env.PATH, NATS_URL: 'nats://127.0.0.1:4222' };
  const running = await startProcess(process.execPath, [main], { env, output: { line: (line) => lines.push(line) } });
  t.match(await running.finished(), { code: 1 });
  t.equal(lines.length, 1);
  t.match(lines[0], /^PRIVATE_DB_URL is missing/);
});
