import { rmSync } from 'node:fs';
import { type Bus, connectNats } from '@teahouse/bus';
import { eventually, startNats, temporaryDirectory, testNats, within } from '@teahouse/test';
import t from 'tap';
import { reasonOf } from './conformance-requests.js';
import { bytes, fresh, Gate, Inbox, into, textOf } from './inbox.js';

const timeoutMs = 3_000;

/** Resolves when the bus is next in that state. */
function status(bus: Bus, wanted: 'connected' | 'disconnected'): Promise<void> {
  const changed = new Promise<void>((resolve) => {
    const off = bus.onStatus((now) => {
      if (now !== wanted) return;
      off();
      resolve();
    });
  });
  return within(changed, 15_000, `not ${wanted}`);
}

t.test('NATS killed and started again', async (t) => {
  const nats = await testNats();
  t.teardown(() => nats.stop());
  const one = await connectNats({ servers: nats.url, name: 'one' });
  const two = await connectNats({ servers: nats.url, name: 'two' });
  t.teardown(() => Promise.all([one.close(), two.close()]));
  const [news, echo, hangs, work, table] = ['news', 'echo', 'hangs', 'work', 'table'].map(fresh) as [
    string,
    string,
    string,
    string,
    string,
  ];

  const heard = new Inbox<string>();
  const gate = new Gate();
  two.subscribe(`${news}.>`, (payload) => heard.put(textOf(payload)));
  two.serve(echo, 'g', async (payload) => payload);
  two.serve(hangs, 'g', async (payload) => {
    await gate.opened;
    return payload;
  });
  const queue = await one.queue(work, { maxMessages: 100, ackWaitMs: 30_000, retryMs: 50 });
  const done = new Inbox<string>();
  const errors: unknown[] = [];
  const consumer = (await two.queue(work, { maxMessages: 100, ackWaitMs: 30_000, retryMs: 50 })).consume(into(done), {
    batch: 10,
    onError: (error) => errors.push(error),
  });
  const view = await one.view<number>(table);
  await view.put('a', 1, 1);
  await view.put('b', 1, 1);
  const told = new Inbox<string>();
  const watch = await (await two.view<number>(table)).watch((key, value) => told.put(`${key} ${value}`));
  await Promise.all([one.flush(), two.flush()]);
  t.ok(one.publish(`${news}.a`, bytes('before')));
  await queue.push(bytes('before'));
  await Promise.all([heard.until(1), done.until(1), told.until(2)]);

  await t.test('while it is away everything fails at once', async (t) => {
    const underWay = reasonOf(one.request(hangs, bytes(''), { timeoutMs: 30_000 }));
    await one.flush();
    const gone = Promise.all([status(one, 'disconnected'), status(two, 'disconnected')]);
    const pushing = nats.kill9().then(() => reasonOf(queue.push(bytes('lost?'))));
    await gone;
    t.equal(await underWay, 'disconnected', 'also what was under way, long before its time');
    t.equal(await pushing, 'disconnected');
    t.equal(one.connected, false);
    t.equal(await reasonOf(one.request(echo, bytes(''), { timeoutMs })), 'disconnected');
    t.equal(await reasonOf(queue.push(bytes(''))), 'disconnected');
    t.equal(await reasonOf(view.get('a')), 'disconnected');
    t.equal(await reasonOf(view.put('a', 2, 2)), 'disconnected');
    t.equal(await reasonOf(one.queue(fresh('q'), { maxMessages: 1, ackWaitMs: 1_000 })), 'disconnected');
    t.equal(await reasonOf(one.flush()), 'disconnected');
    gate.open();
  });

  await t.test('what is published while it is away is never sent', async (t) => {
    const late = new Inbox<string>();
    two.subscribe(`${news}.late`, (payload) => late.put(textOf(payload)));
    const back = Promise.all([status(one, 'connected'), status(two, 'connected')]);
    // All the time from here until the moment after the connection is there again.
    let refused = 0;
    let stale = 0;
    const publishing = setInterval(() => {
      if (one.connected) return;
      if (one.publish(`${news}.late`, bytes('stale'))) stale++;
      else refused++;
    }, 1);
    await nats.restart();
    await back;
    clearInterval(publishing);
    t.ok(refused > 50, `${refused} refused`);
    t.equal(stale, 0);
    await Promise.all([one.flush(), two.flush()]);
    t.ok(one.publish(`${news}.late`, bytes('after')));
    t.same(await late.until(1), ['after'], 'subscribed while away, heard after');
    t.same(await heard.until(2), ['before', 'after'], 'subscribed before, heard after');
  });

  await t.test('servers, queues, views and watches live on', async (t) => {
    t.equal(textOf(await one.request(echo, bytes('hi'), { timeoutMs })), 'hi');
    await queue.push(bytes('after'));
    await done.untilTrue((all) => all.includes('after'), 'the item pushed after');
    t.equal(await view.get('a'), 1, 'kept on disk');
    await told.untilTrue((all) => all.filter((line) => line === 'b 1').length === 2, 'the second round', 10_000);
    await view.put('a', 3, 3);
    await told.untilTrue((all) => all.includes('a 3'), 'a change after');
    await view.delete('b');
    await told.untilTrue((all) => all.includes('b undefined'), 'a removal after');
  });

  await t.test('an item that was out when it died comes again', async (t) => {
    const name = fresh('out');
    const options = { maxMessages: 100, ackWaitMs: 1_000, retryMs: 50 };
    const mine = await one.queue(name, options);
    const begun = new Inbox<string>();
    const hold = new Gate();
    const out = (await two.queue(name, options)).consume(
      async (batch) => {
        for (const { payload, redelivered } of batch) begun.put(`${textOf(payload)} ${redelivered}`);
        if (begun.all.length === 1) await hold.opened;
      },
      { batch: 1, onError: () => {} },
    );
    await mine.push(bytes('x'));
    await begun.until(1);
    const back = Promise.all([one, two].map((bus) => status(bus, 'connected')));
    await nats.restart();
    hold.open();
    await back;
    await begun.until(2, 15_000);
    t.same(begun.all.slice(0, 2), ['x false', 'x true']);
    await eventually(async () => (await mine.size()) === 0, 10_000, 'done');
    await out.stop();
  });

  t.equal(one.connected && two.connected, true);
  await consumer.stop();
  watch.stop();
});

t.test('NATS that lost its disk: queues and views are made anew', async (t) => {
  const directory = temporaryDirectory('nats-wiped');
  const nats = await startNats(directory);
  t.teardown(() => nats.stop());
  const bus = await connectNats({ servers: nats.url, name: 'one' });
  t.teardown(() => bus.close());
  const queue = await bus.queue('work', { maxMessages: 100, ackWaitMs: 30_000 });
  const done = new Inbox<string>();
  const consumer = queue.consume(into(done), {
    batch: 10,
    onError: () => {},
  });
  const view = await bus.view<number>('table');
  await view.put('a', 7, 7);
  await view.put('b', 7, 7);
  const told = new Inbox<string>();
  await view.watch((key, value) => told.put(`${key} ${value}`), { onError: () => {} });
  await queue.push(bytes('1'));
  await done.until(1);
  const back = status(bus, 'connected');
  await nats.kill9();
  rmSync(`${directory}/jetstream`, { recursive: true });
  await nats.restart();
  await back;
  t.equal(await view.get('a'), undefined, 'gone, and no error');
  t.equal(await view.put('a', 1, 1), true, 'its owner puts it again');
  t.equal(await view.get('a'), 1);
  await told.untilTrue((all) => all.includes('b undefined') && all.includes('a 1'), 'the watch noticed', 10_000);
  const streams = async () => textOf(await bus.request('$JS.API.STREAM.NAMES', bytes(''), { timeoutMs }));
  await eventually(async () => (await streams()).includes('"queue_work"'), 10_000, 'the consumer made the queue again');
  await queue.push(bytes('2'));
  await done.untilTrue((all) => all.includes('2'), 'the consumer found the new queue', 15_000);
  await consumer.stop();
});

t.test('NATS that says nothing any more (SIGSTOP) is left for another', async (t) => {
  const frozen = await testNats();
  const spare = await testNats();
  t.teardown(() => Promise.all([frozen.stop(), spare.stop()]));
  await spare.kill9();
  const bus = await connectNats({ servers: `${spare.url},${frozen.url}`, name: 'one' });
  t.teardown(() => bus.close());
  const heard = new Inbox<string>();
  bus.subscribe('news', (payload) => heard.put(textOf(payload)));
  await bus.flush();
  await spare.restart();
  const gone = status(bus, 'disconnected');
  frozen.kill('SIGSTOP');
  const big = new Uint8Array(512 * 1024);
  let sent = 0;
  while (bus.publish('big', big) && sent < 1_000) sent++;
  t.ok(sent > 10 && sent < 200, `the way out is bounded: ${sent} times 512 KiB`);
  const before = Date.now();
  await gone;
  t.equal(bus.publish('news', bytes('stale')), false);
  await status(bus, 'connected');
  t.ok(Date.now() - before < 9_000, `on the other after ${Date.now() - before} ms`);
  await bus.flush();
  t.equal(bus.publish('news', bytes('fresh')), true);
  t.same(await heard.until(1), ['fresh']);
  frozen.kill('SIGCONT');
});

t.test('connecting waits for a server that is not there yet, and says so', async (t) => {
  const nats = await testNats();
  t.teardown(() => nats.stop());
  await nats.kill9();
  const lines: string[] = [];
  const log = {
    info: (_: object, sentence: string) => lines.push(sentence),
    warn: (fields: object, sentence: string) => lines.push(`${sentence} ${JSON.stringify(fields)}`),
    error: (_: object, sentence: string) => lines.push(sentence),
  };
  const servers = nats.url.replace('nats://', 'nats://somebody:secret@');
  const connecting = connectNats({ servers, name: 'early', log });
  await eventually(() => lines.some((line) => line.startsWith('Still waiting')), 10_000, 'a line in the log');
  await nats.restart();
  const bus = await within(connecting, 10_000, 'not connected');
  t.ok(bus.connected);
  t.notMatch(lines.join('\n'), /secret/);
  await bus.close();
});

t.test('closing while NATS is away ends, and soon', async (t) => {
  const nats = await testNats();
  t.teardown(() => nats.stop());
  const bus = await connectNats({ servers: nats.url, name: 'one' });
  bus.serve('a', 'g', async (payload) => payload);
  const queue = await bus.queue('work', { maxMessages: 100, ackWaitMs: 30_000 });
  queue.consume(async () => {}, { batch: 10 });
  const view = await bus.view<number>('table');
  await view.watch(() => {});
  const gone = status(bus, 'disconnected');
  await nats.kill9();
  await gone;
  const before = Date.now();
  await bus.close();
  t.ok(Date.now() - before < 2_000, `${Date.now() - before} ms`);
  t.equal(await reasonOf(bus.request('a', bytes(''), { timeoutMs })), 'disconnected');
  t.equal(await reasonOf(bus.flush()), 'disconnected');
});
