import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { join } from '../dist/joined.js';
import { type Writer, writeInRound, writeSoon } from '../dist/writes.js';

/** A writer that takes its time, and whoever waits for its next flush. */
class Slow implements Writer {
  answering = false;
  gathering = false;
  flushes = 0;
  readonly #ms: number;
  readonly #log: Slow[];
  #told = () => {};

  constructor(ms: number, log: Slow[]) {
    this.#ms = ms;
    this.#log = log;
  }

  flush(): void {
    this.flushes += 1;
    this.#log.push(this);
    for (const until = performance.now() + this.#ms; performance.now() < until; );
    this.#told();
  }

  flushed(): Promise<void> {
    return new Promise((resolve) => {
      this.#told = resolve;
    });
  }
}

t.test('what is sent to many gives way to what somebody waits for', async (t) => {
  const log: Slow[] = [];
  const crowd = Array.from({ length: 100 }, () => new Slow(0.2, log));
  const [first, last] = [crowd[0] as Slow, crowd.at(-1) as Slow];
  const begun = first.flushed();
  const ended = last.flushed();
  for (const writer of crowd) writeInRound(writer);
  await begun;
  const asker = new Slow(0, log);
  writeSoon(asker);
  await ended;
  t.equal(log.length, 101, 'everybody was written to once');
  t.equal(log.indexOf(asker), 16, 'the answer went before the next slice');
});

t.test('what somebody waits for is written before what came with it for many', async (t) => {
  const log: Slow[] = [];
  const crowd = Array.from({ length: 20 }, () => new Slow(0, log));
  const asker = new Slow(0, log);
  await pause(50); // The rest after what was written before.
  const ended = (crowd.at(-1) as Slow).flushed();
  for (const writer of crowd) writeInRound(writer);
  writeSoon(asker);
  await ended;
  t.equal(log.indexOf(asker), 0);
  t.equal(log.length, 21, 'everybody was written to once');
});

t.test('after a costly round deliveries gather, and answers do not wait for them', async (t) => {
  const log: Slow[] = [];
  const costly = new Slow(20, log);
  const done = costly.flushed();
  writeInRound(costly);
  await done;

  const [reader, sender] = [new Slow(0, log), new Slow(0, log)];
  const round = reader.flushed();
  writeInRound(reader);
  writeInRound(sender);
  const answered = sender.flushed();
  writeSoon(sender);
  await answered;
  t.equal(reader.flushes, 0, 'a delivery waits');
  await nextTurn();
  writeInRound(reader);
  writeInRound(reader);
  await round;
  await nextTurn();
  t.equal(reader.flushes, 1, 'what gathered meanwhile is one write');
  t.notOk(reader.gathering);
});

t.test('a writer that was written to comes into the next round again', async (t) => {
  const writer = new Slow(0, []);
  for (let round = 1; round <= 3; round += 1) {
    const flushed = writer.flushed();
    writeInRound(writer);
    await flushed;
    t.equal(writer.flushes, round);
  }
});

t.test('sockets that are sent the same chunks share one copy of them', async (t) => {
  const [a, b, c] = ['one', 'two', 'three'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];
  const joined = join([a, b], 6);
  t.equal(joined.toString(), 'onetwo');
  t.equal(join([a, b], 6), joined);
  t.equal(join([a, b, c], 11).toString(), 'onetwothree');
  t.equal(join([a, b], 6).toString(), 'onetwo');
  t.equal(join([b, a], 6).toString(), 'twoone', 'in another order they are not the same');
  t.equal(join([Buffer.from('one'), b], 6).toString(), 'onetwo');
  t.equal(join([c], 5), c, 'one chunk is not copied');
});
