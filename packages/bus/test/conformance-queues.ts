import type { QueueOptions } from '@teahouse/bus';
import { eventually } from '@teahouse/test';
import t from 'tap';
import { bytes, fresh, Gate, Inbox, into, textOf } from './inbox.js';
import type { MakeBus } from './make-bus.js';

const options: QueueOptions = { maxMessages: 1_000, ackWaitMs: 30_000, retryMs: 50 };

export function queues(name: string, makeBus: MakeBus): void {
  t.test(`${name}: queues`, async (t) => {
    const producer = await makeBus('producer');
    const one = await makeBus('one');
    const two = await makeBus('two');
    t.teardown(() => Promise.all([producer.close(), one.close(), two.close()]));

    await t.test('what was pushed before anybody consumes is done once, in batches', async (t) => {
      const queue = await producer.queue(fresh('work'), options);
      for (let n = 0; n < 25; n++) await queue.push(bytes(String(n)));
      t.equal(await queue.size(), 25);
      const sizes: number[] = [];
      const done = new Inbox<string>();
      const consumer = queue.consume(
        async (batch) => {
          sizes.push(batch.length);
          for (const { payload, redelivered } of batch) done.put(`${textOf(payload)}${redelivered ? ' again' : ''}`);
        },
        { batch: 10 },
      );
      await done.until(25);
      t.same([...done.all].sort(), Array.from({ length: 25 }, (_, n) => String(n)).sort());
      t.ok(sizes.every((size) => size <= 10) && sizes.length < 25, `batches of ${sizes}`);
      await eventually(async () => (await queue.size()) === 0, 5_000, 'all acked');
      await queue.push(bytes('later'));
      await done.until(26);
      await consumer.stop();
    });

    await t.test('a rejected batch comes again after a pause, marked', async (t) => {
      const queue = await producer.queue(fresh('retry'), options);
      const errors = new Inbox<unknown>();
      const seen = new Inbox<string>();
      const times: number[] = [];
      const consumer = queue.consume(
        async (batch) => {
          times.push(Date.now());
          for (const { payload, redelivered } of batch) seen.put(`${textOf(payload)} ${redelivered}`);
          if (times.length === 1) throw new Error('database away');
        },
        { batch: 10, onError: errors.put },
      );
      await queue.push(bytes('a'));
      t.same(await seen.until(2), ['a false', 'a true']);
      t.ok((times[1] ?? 0) - (times[0] ?? 0) >= 45, `${(times[1] ?? 0) - (times[0] ?? 0)} ms later`);
      t.match(errors.all, [{ message: 'database away' }]);
      await eventually(async () => (await queue.size()) === 0, 5_000, 'done in the end');
      await consumer.stop();
    });

    await t.test('a consumer that hangs loses its batch to another', async (t) => {
      const queueName = fresh('hang');
      const short = { ...options, ackWaitMs: 500 };
      const gate = new Gate();
      const stuck = new Inbox<string>();
      const saved = new Inbox<string>();
      const hanging = (await one.queue(queueName, short)).consume(
        async (batch) => {
          for (const { payload } of batch) stuck.put(textOf(payload));
          await gate.opened;
        },
        { batch: 5 },
      );
      const queue = await producer.queue(queueName, short);
      await queue.push(bytes('a'));
      await stuck.until(1);
      const healthy = (await two.queue(queueName, short)).consume(
        async (batch) => {
          for (const { payload, redelivered } of batch) saved.put(`${textOf(payload)} ${redelivered}`);
        },
        { batch: 5 },
      );
      t.same(await saved.until(1), ['a true']);
      await eventually(async () => (await queue.size()) === 0, 5_000, 'done by the other');
      gate.open();
      await Promise.all([hanging.stop(), healthy.stop()]);
    });

    await t.test('several consumers share the work', async (t) => {
      const queueName = fresh('share');
      const counts = [0, 0];
      const done = new Inbox<string>();
      const consumers = [];
      for (const [place, bus] of [one, two].entries()) {
        consumers.push(
          (await bus.queue(queueName, options)).consume(
            async (batch) => {
              counts[place] = (counts[place] ?? 0) + batch.length;
              await new Promise((resolve) => setImmediate(resolve));
              for (const { payload } of batch) done.put(textOf(payload));
            },
            { batch: 4 },
          ),
        );
      }
      const queue = await producer.queue(queueName, options);
      for (let n = 0; n < 200; n += 10) {
        await Promise.all(Array.from({ length: 10 }, (_, k) => queue.push(bytes(String(n + k)))));
      }
      await done.until(200);
      t.equal(new Set(done.all).size, 200);
      t.equal(done.all.length, 200, 'each once');
      t.ok(
        counts.every((count) => count > 0),
        `both: ${counts}`,
      );
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    });

    await t.test('a full queue refuses, and takes again when there is room', async (t) => {
      const queue = await producer.queue(fresh('full'), { ...options, maxMessages: 3 });
      for (const item of ['a', 'b', 'c']) await queue.push(bytes(item));
      await t.rejects(queue.push(bytes('d')), { code: 'UNAVAILABLE' });
      t.equal(await queue.size(), 3);
      const done = new Inbox<string>();
      const consumer = queue.consume(into(done), {
        batch: 10,
      });
      await done.until(3);
      await eventually(async () => (await queue.size()) === 0, 5_000, 'empty');
      await queue.push(bytes('d'));
      t.same(await done.until(4), ['a', 'b', 'c', 'd']);
      await consumer.stop();
    });

    await t.test('the same id twice is one item, even when it is done already', async (t) => {
      const queue = await producer.queue(fresh('ids'), options);
      const done = new Inbox<string>();
      await queue.push(bytes('a'), { id: '1' });
      await queue.push(bytes('a'), { id: '1' });
      t.equal(await queue.size(), 1);
      const consumer = queue.consume(into(done), {
        batch: 10,
      });
      await done.until(1);
      await eventually(async () => (await queue.size()) === 0, 5_000, 'done');
      await queue.push(bytes('a'), { id: '1' });
      await queue.push(bytes('b'), { id: '2' });
      t.same(await done.until(2), ['a', 'b']);
      await consumer.stop();
    });

    await t.test('stop waits for the batch at work, then nothing more is handed over', async (t) => {
      const queue = await producer.queue(fresh('stop'), options);
      const gate = new Gate();
      const begun = new Inbox<string>();
      let finished = false;
      const consumer = queue.consume(
        async (batch) => {
          for (const { payload } of batch) begun.put(textOf(payload));
          await gate.opened;
          finished = true;
        },
        { batch: 1 },
      );
      await queue.push(bytes('a'));
      await queue.push(bytes('b'));
      await begun.until(1);
      const stopped = consumer.stop();
      setImmediate(gate.open);
      await stopped;
      t.ok(finished);
      t.equal(begun.all.length, 1);
      const rest = new Inbox<string>();
      const next = queue.consume(into(rest), {
        batch: 10,
      });
      t.same(await rest.until(1), ['b'], 'what was not begun is for the next');
      await next.stop();
    });
  });
}
