import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { connectNats } from '@teahouse/bus';
import { TeahouseError } from '@teahouse/contracts';
import { testNats } from '@teahouse/test';
import { connect } from 'nats';
import t from 'tap';
import { bytes, Inbox, into } from './inbox.js';

/* Streams and buckets that somebody else made first, so that more goes in or out than a service would let. */

const server = await testNats();
t.teardown(() => server.stop());
const bus = await connectNats({ servers: server.url, name: 'honest' });
const raw = await connect({ servers: server.url.replace('nats://', '') });
t.teardown(() => Promise.all([bus.close(), raw.close()]));
const jsm = await jetstreamManager(raw);

const options = { maxMessages: 10, ackWaitMs: 5_000 };
const add = (name: string, config: Partial<StreamConfig>) => jsm.streams.add({ ...config, name });
/** The sentence for the log of an open that was refused. */
async function refusal(open: Promise<unknown>): Promise<string> {
  const error = await open.then(
    () => new Error('it was opened'),
    (thrown: unknown) => thrown,
  );
  const { cause } = error instanceof TeahouseError && error.code === 'UNAVAILABLE' ? error : new Error('no code');
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(error);
}

t.test('a view', async (t) => {
  await add('KV_told', { subjects: ['$KV.told.>'], republish: { src: '$KV.told.>', dest: '$KV.keys.>' } });
  t.match(await refusal(bus.view('told')), /^AlteredStream: KV_told .* passes on what it gets;/);
  t.match(await refusal(bus.view('told')), /^AlteredStream/, 'and again');
  await add('KV_keys', { subjects: ['$KV.keys.>'] });
  await add('KV_mirror', { mirror: { name: 'KV_keys' } });
  t.match(await refusal(bus.view('mirror')), /fetches from elsewhere, gathers other subjects/);
  await add('KV_fed', { subjects: ['$KV.fed.>'], sources: [{ name: 'KV_keys' }] });
  t.match(await refusal(bus.view('fed')), /fetches from elsewhere;/);
  await add('KV_wide', { subjects: ['$KV.wide.>', 'auth.call.login'] });
  t.match(await refusal(bus.view('wide')), /gathers other subjects;/);
});

t.test('a queue', async (t) => {
  await add('queue_told', { subjects: ['queue.told'], republish: { src: 'queue.told', dest: '$KV.keys.forged' } });
  t.match(await refusal(bus.queue('told', options)), /^AlteredStream: queue_told .* passes on what it gets;/);
  await add('queue_wide', { subjects: ['queue.wide', 'auth.call.token'] });
  t.match(await refusal(bus.queue('wide', options)), /gathers other subjects;/);
});

t.test('what is as it should be but for its bounds is taken, and keeps them', async (t) => {
  const queue = await bus.queue('bounds', options);
  await queue.push(bytes('a'));
  const again = await bus.queue('bounds', { ...options, maxMessages: 20 });
  t.equal((await jsm.streams.info('queue_bounds')).config.max_msgs, 10);
  const done = new Inbox<string>();
  const consumer = again.consume(into(done), { batch: 5 });
  await done.until(1);
  await consumer.stop();
});
