import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BusLog, connectNats } from '@teahouse/bus';
import { findProgram, freePort, startProcess, temporaryDirectory } from '@teahouse/test';
import t, { type Test } from 'tap';
import { bytes, Inbox, into, textOf } from './inbox.js';

/** The least rights that a user of the server needs for what it does with the bus. */
const asks = (name: string, ...subjects: string[]) => ({ publish: subjects, subscribe: [`_INBOX_${name}.>`] });
const opensQueue = (queue: string) => [
  `$JS.API.STREAM.*.queue_${queue}`,
  `$JS.API.CONSUMER.DURABLE.CREATE.queue_${queue}.workers`,
  `$JS.API.CONSUMER.CREATE.queue_${queue}.workers`,
  `queue.${queue}`,
];
const consumes = (queue: string) => [
  `$JS.API.CONSUMER.INFO.queue_${queue}.workers`,
  `$JS.API.CONSUMER.MSG.NEXT.queue_${queue}.workers`,
  `$JS.ACK.queue_${queue}.>`,
];
const readsView = (view: string) => [
  '$JS.API.INFO',
  `$JS.API.STREAM.INFO.KV_${view}`,
  `$JS.API.STREAM.CREATE.KV_${view}`,
  `$JS.API.STREAM.MSG.GET.KV_${view}`,
  `$JS.API.CONSUMER.*.KV_${view}.>`,
  `$JS.FC.KV_${view}.>`,
];

const owner = asks('owner', ...opensQueue('work'), ...consumes('work'), ...readsView('table'), '$KV.table.>', 'news.>');
const reader = asks('reader', 'owner.>', ...readsView('table'));
owner.subscribe.push('owner.>');
reader.subscribe.push('news.>');

async function server(t: Test): Promise<number> {
  const directory = temporaryDirectory('nats-rights');
  mkdirSync(directory, { recursive: true });
  const port = await freePort();
  const user = (name: string, rights: typeof owner) =>
    `{ user: ${name}, password: "p@ss:${name}", permissions: { publish: ${JSON.stringify(rights.publish)}, subscribe: ${JSON.stringify(rights.subscribe)}, allow_responses: true } }`;
  const config = `listen: "127.0.0.1:${port}"
jetstream { store_dir: ${JSON.stringify(directory)} }
authorization { users: [ ${user('owner', owner)}, ${user('reader', reader)} ] }`;
  const file = join(directory, 'nats.conf');
  writeFileSync(file, config);
  const running = await startProcess(findProgram('nats-server') ?? 'nats-server', ['-c', file], {
    output: { file: join(directory, 'log') },
  });
  t.teardown(() => running.stop());
  return port;
}

t.test('users confined to what they need', async (t) => {
  const port = await server(t);
  const complaints = new Inbox<string>();
  const log: BusLog = {
    info: () => {},
    warn: (fields, sentence) => complaints.put(`${sentence} ${String((fields as { err?: Error }).err)}`),
    error: (fields, sentence) => complaints.put(`${sentence} ${String((fields as { err?: Error }).err)}`),
  };
  const connect = (name: string) =>
    connectNats({ servers: `nats://${name}:${encodeURIComponent(`p@ss:${name}`)}@127.0.0.1:${port}`, name, log });
  const mine = await connect('owner');
  const theirs = await connect('reader');
  t.teardown(() => Promise.all([mine.close(), theirs.close()]));

  mine.serve('owner.echo', 'owner', async (payload) => payload);
  const news = new Inbox<string>();
  theirs.subscribe('news.*', (payload) => news.put(textOf(payload)));
  await Promise.all([mine.flush(), theirs.flush()]);
  t.equal(textOf(await theirs.request('owner.echo', bytes('hi'), { timeoutMs: 2_000 })), 'hi');
  mine.publish('news.1', bytes('heard'));
  t.same(await news.until(1), ['heard']);

  const queue = await mine.queue('work', { maxMessages: 10, ackWaitMs: 5_000 });
  const done = new Inbox<string>();
  const consumer = queue.consume(into(done), { batch: 5 });
  await queue.push(bytes('a'));
  t.same(await done.until(1), ['a']);
  await consumer.stop();

  const view = await mine.view<number>('table');
  await view.put('k', 1, 1);
  const read = await theirs.view<number>('table');
  const told = new Inbox<string>();
  const watch = await read.watch((key, value) => told.put(`${key} ${value}`));
  await view.put('k', 2, 2);
  t.same(await told.until(2), ['k 1', 'k 2']);
  t.equal(await read.get('k'), 2);
  for await (const key of read.keys()) t.equal(key, 'k');
  watch.stop();
  t.same(complaints.all, [], 'nothing was refused');

  await t.test('and no further', async (t) => {
    await t.rejects(read.put('k', 3, 3), { code: 'UNAVAILABLE' });
    t.equal(await view.get('k'), 2);
    theirs.subscribe('_INBOX_owner.>', () => {});
    await complaints.untilTrue((all) => all.some((line) => line.includes('_INBOX_owner')), 'a refusal in the log');
  });
});

t.test('an address that is none is refused without repeating its password', async (t) => {
  for (const servers of ['http://user:secret@host', 'nats://user:secret@', 'nats://secret@h:x']) {
    await t.rejects(connectNats({ servers, name: 'x' }), { message: /^Not an address(?!.*secret)/ });
  }
});
