import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { LiveMemory, temporaryDirectory } from '@teahouse/test';
import t from 'tap';
import { type Sample, shownOnly, trendsOf } from '../dist/slope.js';

const samples = (what: string, valueAt: (minute: number) => number): Sample[] =>
  Array.from({ length: 20 }, (_, minute) => ({
    minute,
    gauges: new Map([['gateway', { [what]: valueAt(minute), timers: 7 }]]),
  }));

t.test('what breathes is flat, what grows is not, and the first half does not count', async (t) => {
  const live = (valueAt: (minute: number) => number) => trendsOf(samples('live MiB', valueAt))[0];
  t.match(
    live((minute) => 100 + (minute % 2) * 10),
    { what: 'live MiB', flat: true },
  );
  t.match(
    live((minute) => (minute < 10 ? minute * 50 : 500)),
    { flat: true },
  );
  t.match(
    live((minute) => (minute > 8 && minute < 14 ? 90 : 100)),
    { flat: true },
    'what came back is not more than there was',
  );
  const growing = live((minute) => 100 + minute + (minute % 2) * 3);
  t.match(growing, { who: 'gateway', first: 110, last: 122, flat: false });
  t.ok(Math.abs((growing?.perMinute ?? 0) - 1) < 0.5);
  t.match(trendsOf(samples('native MiB', (minute) => minute))[0], { flat: false });
  t.match(trendsOf(samples(shownOnly, (minute) => minute))[0], { flat: true });
  t.match(trendsOf(samples('live MiB', () => 1))[1], { what: 'timers', perMinute: 0, flat: true });
});

t.test('a process tells what it keeps, and not what it has thrown away', async (t) => {
  const memory = new LiveMemory(temporaryDirectory('live'));
  const script = `
    let kept = [];
    process.stdin.on('data', (words) => {
      for (const word of String(words).trim().split(' ')) {
        const bulk = Array.from({ length: 1_000_000 }, (_, i) => ({ i }));
        if (word === 'keep') kept.push(bulk);
        if (word === 'native') kept.push(Buffer.alloc(50e6, 1));
      }
      process.stdout.write('done');
    });
    process.stdout.write('ready');`;
  const child = spawn(process.execPath, ['-e', script], { env: { ...process.env, ...memory.env } });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const after = async (word: string) => {
    child.stdin.write(word);
    await once(child.stdout, 'data');
    return (await memory.of(child.pid as number)).live / 1e6;
  };
  const first = await after('nothing');
  const waste = await after('waste waste waste');
  const kept = await after('keep');
  t.ok(waste - first < 5, `${first} to ${waste} MB after waste`);
  t.ok(kept - waste > 10, `${waste} to ${kept} MB after keeping a million objects`);
  t.ok((await after('native')) - kept > 45, 'buffers count');
});
