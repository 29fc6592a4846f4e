import { connect, createServer, type Socket } from 'node:net';
import { createLog } from '@teahouse/service-kit';
import { openDatabase, type Session } from '@teahouse/service-kit/database';
import t, { type Test } from 'tap';
import { commit, contents, insert } from './behaviour.js';
import { type Mysql, startMysql, twoThings } from './mysql.js';
import { quiet, schema, Thing } from './things.js';

const server: Mysql = await startMysql();
t.teardown(() => server.stop());

const fresh = (t: Test) => twoThings(t, server);

t.test('a killed connection is UNAVAILABLE, is not repeated, and the next call has a new one', async (t) => {
  const { database } = await fresh(t);
  let tries = 0;
  const failing = database.transaction(async (manager) => {
    tries++;
    const [{ id }] = (await manager.query('SELECT CONNECTION_ID() AS id')) as [{ id: number }];
    await server.query(`KILL ${id}`);
    await manager.insert(Thing, { name: 'lost', amount: 1 });
  });
  await t.rejects(failing, { code: 'UNAVAILABLE' });
  t.equal(tries, 1);
  t.same(await contents(database), { a: 0, b: 0 });
  const session = await database.session();
  const cutOff = session.exclusive(async (run) => {
    const [, rows] = await run([{ sql: session.begin }, { sql: 'SELECT CONNECTION_ID() AS id' }, insert('lost')]);
    await server.query(`KILL ${String(rows?.[0]?.id)}`);
    await run([commit]);
  });
  await t.rejects(cutOff, { code: 'UNAVAILABLE' });
  await session.exclusive((run) => run([{ sql: session.begin }, insert('found'), commit]));
  t.same(await contents(database), { a: 0, b: 0, found: 1 });
});

t.test('work that is late is UNAVAILABLE, and its connection is given up', async (t) => {
  const url = await server.createDatabase();
  const database = await openDatabase({ url, ...schema, name: 'test', log: quiet, poolSize: 1, timeoutMs: 1_500 });
  t.teardown(() => database.close());
  const started = performance.now();
  await t.rejects(
    database.read((manager) => manager.query('SELECT SLEEP(60)')),
    { code: 'UNAVAILABLE' },
  );
  t.ok(performance.now() - started < 20_000, 'long before the server answers');
  t.same(await database.read((manager) => manager.query('SELECT 1 AS one')), [{ one: 1 }]);
});

t.test('a stopped server is UNAVAILABLE within 2 s, for pool and session, and works when it goes on', async (t) => {
  const { database } = await fresh(t);
  const session: Session = await database.session();
  const write = (name: string) => session.exclusive((run) => run([{ sql: session.begin }, insert(name), commit]));
  await write('before');
  server.kill('SIGSTOP');
  t.teardown(() => server.kill('SIGCONT'));
  for (const round of ['idle connections', 'new connections']) {
    const started = performance.now();
    const calls = [...Array.from({ length: 12 }, () => contents(database)), write('stopped')];
    for (const call of await Promise.allSettled(calls)) t.match(call, { reason: { code: 'UNAVAILABLE' } });
    t.ok(performance.now() - started < 2000, `${round}: ${Math.round(performance.now() - started)} ms`);
  }
  server.kill('SIGCONT');
  const started = performance.now();
  await write('after');
  t.match(await contents(database), { before: 1, after: 1 });
  t.ok(performance.now() - started < 2000);
});

t.test('where to connect takes longer than work may, the work that comes next finds the connection', async (t) => {
  const url = new URL(await server.createDatabase());
  const port = Number(url.port);
  let delayMs = 0;
  const pass = (from: Socket, to: Socket) => {
    from.on('error', () => {});
    from.on('close', () => to.destroy());
    from.on('data', (data) => setTimeout(() => to.write(data), delayMs));
  };
  const proxy = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    pass(near, far);
    pass(far, near);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.teardown(() => proxy.close());
  url.port = String((proxy.address() as { port: number }).port);
  const database = await openDatabase({ url: url.href, ...schema, name: 'test', log: quiet, timeoutMs: 1_500 });
  t.teardown(() => database.close());
  const session = await database.session();
  // A greeting, what answers it, and the settings: five ways at least.
  delayMs = 320;
  const write = () => session.exclusive((run) => run([{ sql: session.begin }, insert('slowly'), commit]));
  await t.rejects(write(), { code: 'UNAVAILABLE' });
  await write();
  delayMs = 0;
  t.same(await contents(database), { slowly: 1 });
});

t.test('a connection that a stopped server never takes is given up, and another one made', async (t) => {
  const { database } = await fresh(t);
  const session = await database.session();
  const write = () => session.exclusive((run) => run([{ sql: session.begin }, insert('there'), commit]));
  server.kill('SIGSTOP');
  t.teardown(() => server.kill('SIGCONT'));
  const began = performance.now();
  while (performance.now() - began < 4_500) await t.rejects(write(), { code: 'UNAVAILABLE' });
  server.kill('SIGCONT');
  await write();
  t.match(await contents(database), { there: 1 });
});

t.test('a connection that the server closed while it was idle is replaced unseen', async (t) => {
  const { database } = await fresh(t);
  const session = await database.session();
  const select = { sql: 'SELECT CONNECTION_ID() AS id' };
  const [rows] = await session.exclusive((run) => run([select]));
  const pooled = await database.read((manager): Promise<{ id: number }[]> => manager.query(select.sql));
  const ids = [rows?.[0]?.id, pooled[0]?.id];
  for (const id of ids) await server.query(`KILL ${String(id)}`);
  const [again] = await session.exclusive((run) => run([select]));
  t.notSame(again?.[0]?.id, ids[0]);
  t.same(await contents(database), { a: 0, b: 0 });
});

t.test('closing does not wait for a stopped server', async (t) => {
  const { database } = await fresh(t);
  const session = await database.session();
  await session.exclusive((run) => run([{ sql: 'SELECT 1' }]));
  server.kill('SIGSTOP');
  t.teardown(() => server.kill('SIGCONT'));
  const started = performance.now();
  await database.close();
  t.ok(performance.now() - started < 3000);
  server.kill('SIGCONT');
});

t.test(
  'a killed server is UNAVAILABLE at once; whoever starts meanwhile waits for it; all work when it is back',
  async (t) => {
    const { database, url } = await fresh(t);
    const session = await database.session();
    const write = (name: string) => session.exclusive((run) => run([{ sql: session.begin }, insert(name), commit]));
    await write('before');
    await server.kill9();
    for (const call of await Promise.allSettled([
      contents(database),
      write('down'),
      contents(database),
      write('down'),
    ])) {
      t.match(call, { reason: { code: 'UNAVAILABLE' } });
    }
    t.notOk(await database.reachable());
    let heard = (_line: string) => {};
    const waited = new Promise<string>((resolve) => {
      heard = resolve;
    });
    const log = createLog({ name: 'test', level: 'warn' }, { write: (line: string) => heard(line) });
    const opening = openDatabase({ url, ...schema, name: 'test', log });
    t.match(await waited, 'waiting for the database');
    await server.restart();
    const second = await opening;
    t.teardown(() => second.close());
    await write('after');
    const expected = { a: 0, b: 0, before: 1, after: 1 };
    t.same(await contents(database), expected);
    t.same(await contents(second), expected);
  },
);
