import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { Turns } from '../dist/turns.js';

t.test('changes of one group take turns, those of another do not wait for them', async (t) => {
  const turns = new Turns();
  const done: string[] = [];
  const first = turns.take(1, async () => {
    await delay(30);
    done.push('first');
    throw new Error('refused');
  });
  const second = turns.take(1, async () => done.push('second'));
  const other = turns.take(2, async () => done.push('other'));
  await t.rejects(first, { message: 'refused' });
  await Promise.all([second, other]);
  t.same(done, ['other', 'first', 'second'], 'a failure passes the turn on');
});

t.test('a crowd is refused, and who waited too long is not served any more', async (t) => {
  const turns = new Turns();
  let ran = 0;
  let release = () => {};
  const held = turns.take(
    1,
    () =>
      new Promise<void>((resolve) => {
        release = resolve;
      }),
  );
  const waiting = Array.from({ length: 199 }, () => turns.take(1, async () => ran++));
  await t.rejects(
    turns.take(1, async () => ran++),
    { code: 'UNAVAILABLE' },
  );
  await delay(1_600);
  release();
  await held;
  const results = await Promise.allSettled(waiting);
  t.ok(results.every((result) => result.status === 'rejected'));
  t.equal(ran, 0);
  t.equal(await turns.take(1, async () => 'again'), 'again');
});
