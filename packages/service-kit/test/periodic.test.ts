import { every } from '@teahouse/service-kit';
import t from 'tap';

t.test('periodic work never runs twice at once, survives errors, and stops', async (t) => {
  let active = 0;
  let runs = 0;
  const errors: unknown[] = [];
  const periodic = every(
    1,
    async () => {
      t.equal(++active, 1);
      await new Promise((resolve) => setImmediate(resolve));
      active--;
      if (++runs === 1) throw new Error('first');
    },
    (error) => errors.push(error),
  );
  await Promise.all([periodic.now(), periodic.now(), periodic.now()]);
  t.equal(runs, 3);
  t.equal(errors.length, 1);
  await new Promise<void>((resolve) => {
    const check = () => (runs >= 5 ? resolve() : setImmediate(check));
    check();
  });
  await periodic.stop();
  const stopped = runs;
  await periodic.now();
  t.equal(runs, stopped);
});
