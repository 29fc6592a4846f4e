import t from 'tap';
import { Rate } from '../dist/rate.js';

t.test('a burst passes at once, then the even rate', async (t) => {
  const rate = new Rate(10, 3);
  let mark = 0;
  const now = 5000;
  for (let index = 0; index < 3; index++) {
    t.equal(rate.waitMs(mark, now), 0);
    mark = rate.spend(mark, now);
  }
  t.equal(rate.waitMs(mark, now), 100);
  t.equal(rate.waitMs(mark, now + 99), 1);
  t.equal(rate.waitMs(mark, now + 100), 0);
  mark = rate.spend(mark, now + 100);
  t.equal(rate.waitMs(mark, now + 100), 100);
  t.equal(rate.waitMs(mark, now + 60_000), 0, 'rest is not saved up beyond the burst');
  for (let index = 0; index < 3; index++) mark = rate.spend(mark, now + 60_000);
  t.ok(rate.waitMs(mark, now + 60_000) > 0);
});

t.test('zero is no limit', async (t) => {
  const rate = new Rate(0, 1);
  let mark = 0;
  for (let index = 0; index < 1000; index++) mark = rate.spend(mark, 1);
  t.equal(rate.waitMs(mark, 1), 0);
});
