import { ConfigError, createLog } from '@teahouse/service-kit';
import { classify, type Database, openDatabase } from '@teahouse/service-kit/database';
import { eventually, within } from '@teahouse/test';
import t, { type Test } from 'tap';
import type { QueryRunner } from 'typeorm';
import { behaves, commit, contents, insert, kindOf } from './behaviour.js';
import { type Mysql, startMysql, twoThings } from './mysql.js';
import { CreateThing1700000000000, quiet, schema, Thing } from './things.js';

const server: Mysql = await startMysql();
t.teardown(() => server.stop());

behaves(t, () => server.createDatabase());

const fresh = (t: Test) => twoThings(t, server);

t.test('is recognised, and every connection has the settings', async (t) => {
  const { database } = await fresh(t);
  t.equal(database.dialect, server.product);
  const isolation = server.product === 'mysql' ? '@@transaction_isolation' : '@@tx_isolation';
  const settings = {
    sql: `SELECT ${isolation} i, @@wait_timeout w, @@innodb_lock_wait_timeout l, @@sql_mode m, @@collation_connection c`,
  };
  const expected = [{ i: 'READ-COMMITTED', w: 8, l: 1, m: /STRICT_TRANS_TABLES/, c: 'utf8mb4_unicode_520_ci' }];
  const pooled = await Promise.all(
    Array.from({ length: 10 }, () => database.read((manager) => manager.query(settings.sql))),
  );
  for (const rows of pooled) t.match(rows, expected);
  const session = await database.session();
  t.match(await session.exclusive((run) => run([settings])), [expected]);
});

/** Two transactions that lock two rows crosswise; the first attempts meet in the middle. */
async function cross(
  database: Database,
  attempts: number,
): Promise<{ results: PromiseSettledResult<void>[]; tries: number }> {
  let tries = 0;
  let arrived = 0;
  let meet = () => {};
  const met = new Promise<void>((resolve) => {
    meet = resolve;
  });
  const move = (first: string, second: string) =>
    database.transaction(
      async (manager) => {
        tries++;
        await manager.query('UPDATE thing SET amount = amount + 1 WHERE name = ?', [first]);
        if (++arrived === 2) meet();
        await met;
        await manager.query('UPDATE thing SET amount = amount + 1 WHERE name = ?', [second]);
      },
      { attempts },
    );
  return { results: await Promise.allSettled([move('a', 'b'), move('b', 'a')]), tries };
}

t.test('a deadlock rolls back and runs again', async (t) => {
  const { database } = await fresh(t);
  const { results, tries } = await cross(database, 3);
  t.same(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled'],
  );
  t.equal(tries, 3, 'one of the two ran twice');
  t.same(await contents(database), { a: 2, b: 2 });
});

t.test('a deadlock at the last attempt is UNAVAILABLE', async (t) => {
  const { database } = await fresh(t);
  const { results } = await cross(database, 1);
  const refused = results.find((result) => result.status === 'rejected');
  t.match(refused?.reason, { code: 'UNAVAILABLE' });
  t.equal(classify(refused?.reason), 'deadlock');
  t.same(await contents(database), { a: 1, b: 1 });
});

t.test('a row that stays locked is UNAVAILABLE within the deadline, and free again afterwards', async (t) => {
  const { database } = await fresh(t);
  const holder = await database.session();
  const lock = { sql: "SELECT id FROM thing WHERE name = 'a' FOR UPDATE" };
  const write = () => database.transaction((manager) => manager.update(Thing, { name: 'a' }, { amount: 5 }));
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let begun = () => {};
  const holding = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const hold = holder.exclusive(async (run) => {
    await run([{ sql: holder.begin }, lock]);
    begun();
    await held;
    await run([commit]);
  });
  hold.catch(() => {});
  await holding;
  await t.rejects(
    database.read((manager) => manager.query(`${lock.sql} NOWAIT`)),
    { code: 'UNAVAILABLE' },
  );
  const writing = database.transaction((manager) => manager.query("UPDATE thing SET amount = 9 WHERE name = 'a'"), {
    attempts: 1,
  });
  t.equal(await kindOf(writing), 'locked', 'the server gave up before the deadline');
  letGo();
  await hold;
  await write();
  t.match(await contents(database), { a: 5 });
});

t.test('MariaDB answers statements without rows once, MySQL each of them', async (t) => {
  const database = await openDatabase({ url: await server.createDatabase(), ...schema, name: 'test', log: quiet });
  t.teardown(() => database.close());
  const session = await database.session();
  const asked = { sql: "SHOW SESSION STATUS LIKE 'Questions'" };
  await session.exclusive(async (run) => {
    const [[before] = []] = await run([asked]);
    await run([{ sql: session.begin }, insert('a'), insert('b'), commit], 'rowless');
    const [[after] = []] = await run([asked]);
    t.equal(Number(after?.Value) - Number(before?.Value), database.dialect === 'mariadb' ? 2 : 5);
  });
  t.same(await contents(database), { a: 1, b: 1 });
});

t.test('a SELECT without rows that fails keeps what follows it from being done', async (t) => {
  const database = await openDatabase({ url: await server.createDatabase(), ...schema, name: 'test', log: quiet });
  t.teardown(() => database.close());
  const session = await database.session();
  const guarded = (wrong: number) => [
    { sql: session.begin },
    { sql: `SELECT 9223372036854775807 + ${wrong} INTO @guard` },
    insert(`${wrong}`),
    commit,
  ];
  await t.rejects(
    session.exclusive((run) => run(guarded(1), 'rowless')),
    /BIGINT value is out of range/,
  );
  await session.exclusive((run) => run(guarded(0), 'rowless'));
  t.same(await contents(database), { 0: 1 });
});

t.test('what is locked among statements without rows stays locked until COMMIT', async (t) => {
  const database = await openDatabase({ url: await server.createDatabase(), ...schema, name: 'test', log: quiet });
  t.teardown(() => database.close());
  await database.transaction((manager) => manager.insert(Thing, { name: 'a', amount: 1 }));
  const holder = await database.session();
  const count = (into: string) =>
    `SELECT COUNT(*) ${into} FROM thing WHERE name = 'a' AND amount = 1 FOR UPDATE SKIP LOCKED`;
  const free = () => database.read((manager) => manager.query(count('AS free')));
  await holder.exclusive(async (run) => {
    await run([{ sql: holder.begin }, { sql: count('INTO @found') }], 'rowless');
    t.match(await free(), [{ free: '0' }]);
    t.match(await run([{ sql: 'SELECT @found AS found' }]), [[{ found: 1 }]]);
    await run([commit], 'rowless');
  });
  t.match(await free(), [{ free: '1' }]);
});

t.test('a connection whose work failed half way is not handed on with an open transaction', async (t) => {
  const url = await server.createDatabase();
  const database = await openDatabase({ url, ...schema, name: 'test', log: quiet, poolSize: 1 });
  t.teardown(() => database.close());
  await t.rejects(
    database.transaction(async (manager) => {
      await manager.insert(Thing, { name: 'half', amount: 1 });
      await manager.query('SELECT nonsense');
    }),
    /nonsense/,
  );
  t.same(await contents(database), {});
});

t.test('of many instances that start at once one migrates, the others wait', async (t) => {
  class SlowCreateThing1700000000000 extends CreateThing1700000000000 {
    override async up(runner: QueryRunner): Promise<void> {
      await runner.query('SELECT SLEEP(0.3)');
      await super.up(runner);
    }
  }
  const url = await server.createDatabase();
  const options = { url, entities: [Thing], migrations: [SlowCreateThing1700000000000], name: 'test', log: quiet };
  const databases = await Promise.all([1, 2, 3].map(() => openDatabase(options)));
  for (const database of databases) t.teardown(() => database.close());
  t.equal((await databases[0]?.read((manager) => manager.query<unknown[]>('SELECT * FROM migrations')))?.length, 1);
});

/** A log whose warnings can be looked at and waited for. */
function warnings() {
  const lines: string[] = [];
  let told = () => {};
  const first = new Promise<void>((resolve) => {
    told = resolve;
  });
  const log = createLog(
    { name: 'test', level: 'warn' },
    {
      write(line) {
        lines.push(line);
        told();
      },
    },
  );
  return { lines, first, log };
}

t.test('the lock ends with the migration, without a warning', async (t) => {
  const url = await server.createDatabase();
  const { lines, log } = warnings();
  const database = await openDatabase({ url, ...schema, name: 'test', log, poolSize: 1 });
  t.teardown(() => database.close());
  const name = new URL(url).pathname.slice(1);
  const held = `IS_USED_LOCK(CONCAT('teahouse:', LEFT(SHA2('${name}', 256), 32))) IS NOT NULL`;
  const isHeld = async () => (await server.query(`SELECT ${held} AS held`))[0]?.held === 1;
  await eventually(async () => !(await isHeld()), 2000, 'the lock is free');
  t.same(lines, []);
});

t.test('a lock that is lost while its holder migrates is told', async (t) => {
  const { lines, first, log } = warnings();
  class Robbed1700000000000 extends CreateThing1700000000000 {
    override async up(runner: QueryRunner): Promise<void> {
      const lock = "IS_USED_LOCK(CONCAT('teahouse:', LEFT(SHA2(DATABASE(), 256), 32)))";
      const [holder]: { id: number }[] = await runner.query(`SELECT ${lock} AS id`);
      await server.query(`KILL ${holder?.id}`);
      await within(first, 5000, 'No warning came');
      await super.up(runner);
    }
  }
  const url = await server.createDatabase();
  const options = { url, entities: [Thing], migrations: [Robbed1700000000000], name: 'test', log };
  const database = await openDatabase(options);
  t.teardown(() => database.close());
  t.equal(lines.length, 1);
  t.match(lines[0], 'the connection that holds the migration lock failed');
});

t.test('a migration that fails stops the start', async (t) => {
  class Broken1700000000001 {
    name = 'Broken1700000000001';
    async up(): Promise<void> {
      throw new Error('broken on purpose');
    }
    async down(): Promise<void> {}
  }
  const url = await server.createDatabase();
  const opening = openDatabase({ url, entities: [], migrations: [Broken1700000000001], name: 'test', log: quiet });
  await t.rejects(opening, { message: 'broken on purpose' });
});

t.test('a refused user and a missing server are told in a sentence without the password', async (t) => {
  const base = { ...schema, name: 'test', log: quiet };
  const wrong = `mysql://nobody:opensesame@127.0.0.1:${server.port}/test1`;
  await t.rejects(
    openDatabase({ url: wrong, ...base }),
    new ConfigError(`The database 127.0.0.1:${server.port}/test1 refuses the connection (ER_ACCESS_DENIED_ERROR).`),
  );
  await t.rejects(openDatabase({ url: 'mysql://a:opensesame@127.0.0.1:1/x', ...base, waitMs: 300 }), {
    message: 'The database 127.0.0.1:1/x did not answer within 0 s (ECONNREFUSED).',
  });
});
