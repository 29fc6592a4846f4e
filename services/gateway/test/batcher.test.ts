import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { limits, type Stored, TeahouseError } from '@teahouse/contracts';
import { eventually } from '@teahouse/test';
import t from 'tap';
import { type Answer, Batcher } from '../dist/batcher.js';

const answerMs = 1800;

interface Asked {
  readonly items: readonly string[];
  answer(): void;
}

/** A batcher over a service that answers when told. */
function held() {
  const asked: Asked[] = [];
  let seq = 0;
  const batcher = new Batcher<string>(
    (items) =>
      new Promise<Answer>((resolve) => {
        const answer = () => {
          resolve({ results: items.map((id): Stored => ({ id, seq: ++seq, createTime: '' })) });
        };
        asked.push({ items, answer });
      }),
  );
  const count = (n: number) => eventually(() => asked.length === n, 10_000, `There are not ${n} requests`);
  return { batcher, asked, count };
}

t.test('while one request is in flight what comes gathers for the next', async (t) => {
  const { batcher, asked, count } = held();
  const began = performance.now();
  const first = batcher.send('a', 'first', 10, answerMs);
  await count(1);
  const rest = ['b', 'c', 'd'].map((line) => batcher.send(line, line, 10, answerMs));
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  // After 50 ms, on a machine that stood still, the first one counts as late.
  if (performance.now() - began < 50) t.equal(asked.length, 1);
  asked[0]?.answer();
  await first;
  await count(2);
  t.same(asked[1]?.items, ['b', 'c', 'd']);
  asked[1]?.answer();
  t.same(
    (await Promise.all(rest)).map(({ seq }) => seq),
    [2, 3, 4],
  );
});

t.test('a full request goes beside the one in flight, and no more than three', async (t) => {
  const { batcher, asked, count } = held();
  const sends = [batcher.send('first', 'first', 10, answerMs)];
  await count(1);
  for (let i = 0; i < 3 * limits.batch; i += 1) sends.push(batcher.send(`${i}`, `${i}`, 10, answerMs));
  await count(3);
  t.same(
    asked.map(({ items }) => items.length),
    [1, limits.batch, limits.batch],
  );
  for (let answered = 0; answered < 4; answered += 1) {
    await count(Math.min(4, answered + 3));
    asked[answered]?.answer();
  }
  t.equal((await Promise.all(sends)).length, 3 * limits.batch + 1);
  t.equal(asked.length, 4);
});

t.test('many that wait go beside the request in flight, few do not', async (t) => {
  const { batcher, asked, count } = held();
  const sends = [batcher.send('first', 'first', 10, answerMs)];
  await count(1);
  for (let i = 0; i < 15; i += 1) sends.push(batcher.send(`${i}`, `${i}`, 10, answerMs));
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  t.equal(asked.length, 1);
  asked[0]?.answer();
  await count(2);
  for (let i = 0; i < 16; i += 1) sends.push(batcher.send(`again ${i}`, `${i}`, 10, answerMs));
  await count(3);
  for (const request of asked.slice(1)) request.answer();
  t.equal((await Promise.all(sends)).length, 32);
});

t.test('a slow service is asked one question at a time, and not for what it could not answer in time', async (t) => {
  const { batcher, asked, count } = held();
  const slowMs = 700;
  for (let round = 1; round <= 2; round += 1) {
    const sent = batcher.send('a', `${round}`, 10, answerMs);
    await count(round);
    await delay(slowMs);
    asked[round - 1]?.answer();
    await sent;
  }
  const first = batcher.send('a', 'first', 10, answerMs);
  await count(3);
  const others = Array.from({ length: limits.batch }, (_, i) => batcher.send(`${i}`, `${i}`, 10, answerMs));
  const told = await Promise.allSettled(others);
  t.ok(
    told.every((result) => result.status === 'rejected' && result.reason.code === 'UNAVAILABLE'),
    'by the time that the request before them is late they have less left than one takes',
  );
  t.equal(asked.length, 3, 'nobody went beside it');
  asked[2]?.answer();
  await first;
  const last = batcher.send('a', 'last', 10, answerMs);
  await count(4);
  asked[3]?.answer();
  t.ok(await last, 'who has time is asked for');
});

for (const [what, end] of [
  ['got no answer', () => Promise.reject(new TeahouseError('UNAVAILABLE'))],
  ['were only refused', () => Promise.resolve({ results: [{ code: 'UNAVAILABLE', message: 'Not now.' }] } as const)],
] as const) {
  t.test(`where three requests ${what}, only what has more time than these is asked for`, async (t) => {
    const asked: string[][] = [];
    const batcher = new Batcher<string>(async (items) => {
      asked.push(items);
      if (asked.length > 3) return { results: items.map((id): Stored => ({ id, seq: 1, createTime: '' })) };
      await delay(900);
      return end();
    });
    const sent: Promise<unknown>[] = [];
    for (const item of ['first', 'second', 'third', 'fourth']) {
      sent.push(t.rejects(batcher.send('a', item, 10, answerMs), { code: 'UNAVAILABLE' }));
      await eventually(() => asked.length === Math.min(sent.length, 3), 10_000, 'Nothing is asked');
    }
    await Promise.all(sent);
    await batcher.send('a', 'fresh', 10, answerMs);
    t.same(asked, [['first'], ['second'], ['third'], ['fresh']]);
  });
}

t.test('an instance that hangs beside one that answers does not make the service slow', async (t) => {
  const asked: string[][] = [];
  const batcher = new Batcher<string>(async (items) => {
    asked.push(items);
    if (items.includes('lost')) {
      await delay(900);
      throw new TeahouseError('UNAVAILABLE');
    }
    return { results: items.map((id): Stored => ({ id, seq: 1, createTime: '' })) };
  });
  for (const count of [1, 3]) {
    batcher.send('a', 'lost', 10, answerMs).catch(() => {});
    await eventually(() => asked.length === count, 10_000, 'Nothing is asked');
    await batcher.send('b', 'other', 10, answerMs);
  }
  t.ok(await batcher.send('a', 'behind', 10, answerMs));
  t.same(asked, [['lost'], ['other'], ['lost'], ['other'], ['behind']]);
});

t.test('a late request holds up its own line and nobody else', async (t) => {
  const { batcher, asked, count } = held();
  const late = batcher.send('a', 'late', 10, answerMs);
  await count(1);
  const behind = batcher.send('a', 'behind', 10, answerMs);
  const other = batcher.send('b', 'other', 10, answerMs);
  await count(2);
  t.same(asked[1]?.items, ['other']);
  asked[1]?.answer();
  await other;
  asked[0]?.answer();
  await late;
  await count(3);
  t.same(asked[2]?.items, ['behind']);
  asked[2]?.answer();
  t.equal((await behind).seq, 3);
});

t.test('answers may be relied upon until one is lost, and again after the next one', async (t) => {
  const told: boolean[] = [];
  const batcher = new Batcher<string>(async (items, _timeoutMs, prompt) => {
    told.push(prompt);
    if (items.includes('lost')) throw new Error('no answer');
    return { results: items.map((id): Stored => ({ id, seq: 1, createTime: '' })) };
  });
  await batcher.send('a', 'one', 10, answerMs);
  await t.rejects(batcher.send('a', 'lost', 10, answerMs));
  await batcher.send('a', 'two', 10, answerMs);
  await batcher.send('a', 'three', 10, answerMs);
  t.same(told, [true, true, false, true]);
});

t.test('the next request is on its way before an answer is heard, and that before anybody is told', async (t) => {
  const log: string[] = [];
  let letGo = () => {};
  const released = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const batcher = new Batcher<string>(async (items) => {
    const [name] = items;
    // As the bus writes.
    queueMicrotask(() => log.push(`${name} written`));
    await released;
    const results = items.map((id): Stored => ({ id, seq: 1, createTime: '' }));
    return { results, hear: () => log.push(`${name} heard`) };
  });
  const told = (name: string) => batcher.send(name, name, 10, answerMs).then(() => log.push(`${name} told`));
  const first = told('first');
  await eventually(() => log.length === 1, 10_000, 'Nothing is asked');
  const second = told('second');
  letGo();
  await Promise.all([first, second]);
  t.same(log, ['first written', 'second written', 'first heard', 'first told', 'second heard', 'second told']);
});
