import { TeahouseError } from '@teahouse/contracts';
import { classify, type Database, openDatabase, values } from '@teahouse/service-kit/database';
import type { Test } from 'tap';
import { quiet, schema, Thing } from './things.js';

export const open = (url: string) => openDatabase({ url, ...schema, name: 'test', log: quiet });

/** The names in the table, each followed by its amount. */
export async function contents(database: Database): Promise<Record<string, number>> {
  const things = await database.read((manager) => manager.find(Thing, { order: { id: 'ASC' } }));
  return Object.fromEntries(things.map(({ name, amount }) => [name, amount]));
}

export const insert = (name: string, amount = 1) => ({
  sql: 'INSERT INTO thing (name, amount) VALUES (?, ?)',
  params: [name, amount],
});
export const commit = { sql: 'COMMIT' };

export async function kindOf(failing: Promise<unknown>): Promise<string> {
  return failing.then(
    () => 'none',
    (error: unknown) => classify(error),
  );
}

/** What holds in every dialect. */
export function behaves(t: Test, url: () => Promise<string>): void {
  const fresh = async (t: Test): Promise<Database> => {
    const database = await open(await url());
    t.teardown(() => database.close());
    return database;
  };

  t.test('migrates once, and opens again', async (t) => {
    const address = await url();
    const first = await open(address);
    await first.transaction((manager) => manager.insert(Thing, { name: 'kept', amount: 1 }));
    await first.close();
    const second = await open(address);
    t.teardown(() => second.close());
    t.same(await contents(second), { kept: 1 });
    t.ok(await second.reachable());
  });

  t.test('64-bit numbers come back as numbers, text as it was', async (t) => {
    const database = await fresh(t);
    const name = 'Zoë 👩‍👩‍👧 \\\' " ? ;';
    const amount = 2 ** 53 - 1;
    await database.transaction((manager) => manager.insert(Thing, { name, amount }));
    t.strictSame(await contents(database), { [name]: amount });
    const session = await database.session();
    t.teardown(() => session.release());
    const select = { sql: 'SELECT id, name, amount FROM thing WHERE name = ?', params: [name] };
    t.strictSame(await session.exclusive((run) => run([select])).then(([rows]) => rows?.map((row) => ({ ...row }))), [
      { id: 1, name, amount },
    ]);
  });

  t.test('a transaction that throws leaves nothing and tells its own error', async (t) => {
    const database = await fresh(t);
    const own = new TeahouseError('NOT_FOUND');
    const failing = database.transaction(async (manager) => {
      await manager.insert(Thing, { name: 'gone', amount: 1 });
      throw own;
    });
    await t.rejects(failing, own);
    t.same(await contents(database), {});
  });

  t.test('a taken key is told as a duplicate', async (t) => {
    const database = await fresh(t);
    const twice = () => database.transaction((manager) => manager.insert(Thing, { name: 'one', amount: 1 }));
    await twice();
    t.equal(await kindOf(twice()), 'duplicate');
    const session = await database.session();
    t.teardown(() => session.release());
    t.equal(await kindOf(session.exclusive((run) => run([insert('one')]))), 'duplicate');
  });

  t.test('a session returns the rows of each statement', async (t) => {
    const database = await fresh(t);
    const session = await database.session();
    t.teardown(() => session.release());
    const bulk = values([
      ['a', 1],
      ['b', 2],
    ]);
    const results = await session.exclusive((run) =>
      run([
        { sql: session.begin },
        { sql: `INSERT INTO thing (name, amount) VALUES ${bulk.sql}`, params: bulk.params },
        { sql: 'SELECT amount FROM thing ORDER BY id' },
        { sql: "SELECT name FROM thing WHERE name = 'nobody'" },
        commit,
      ]),
    );
    t.same(results, [[], [], [{ amount: 1 }, { amount: 2 }], [], []]);
    t.same(await contents(database), { a: 1, b: 2 });
  });

  t.test('statements without rows do what they do elsewhere, whatever their values hold', async (t) => {
    const database = await fresh(t);
    const session = await database.session();
    t.teardown(() => session.release());
    const names = ["'; END; COMMIT", 'a?b\\', 'END', ':name @x'];
    const whole = [{ sql: session.begin }, ...names.map((name) => insert(name)), commit];
    await session.exclusive((run) => run(whole, 'rowless'));
    await session.exclusive((run) => run([insert('alone')], 'rowless'));
    t.same(await contents(database), Object.fromEntries([...names, 'alone'].map((name) => [name, 1])));
  });

  for (const rowless of [undefined, 'rowless'] as const) {
    const title = `a failing statement takes the whole transaction back, and the session goes on${rowless ? ', all at once' : ''}`;
    t.test(title, async (t) => {
      const database = await fresh(t);
      const session = await database.session();
      t.teardown(() => session.release());
      const failing = session.exclusive(async (run) => {
        await run([{ sql: session.begin }, insert('first')], rowless);
        await run([insert('second'), insert('first'), insert('third'), commit], rowless);
      });
      t.equal(await kindOf(failing), 'duplicate');
      t.same(await contents(database), {});
      await session.exclusive((run) => run([{ sql: session.begin }, insert('later'), commit], rowless));
      t.same(await contents(database), { later: 1 });
    });
  }

  t.test('values that a driver would expand are refused before anything is sent', async (t) => {
    const database = await fresh(t);
    const session = await database.session();
    t.teardown(() => session.release());
    for (const bad of [['a', 'b'], { name: 1 }, undefined, Number.NaN]) {
      const failing = session.exclusive((run) =>
        run([insert('x'), { sql: 'SELECT ?', params: [bad as unknown as string] }]),
      );
      await t.rejects(failing, TypeError);
    }
    t.same(await contents(database), {});
  });

  t.test('calls of one session run one after the other', async (t) => {
    const database = await fresh(t);
    const session = await database.session();
    t.teardown(() => session.release());
    await Promise.all(
      ['a', 'b', 'c'].map((name, index) =>
        session.exclusive(async (run) => {
          await run([{ sql: session.begin }]);
          const [rows] = await run([{ sql: 'SELECT COUNT(*) AS count FROM thing' }]);
          t.equal(rows?.[0]?.count, index);
          await run([insert(name), commit]);
        }),
      ),
    );
    session.release();
    await t.rejects(
      session.exclusive(async () => {}),
      { code: 'UNAVAILABLE' },
    );
  });

  t.test('a closed database is UNAVAILABLE, and may be closed twice', async (t) => {
    const database = await open(await url());
    const session = await database.session();
    await database.close();
    const calls: (() => Promise<unknown>)[] = [
      () => contents(database),
      () => database.transaction((manager) => manager.insert(Thing, { name: 'late', amount: 1 })),
      () => session.exclusive((run) => run([insert('late')])),
    ];
    for (const call of calls) await t.rejects(call(), { code: 'UNAVAILABLE' });
    t.notOk(await database.reachable());
    await database.close();
  });
}
