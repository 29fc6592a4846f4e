import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TeahouseError } from '@teahouse/contracts';
import { openDatabase } from '@teahouse/service-kit/database';
import t from 'tap';
import { behaves, contents, insert, open } from './behaviour.js';
import { quiet, schema, Thing } from './things.js';

const folder = await mkdtemp(join(tmpdir(), 'teahouse-sqlite-'));
t.teardown(() => rm(folder, { recursive: true, force: true }));
let files = 0;
const file = async () => `sqlite:${join(folder, `${++files}.db`)}`;
behaves(t, file);

t.test('lives in memory, too', async (t) => {
  const database = await open('sqlite::memory:');
  t.teardown(() => database.close());
  await database.transaction((manager) => manager.insert(Thing, { name: 'brief', amount: 1 }));
  t.same(await contents(database), { brief: 1 });
});

t.test('writes ahead, and waits for the disk at each commit', async (t) => {
  const database = await open(await file());
  t.teardown(() => database.close());
  t.match(await database.read((manager) => manager.query('PRAGMA journal_mode')), [{ journal_mode: 'wal' }]);
  t.match(await database.read((manager) => manager.query('PRAGMA synchronous')), [{ synchronous: 2 }]);
});

t.test("nobody's statement gets into an open transaction", async (t) => {
  const database = await open(await file());
  t.teardown(() => database.close());
  const session = await database.session();
  const order: string[] = [];
  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
  const lane = session.exclusive(async (run) => {
    await run([{ sql: session.begin }, insert('lane')]);
    await nextTurn();
    order.push('lane');
    throw new TeahouseError('CONFLICT');
  });
  const other = database.transaction(async (manager) => {
    order.push('transaction');
    await manager.insert(Thing, { name: 'other', amount: 1 });
    await nextTurn();
  });
  const reader = contents(database).then((found) => {
    order.push('reader');
    return found;
  });
  await t.rejects(lane, { code: 'CONFLICT' });
  await other;
  t.same(await reader, { other: 1 });
  t.same(order, ['lane', 'transaction', 'reader']);
});

t.test('whoever waits longer than the deadline is told UNAVAILABLE and does not run later', async (t) => {
  const database = await openDatabase({ url: await file(), ...schema, name: 'test', log: quiet, timeoutMs: 100 });
  t.teardown(() => database.close());
  let letGo = () => {};
  const blocked = database.read(
    () =>
      new Promise<void>((resolve) => {
        letGo = resolve;
      }),
  );
  const waiting = database.transaction((manager) => manager.insert(Thing, { name: 'late', amount: 1 }));
  for (const end of await Promise.allSettled([blocked, waiting])) t.match(end, { reason: { code: 'UNAVAILABLE' } });
  letGo();
  t.same(await contents(database), {});
});
