import { eventually } from '@teahouse/test';
import t from 'tap';
import { fresh, Inbox } from './inbox.js';
import type { MakeBus } from './make-bus.js';

interface Profile {
  name: string;
  friends: number[];
}

async function listed(keys: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const key of keys) all.push(key);
  return all.sort();
}

export function views(name: string, makeBus: MakeBus): void {
  t.test(`${name}: views`, async (t) => {
    const owner = await makeBus('owner');
    const reader = await makeBus('reader');
    t.teardown(() => Promise.all([owner.close(), reader.close()]));

    await t.test('put, get, keys, delete', async (t) => {
      const viewName = fresh('profiles');
      const mine = await owner.view<Profile>(viewName);
      const theirs = await reader.view<Profile>(viewName);
      t.equal(await theirs.get('7'), undefined);
      t.same(await listed(theirs.keys()), []);
      t.equal(await mine.put('7', { name: '茶', friends: [1, 2] }, 1), true);
      await mine.put('user.8', { name: 'b', friends: [] }, 1);
      t.same(await theirs.get('7'), { name: '茶', friends: [1, 2] });
      t.same(await listed(theirs.keys()), ['7', 'user.8']);
      await mine.delete('7');
      t.equal(await theirs.get('7'), undefined);
      t.same(await listed(theirs.keys()), ['user.8']);
      await mine.delete('never-there');
      t.equal(await mine.put('7', { name: 'back', friends: [] }, 1), true, 'the version went with the entry');
      t.match(await theirs.get('7'), { name: 'back' });
      for (const key of ['', '.a', 'a.', 'a b', 'a..b', 'a*', 'ä']) await t.rejects(mine.get(key), TypeError);
    });

    await t.test('an older version never replaces a newer', async (t) => {
      const view = await owner.view<string>(fresh('versions'));
      t.equal(await view.put('k', 'five', 5), true);
      t.equal(await view.put('k', 'four', 4), false);
      t.equal(await view.get('k'), 'five');
      t.equal(await view.put('k', 'five again', 5), true);
      t.equal(await view.put('k', 'six', 6), true);
      t.equal(await view.get('k'), 'six');
    });

    await t.test('of many who put at once the newest stays', async (t) => {
      const viewName = fresh('race');
      const both = [await owner.view<number>(viewName), await reader.view<number>(viewName)];
      const versions = Array.from({ length: 24 }, (_, n) => ((n * 7) % 24) + 1);
      const results = await Promise.all(versions.map((version, n) => both[n % 2]?.put('k', version, version)));
      t.equal(await both[0]?.get('k'), 24);
      t.equal(results[versions.indexOf(24)], true);
    });

    await t.test('a watch tells what is there, then what changes', async (t) => {
      const viewName = fresh('watched');
      const mine = await owner.view<number>(viewName);
      const theirs = await reader.view<number>(viewName);
      const empty = await theirs.watch(() => {});
      empty.stop();
      await mine.put('a', 1, 1);
      await mine.put('b', 2, 1);
      await mine.put('gone', 0, 1);
      await mine.delete('gone');
      const told = new Inbox<string>();
      const errors = new Inbox<unknown>();
      const watch = await theirs.watch(
        (key, value) => {
          told.put(`${key} ${value}`);
          if (key === 'a') throw new Error('not a');
        },
        { onError: errors.put },
      );
      t.same([...told.all].sort(), ['a 1', 'b 2'], 'all are told when it resolves');
      await mine.put('c', 3, 1);
      await mine.put('a', 4, 2);
      await mine.put('a', 3, 1);
      await mine.delete('b');
      t.same((await told.until(5)).slice(2), ['c 3', 'a 4', 'b undefined']);
      t.equal(errors.all.length, 2, 'a throw does not stop it');
      watch.stop();
      const second = new Inbox<string>();
      await theirs.watch((key, value) => second.put(`${key} ${value}`));
      await mine.put('d', 5, 1);
      await second.untilTrue((all) => all.includes('d 5'), 'd');
      t.equal(told.all.length, 5, 'stopped is stopped');
    });

    await t.test('keys and watches are whole while others write the same', async (t) => {
      const values = [1, 2, 3, 4];
      for (let round = 0; round < 10; round++) {
        const viewName = fresh('busy');
        const both = await Promise.all([owner.view<number>(viewName), reader.view<number>(viewName)]);
        await Promise.all(
          values.map(async (value) => {
            const view = both[value % 2] as (typeof both)[0];
            await view.put('k', value, value);
            t.same(await listed(view.keys()), ['k']);
            const told: (number | undefined)[] = [];
            (await view.watch((_, one) => told.push(one))).stop();
            t.ok(told.length > 0, 'something was told when it resolved');
          }),
        );
      }
    });

    await t.test('with a time to live an entry ends', async (t) => {
      const viewName = fresh('lived');
      const view = await owner.view<string>(viewName, { ttlMs: 1_000 });
      await view.put('k', 'v', 9);
      t.equal(await view.get('k'), 'v');
      await eventually(async () => (await view.get('k')) === undefined, 5_000, 'it ended');
      t.same(await listed(view.keys()), []);
      t.equal(await view.put('k', 'new', 1), true);
    });
  });
}
