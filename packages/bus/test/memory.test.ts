import { createMemoryHub } from '@teahouse/bus';
import t from 'tap';
import { lineLimit } from '../dist/memory/line.js';
import { conformance } from './conformance.js';
import { reasonOf } from './conformance-requests.js';
import { bytes, fresh, Inbox } from './inbox.js';

const hub = createMemoryHub();
conformance('in-process', async (name) => hub.connect(name));

t.test('in-process: one turn sends no more than the line holds; the rest is dropped and said so', async (t) => {
  const bus = createMemoryHub().connect('flood');
  const subject = fresh('flood');
  const heard = new Inbox<number>();
  bus.subscribe(subject, (payload) => heard.put(payload.length));
  bus.serve(subject, 'g', async (payload) => payload);
  let sent = 0;
  while (bus.publish(subject, bytes('x'))) sent++;
  t.equal(sent, lineLimit);
  t.equal(await reasonOf(bus.request(subject, bytes('x'), { timeoutMs: 1_000 })), 'from the service');
  await heard.until(sent);
  t.equal(bus.publish(subject, bytes('x')), true);
  await heard.until(sent + 1);
  await bus.close();
});

t.test('in-process: hubs know nothing of each other', async (t) => {
  const here = createMemoryHub().connect('here');
  const there = createMemoryHub().connect('there');
  there.serve('a', 'g', async (payload) => payload);
  t.equal(await reasonOf(here.request('a', bytes(''), { timeoutMs: 1_000 })), 'no-responders');
  await Promise.all([here.close(), there.close()]);
});
