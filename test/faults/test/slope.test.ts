import t from 'tap';
import { type Sample, trendsOf } from '../dist/slope.js';

const samples = (valueAt: (minute: number) => number): Sample[] =>
  Array.from({ length: 20 }, (_, minute) => ({
    minute,
    gauges: new Map([['gateway', { 'memory MiB': valueAt(minute), timers: 7 }]]),
  }));

t.test('what breathes is flat, what grows is not, and the first quarter does not count', async (t) => {
  const memory = (valueAt: (minute: number) => number) => trendsOf(samples(valueAt))[0];
  t.match(
    memory((minute) => 100 + (minute % 2) * 20),
    { what: 'memory MiB', flat: true },
  );
  t.match(
    memory((minute) => (minute < 5 ? minute * 50 : 250)),
    { flat: true },
  );
  const growing = memory((minute) => 100 + 2 * minute);
  t.match(growing, { who: 'gateway', first: 110, last: 138, flat: false });
  t.ok(Math.abs((growing?.perMinute ?? 0) - 2) < 0.001);
  t.match(trendsOf(samples(() => 1))[1], { what: 'timers', perMinute: 0, flat: true });
});
