import { ChatClient } from '@teahouse/client';
import t, { type Test } from 'tap';
import { ack, FakeServer, stored } from './fake-server.js';

/** A page around the client, as far as it listens to one. */
class FakeDocument extends EventTarget {
  hidden = false;
}
const document = new FakeDocument();
const window = new EventTarget();
Object.assign(globalThis, {
  document,
  addEventListener: window.addEventListener.bind(window),
  removeEventListener: window.removeEventListener.bind(window),
});

const hide = (persisted: boolean) => window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted }));

async function connected(t: Test) {
  const server = await FakeServer.start();
  const client = new ChatClient({ url: server.url, username: 'me', password: '123456' });
  t.teardown(async () => {
    client.close();
    await server.close();
  });
  const pauses: number[] = [];
  client.on('waiting', ({ delayMs }) => pauses.push(delayMs));
  const ready = client.connect();
  const visitor = await server.visitor();
  await visitor.login();
  await ready;
  return { server, client, visitor, pauses };
}

const stops = { 'is frozen': () => document.dispatchEvent(new Event('freeze')), 'may be kept': () => hide(true) };
for (const [how, stop] of Object.entries(stops))
  t.test(`a page that ${how} closes its connection, and opens another only when it wakes`, async (t) => {
    const { server, client, visitor, pauses } = await connected(t);
    const sending = client.sendToGroup('on its way');
    const first = await visitor.next();
    stop();
    t.equal(client.state, 'waiting');
    t.strictSame(pauses, [], 'no attempt is planned');
    document.dispatchEvent(new Event('resume'));
    const second = await server.visitor();
    await second.login();
    const again = await second.next();
    t.match(again, { type: 'groupMessage', content: 'on its way', clientId: first.clientId });
    second.send(ack(again, stored(1)));
    t.equal((await sending).seq, 1);
  });

t.test('a page that stops while it waits or logs in does so when it wakes', async (t) => {
  const { server, client, visitor, pauses } = await connected(t);
  visitor.cut();
  await client.once('waiting');
  document.dispatchEvent(new Event('freeze'));
  window.dispatchEvent(new Event('pageshow'));
  const second = await server.visitor();
  await second.next();
  t.equal(client.state, 'connecting');
  document.dispatchEvent(new Event('freeze'));
  t.equal(client.state, 'waiting');
  window.dispatchEvent(new Event('pageshow'));
  const third = await server.visitor();
  await third.login();
  await client.once('ready');
  t.equal(pauses.length, 1);
});

t.test('a page that is left for good keeps its connection to the end', async (t) => {
  const { client } = await connected(t);
  hide(false);
  t.equal(client.state, 'ready');
});

t.test('a client that was closed hears no more of its page', async (t) => {
  const { client } = await connected(t);
  client.close();
  document.dispatchEvent(new Event('freeze'));
  document.dispatchEvent(new Event('resume'));
  t.equal(client.state, 'closed');
});
