import { ChatClient, memoryStore, Session } from '@teahouse/client';
import t, { type Test } from 'tap';
import { FakeServer, groupMessage } from './fake-server.js';

const place = { groupId: 1 };

async function startServer(t: Test): Promise<FakeServer> {
  const server = await FakeServer.start();
  t.teardown(() => server.close());
  return server;
}

t.test('a token of another user ends it: nothing is sent, read or kept in that name', async (t) => {
  const server = await startServer(t);
  const store = memoryStore();
  const tokens = ['mine', 'theirs'];
  const client = new ChatClient({ url: server.url, store, token: () => tokens.shift() ?? 'none' });
  t.teardown(() => client.close());
  const readies: number[] = [];
  const heard: number[] = [];
  client.on('ready', ({ user }) => readies.push(user.id));
  client.on('groupMessage', ({ seq }) => heard.push(seq));
  const connecting = client.connect();
  const first = await server.visitor();
  t.match(await first.login({ lastSeq: 3 }), { token: 'mine' });
  await connecting;

  const sent = client.sendToGroup('only in my name');
  await first.next();
  const closed = client.once('closed');
  first.cut();
  const second = await server.visitor();
  const over = second.ended();
  t.match(await second.login({ userId: 8, lastSeq: 5 }), { token: 'theirs' });
  second.send(groupMessage(6));
  const { error } = await closed;
  t.match(error, { code: 'UNAUTHENTICATED', retryable: false, message: /another user/ });
  await t.rejects(sent, { code: 'CLOSED' });
  await over;
  t.equal(second.unread, 0, 'neither the message nor a question');
  t.strictSame([client.state, client.user.id, readies, heard], ['closed', 7, [7], []]);

  await client[Symbol.asyncDispose]();
  const [mine, theirs] = [await store.open(7), await store.open(8)];
  t.match(await mine.adopt(), [{ content: 'only in my name' }], 'it waits for its own user');
  t.strictSame([await theirs.adopt(), await theirs.recent(place)], [[], []]);
});

t.test('a session whose first login is another user’s ends it as well', async (t) => {
  const server = await startServer(t);
  const user = { id: 7, username: 'me', nickname: 'me', role: 'user' as const };
  const state = { token: 't', refreshToken: 'r', expiresAt: Date.now() + 3_600_000, user };
  const client = new ChatClient({ url: server.url, session: Session.resume(server.url, state) });
  const connecting = client.connect();
  client.post(place, 'only in my name');
  const visitor = await server.visitor();
  const over = visitor.ended();
  await visitor.login({ userId: 8 });
  await t.rejects(connecting, { code: 'UNAUTHENTICATED' });
  await over;
  t.equal(visitor.unread, 0);
  t.equal(client.state, 'closed');
});
