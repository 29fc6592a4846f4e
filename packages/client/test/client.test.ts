import { ChatClient, ChatError, createUserConnect, type ReceivedMessage } from '@teahouse/client';
import { eventually } from '@teahouse/test';
import t, { type Test } from 'tap';
import { ack, FakeServer, groupMessage, stored, type Visitor } from './fake-server.js';

const account = { username: 'me', password: '123456' };

async function connected(t: Test, lists: Parameters<Visitor['login']>[0] = {}) {
  const server = await FakeServer.start();
  const client = new ChatClient({ ...account, url: server.url });
  t.teardown(async () => {
    client.close();
    await server.close();
  });
  const got: string[] = [];
  const errors: unknown[] = [];
  const hear = (message: ReceivedMessage) =>
    got.push(`${message.seq}${message.sentHere ? ' mine' : ''} ${message.content}`);
  client.on('groupMessage', hear);
  client.on('privateMessage', hear);
  client.on('error', (error) => errors.push(error));
  const ready = client.connect();
  const visitor = await server.visitor();
  const init = await visitor.login(lists);
  await ready;
  return { server, client, visitor, got, errors, init };
}

t.test('logs in with name and password, and tells who it is', async (t) => {
  const { client, init } = await connected(t);
  t.strictSame(init, { type: 'init', ...account });
  t.equal(client.state, 'ready');
  t.equal(client.user.username, 'me');
});

t.test('asks for a token before each connection, and for a fresh one after 4401', async (t) => {
  const server = await FakeServer.start();
  const asked: boolean[] = [];
  const client = new ChatClient({
    url: server.url,
    token: ({ fresh }) => {
      asked.push(fresh);
      return fresh ? 'new' : 'old';
    },
  });
  t.teardown(async () => {
    client.close();
    await server.close();
  });
  const ready = client.connect();
  const first = await server.visitor();
  t.equal((await first.next()).token, 'old');
  first.send({ type: 'error', code: 'UNAUTHENTICATED', message: 'expired', retryable: false });
  first.close(4401);
  const second = await server.visitor();
  t.equal((await second.login()).token, 'new');
  await ready;
  t.strictSame(asked, [false, true]);
});

t.test('after 4401 a token that was refused is not sent again, however long no other is to be had', async (t) => {
  const server = await FakeServer.start();
  t.intercept(Math, 'random', { value: () => 0 });
  const asked: boolean[] = [];
  const client = new ChatClient({
    url: server.url,
    token: ({ fresh }) => {
      asked.push(fresh);
      if (asked.length > 1 && asked.length < 6) throw new ChatError('UNAVAILABLE');
      return fresh ? 'new' : 'old';
    },
  });
  t.teardown(async () => {
    client.close();
    await server.close();
  });
  const ready = client.connect();
  const first = await server.visitor();
  t.equal((await first.next()).token, 'old');
  first.close(4401);
  const second = await server.visitor();
  t.equal((await second.login()).token, 'new');
  await ready;
  t.strictSame(asked, [false, true, true, true, true, true]);
  second.cut();
  await (await server.visitor()).login();
  t.equal(asked.at(-1), false, 'a login that was taken needs no fresh token for the next');
});

t.test('three fresh tokens that are refused end it', async (t) => {
  const server = await FakeServer.start();
  t.teardown(() => server.close());
  t.intercept(Math, 'random', { value: () => 0 });
  const asked: boolean[] = [];
  const client = new ChatClient({
    url: server.url,
    token: ({ fresh }) => {
      asked.push(fresh);
      return `t${asked.length}`;
    },
  });
  const over = t.rejects(client.connect(), { code: 'UNAUTHENTICATED' });
  for (let login = 1; login <= 4; login++) {
    const visitor = await server.visitor();
    t.equal((await visitor.next()).token, `t${login}`);
    visitor.close(4401);
  }
  await over;
  t.strictSame(asked, [false, true, true, true]);
});

t.test('a wrong password ends it at once', async (t) => {
  const server = await FakeServer.start();
  t.teardown(() => server.close());
  const client = new ChatClient({ ...account, url: server.url });
  const ready = client.connect();
  const visitor = await server.visitor();
  await visitor.next();
  visitor.send({ type: 'error', code: 'BAD_CREDENTIALS', message: 'wrong', retryable: false });
  visitor.close(4401);
  await t.rejects(ready, { code: 'BAD_CREDENTIALS' });
  t.equal(client.state, 'closed');
  await t.rejects(client.sendToGroup('x'), { code: 'CLOSED' });
});

t.test('connects to nobody only until the deadline', async (t) => {
  const client = new ChatClient({ ...account, url: 'ws://127.0.0.1:9/' });
  await t.rejects(client.connect(300), { code: 'TIMEOUT' });
  t.equal(client.state, 'closed');
});

t.test('delivers once and in order, own messages by their ack', async (t) => {
  const { client, visitor, got } = await connected(t, { lastSeq: 3 });
  const sent = client.sendToGroup('hello', 1, 'id1');
  const send = await visitor.next();
  t.match(send, { type: 'groupMessage', groupId: 1, content: 'hello', clientId: 'id1' });
  visitor.send(groupMessage(4));
  visitor.send(groupMessage(6));
  visitor.send(groupMessage(4));
  visitor.send(groupMessage(3));
  visitor.send(ack(send, stored(5)));
  t.strictSame(await sent, stored(5));
  await eventually(() => got.length === 3, 5_000, 'messages');
  t.strictSame(got, ['4 m4', '5 mine hello', '6 m6']);
});

t.test('reads a hole from history', async (t) => {
  const { visitor, got } = await connected(t, { lastSeq: 3 });
  visitor.send(groupMessage(6));
  const request = await visitor.next();
  t.match(request, { type: 'history', groupId: 1, afterSeq: 3 });
  visitor.send(ack(request, { messages: [groupMessage(4), groupMessage(5)], more: true }));
  await eventually(() => got.length === 3, 5_000, 'messages');
  t.strictSame(got, ['4 m4', '5 m5', '6 m6']);
});

t.test('a group that one comes into begins after the head that is told with it', async (t) => {
  const { client, visitor, got } = await connected(t);
  const group = { id: 5, groupNumber: 88888890, groupName: '茶', state: 'normal', rights: 'member', lastSeq: 4 };
  visitor.send({ type: 'groupChanged', group });
  visitor.send(groupMessage(5, { groupId: 5 }));
  visitor.send(groupMessage(7, { groupId: 5 }));
  const request = await visitor.next();
  t.match(request, { type: 'history', groupId: 5, afterSeq: 5 }, 'what was there before is not asked for');
  visitor.send(ack(request, { messages: [groupMessage(6, { groupId: 5 })], more: true }));
  await eventually(() => got.length === 3, 5_000, 'messages');
  t.strictSame(got, ['5 m5', '6 m6', '7 m7']);
  t.equal(client.state, 'ready');
});

t.test('an ack that overtakes what tells of the group loses nothing said before it', async (t) => {
  const { client, visitor } = await connected(t);
  const heard: number[] = [];
  client.on('groupMessage', ({ groupId, seq }) => groupId === 9 && heard.push(seq));
  const sent = client.sendToGroup('c', 9);
  visitor.send(ack(await visitor.next(), stored(13)));
  t.match(await sent, { seq: 13 });
  const group = { id: 9, groupNumber: 88888890, groupName: '茶', state: 'normal', rights: 'member', lastSeq: 10 };
  visitor.send({ type: 'groupChanged', group });
  for (const seq of [11, 12]) visitor.send(groupMessage(seq, { groupId: 9 }));
  await eventually(() => heard.length === 3, 5000, 'not all are heard');
  t.strictSame(heard, [11, 12, 13]);

  // A list that came after it, and knows of it, does not swallow it; and it comes once.
  const lists: number[] = [];
  client.on('groupMessage', ({ groupId, seq }) => groupId === 6 && lists.push(seq));
  const listed = client.sendToGroup('e', 6);
  visitor.send(ack(await visitor.next(), stored(4)));
  await listed;
  visitor.send({ type: 'groups', groups: [{ ...group, id: 6, lastSeq: 5 }] });
  visitor.send(groupMessage(5, { groupId: 6 }));
  await eventually(() => lists.length === 2, 5000, 'not both are heard');
  await new Promise((resolve) => setTimeout(resolve, 300)); // The moment that it would have waited.
  t.strictSame(lists, [4, 5]);

  // Where nothing tells of the group it begins with the own message.
  client.on('groupMessage', ({ groupId, seq }) => groupId === 8 && heard.push(seq));
  for (const seq of [5, 6]) {
    const more = client.sendToGroup('d', 8);
    visitor.send(ack(await visitor.next(), stored(seq)));
    await more;
  }
  await eventually(() => heard.length === 5, 5000, 'the own messages never come');
  t.strictSame(heard.slice(3), [5, 6]);
});

t.test('a heartbeat shows that the last message was lost', async (t) => {
  const { visitor, got } = await connected(t, { lastSeq: 3 });
  visitor.send({ type: 'heartbeat', time: '2026-11-22T08:00:00.000Z', heads: { groups: { 1: 4 }, users: { 9: 1 } } });
  const requests = [await visitor.next(), await visitor.next()];
  t.match(requests, [
    { type: 'history', groupId: 1, afterSeq: 3 },
    { type: 'history', with: 9, afterSeq: 0 },
  ]);
  for (const request of requests) {
    const [seq, fields] = request.with ? [1, { groupId: undefined, from: 9, to: 7 }] : [4, {}];
    visitor.send(ack(request, { messages: [groupMessage(seq, fields)], more: false }));
  }
  await eventually(() => got.length === 2, 5_000, 'messages');
  t.strictSame(got, ['4 m4', '1 m1']);
});

t.test('a page that is unavailable is asked for again; one that is forbidden is not', async (t) => {
  const { visitor, got, errors } = await connected(t, { lastSeq: 3 });
  visitor.send({ type: 'catchUp', groupId: 1, seq: 4 });
  visitor.send({ type: 'catchUp', groupId: 2, seq: 9 });
  const [first, second] = [await visitor.next(), await visitor.next()];
  visitor.send({ type: 'error', ref: first.ref, code: 'UNAVAILABLE', message: '', retryable: true });
  visitor.send({ type: 'error', ref: second.ref, code: 'NOT_A_MEMBER', message: '', retryable: false });
  const again = await visitor.next();
  t.match(again, { type: 'history', groupId: 1, afterSeq: 3 });
  visitor.send(ack(again, { messages: [groupMessage(4)], more: false }));
  await eventually(() => got.length === 1, 5_000, 'message');
  t.strictSame(errors, []);
});

t.test('comes back, reads what was missed and sends again what was not acknowledged', async (t) => {
  const { server, client, visitor, got } = await connected(t, { lastSeq: 3 });
  const sent = [client.sendToGroup('a', 1, 'id-a'), client.sendToGroup('b', 1, 'id-b')];
  t.match(await visitor.next(), { content: 'a', clientId: 'id-a' });
  t.equal(visitor.unread, 0, 'one message at a time');
  visitor.cut();
  const again = await server.visitor();
  await again.login({ lastSeq: 5 });
  const resend = await again.next();
  t.match(resend, { type: 'groupMessage', content: 'a', clientId: 'id-a' });
  const history = await again.next();
  t.match(history, { type: 'history', groupId: 1, afterSeq: 3 });
  // Our first send had been stored; the other member's message came after it.
  const own = groupMessage(4, { from: 7, content: 'a', clientId: 'id-a' });
  again.send(ack(history, { messages: [own, groupMessage(5)], more: false }));
  await eventually(() => got.length === 2, 5_000, 'history');
  again.send(ack(resend, { ...stored(4), duplicate: true }));
  const next = await again.next();
  t.match(next, { content: 'b', clientId: 'id-b' });
  again.send(ack(next, stored(6)));
  t.strictSame(await Promise.all(sent), [{ ...stored(4), duplicate: true }, stored(6)]);
  t.strictSame(got, ['4 mine a', '5 m5', '6 mine b']);
});

t.test('a refusal reaches the sender, and the next message goes on', async (t) => {
  const { client, visitor } = await connected(t);
  const refused = client.sendToUser(9, 'a');
  const next = client.sendToUser(9, 'b');
  const first = await visitor.next();
  t.match(first, { type: 'privateMessage', to: 9, content: 'a' });
  visitor.send({ type: 'error', ref: first.ref, code: 'BLOCKED', message: 'no', retryable: false });
  await t.rejects(refused, new ChatError('BLOCKED', 'no'));
  visitor.send(ack(await visitor.next(), stored(1)));
  t.match(await next, { seq: 1 });
});

t.test('what was unavailable is sent again before the next, with the same clientId', async (t) => {
  const { client, visitor } = await connected(t);
  const sent = [client.sendToGroup('a'), client.sendToGroup('b')];
  const first = await visitor.next();
  visitor.send({ type: 'error', ref: first.ref, code: 'UNAVAILABLE', message: '', retryable: true });
  const again = await visitor.next();
  t.match(again, { content: 'a', clientId: first.clientId });
  visitor.send(ack(again, stored(1)));
  visitor.send(ack(await visitor.next(), stored(2)));
  t.match(await Promise.all(sent), [{ seq: 1 }, { seq: 2 }]);
});

t.test('a server that asks for short pauses is asked less often all the same', async (t) => {
  const { client, visitor } = await connected(t);
  const sent = client.sendToGroup('a');
  const busy = { type: 'error', code: 'UNAVAILABLE', message: '', retryable: true, retryAfterMs: 1 };
  const first = await visitor.next();
  const began = performance.now();
  visitor.send({ ...busy, ref: first.ref });
  const again = await visitor.next();
  t.ok(performance.now() - began > 450, 'half a second at first');
  visitor.send(ack(again, stored(1)));
  await sent;
});

t.test('the outbox holds a thousand messages and no more; close rejects them', async (t) => {
  const { server, client, visitor } = await connected(t);
  await server.close();
  visitor.cut();
  await eventually(() => client.state !== 'ready', 5_000, 'disconnected');
  const sent = Array.from({ length: 1_000 }, () => client.sendToGroup('x'));
  await t.rejects(client.sendToGroup('x'), { code: 'OUTBOX_FULL', retryable: true });
  await t.rejects(client.request('listGroups', {}), { code: 'DISCONNECTED' });
  client.close();
  const results = await Promise.allSettled(sent);
  t.ok(results.every((result) => result.status === 'rejected' && result.reason.code === 'CLOSED'));
});

t.test('a removed member hears of it and asks for nothing more', async (t) => {
  const { visitor, got } = await connected(t, { lastSeq: 3 });
  visitor.send(groupMessage(4, { kind: 'notice', content: '', notice: { event: 'removed', by: 2, userId: 7 } }));
  await eventually(() => got.length === 1, 5_000, 'notice');
  // Put back in much later: what was said meanwhile is no hole.
  visitor.send(groupMessage(40, { kind: 'notice', content: '', notice: { event: 'joined', userId: 7 } }));
  visitor.send(groupMessage(41));
  await eventually(() => got.length === 3, 5_000, 'messages');
  t.strictSame(got, ['4 ', '40 ', '41 m41']);
});

t.test('who was removed and put back while away reads on beyond that, page by page', async (t) => {
  const { server, visitor, got } = await connected(t, { lastSeq: 3 });
  visitor.cut();
  const again = await server.visitor();
  await again.login({ lastSeq: 8 });
  const first = await again.next();
  t.match(first, { type: 'history', groupId: 1, afterSeq: 3 });
  const notice = (seq: number, event: string) =>
    groupMessage(seq, { kind: 'notice', content: event, notice: { event, by: 2, userId: 7 } });
  again.send(ack(first, { messages: [groupMessage(4), notice(5, 'removed')], more: true }));
  const second = await again.next();
  t.match(second, { type: 'history', groupId: 1, afterSeq: 5 });
  again.send(ack(second, { messages: [groupMessage(6), notice(7, 'joined'), groupMessage(8)], more: false }));
  again.send(groupMessage(9));
  await eventually(() => got.length === 6, 5_000, 'messages');
  t.strictSame(got, ['4 m4', '5 removed', '6 m6', '7 joined', '8 m8', '9 m9']);
});

t.test('of a group that one was put out of nothing comes again, whatever tells of it late', async (t) => {
  const { client, visitor, got } = await connected(t, { lastSeq: 3 });
  const notice = (seq: number, event: string) =>
    groupMessage(seq, { kind: 'notice', content: event, notice: { event, by: 2, userId: 7 } });
  const sent = client.sendToGroup('mine', 1);
  const request = await visitor.next();
  for (const message of [groupMessage(4), groupMessage(5), notice(6, 'removed')]) visitor.send(message);
  await eventually(() => got.length === 3, 5_000, 'messages');
  // It was stored as 5; whoever answered first was not heard.
  visitor.send(ack(request, { ...stored(5), duplicate: true }));
  t.match(await sent, { seq: 5 });
  visitor.send(notice(20, 'joined'));
  visitor.send(groupMessage(21));
  await eventually(() => got.includes('21 m21'), 5_000, 'messages');
  t.strictSame(got, ['4 m4', '5 m5', '6 removed', '20 joined', '21 m21']);
  visitor.send(notice(22, 'removed'));
  visitor.send({ type: 'heartbeat', time: '2026-11-22T08:00:00.000Z', heads: { groups: { 1: 21 }, users: {} } });
  visitor.send(notice(30, 'joined'));
  await eventually(() => got.includes('30 joined'), 5_000, 'messages');
  t.strictSame(got.slice(5), ['22 removed', '30 joined']);
});

t.test('who is put back at once and loses the connection then reads what came meanwhile', async (t) => {
  const { server, visitor, got } = await connected(t, { lastSeq: 3 });
  visitor.send(groupMessage(4, { kind: 'notice', content: '', notice: { event: 'removed', by: 2, userId: 7 } }));
  await eventually(() => got.length === 1, 5_000, 'notice');
  const group = { id: 1, groupNumber: 88888880, groupName: '茶', state: 'normal', rights: 'member', lastSeq: 4 };
  visitor.send({ type: 'groupChanged', group });
  visitor.cut();
  const again = await server.visitor();
  await again.login({ lastSeq: 6 });
  const request = await again.next();
  t.match(request, { type: 'history', groupId: 1, afterSeq: 4 });
  again.send(ack(request, { messages: [groupMessage(5), groupMessage(6)], more: false }));
  await eventually(() => got.length === 3, 5_000, 'messages');
  t.strictSame(got.slice(1), ['5 m5', '6 m6']);
});

t.test('who is put back while history still says otherwise hears of it', async (t) => {
  const { visitor, got } = await connected(t, { lastSeq: 3 });
  const notice = (seq: number, event: string) =>
    groupMessage(seq, { kind: 'notice', content: event, notice: { event, by: 2, userId: 7 } });
  visitor.send({ type: 'heartbeat', time: '2026-11-22T08:00:00.000Z', heads: { groups: { 1: 5 }, users: {} } });
  visitor.send(notice(4, 'removed'));
  const request = await visitor.next();
  t.match(request, { type: 'history', groupId: 1, afterSeq: 4 });
  visitor.send(notice(6, 'joined'));
  visitor.send({ type: 'error', ref: request.ref, code: 'NOT_A_MEMBER', message: '', retryable: false });
  visitor.send(groupMessage(7));
  await eventually(() => got.includes('7 m7'), 5_000, 'messages');
  t.strictSame(got, ['4 removed', '6 joined', '7 m7']);
});

t.test('a listener that throws stops nobody', async (t) => {
  const { client, visitor, got, errors } = await connected(t);
  client.on('groupMessage', () => {
    throw new Error('mine');
  });
  visitor.send(groupMessage(1));
  visitor.send(groupMessage(2));
  await eventually(() => got.length === 2 && errors.length === 2, 5_000, 'messages');
  t.match(errors, [{ message: 'mine' }, { message: 'mine' }]);
});

t.test('what a listener threw is told whatever it is, a retryable error as well', async (t) => {
  const { client, visitor, errors } = await connected(t);
  client.on('groupMessage', () => {
    throw new ChatError('DISCONNECTED', 'mine');
  });
  const told = client.once('error');
  visitor.send(groupMessage(1));
  t.match(await told, { code: 'DISCONNECTED', message: 'mine' });
  t.equal(errors.length, 1);
});

t.test('a listener of errors that throws reaches the console, once, and stops nobody', async (t) => {
  const { client, visitor, got, errors } = await connected(t);
  const consoled = t.capture(console, 'error', () => {});
  client.on('error', () => {
    throw new Error('from the listener of errors');
  });
  client.on('groupMessage', () => {
    throw new Error('mine');
  });
  visitor.send(groupMessage(1));
  visitor.send(groupMessage(2));
  await eventually(() => got.length === 2 && errors.length === 2, 5_000, 'messages');
  t.match(errors, [{ message: 'mine' }, { message: 'mine' }]);
  const thrown = { message: 'from the listener of errors' };
  t.match(
    consoled().map(({ args }) => args),
    [[thrown], [thrown]],
  );
});

t.test('a protocol error of ours is not repeated', async (t) => {
  const { client, visitor } = await connected(t);
  const closed = new Promise<{ error?: ChatError }>((resolve) => client.on('closed', resolve));
  visitor.close(4400);
  t.match(await closed, { error: { code: 'PROTOCOL' } });
});

t.test('goodbye says how long the delay may be', async (t) => {
  const { server, client, visitor } = await connected(t);
  t.intercept(Math, 'random', { value: () => 0.99 });
  const started = performance.now();
  visitor.send({ type: 'goodbye', reconnectWithinMs: 1_500 });
  visitor.close(1012);
  await (await server.visitor()).login();
  t.ok(performance.now() - started > 1_400, 'the usual delay would have been half a second at most');
  await eventually(() => client.state === 'ready', 5_000, 'back');
});

t.test('a server that is silent for ten seconds is left', async (t) => {
  const { server, client } = await connected(t);
  const states: string[] = [];
  client.on('state', (state) => states.push(state));
  const { now } = Date;
  await new Promise((resolve) => setTimeout(resolve, 120)); // Two heartbeats, which nobody answers.
  t.strictSame(states, []);
  Date.now = () => now() + 10_000;
  t.teardown(() => {
    Date.now = now;
  });
  await (await server.visitor()).login();
  await eventually(() => client.state === 'ready', 5_000, 'back');
  t.strictSame(states, ['waiting', 'connecting', 'ready']);
});

t.test('a machine that slept asks once more, and stays where the server answers', async (t) => {
  const { client, visitor } = await connected(t);
  const states: string[] = [];
  client.on('state', (state) => states.push(state));
  const { now } = Date;
  let asleepMs = 0;
  Date.now = () => now() + asleepMs;
  t.teardown(() => {
    Date.now = now;
  });
  for (let sleep = 1; sleep <= 3; sleep++) {
    asleepMs += 60_000;
    // What the server said meanwhile is read after the timers that fell due.
    await new Promise((resolve) => setTimeout(resolve, 120));
    visitor.send({ type: 'heartbeat', time: '2026-11-22T08:00:00.000Z' });
    visitor.send(groupMessage(sleep));
    await client.once('groupMessage');
  }
  t.strictSame(states, []);
});

t.test('createUserConnect: what the others say, by function or by kind', async (t) => {
  const server = await FakeServer.start();
  const all: string[] = [];
  const group: string[] = [];
  const first = createUserConnect({ ...account, url: server.url }, (message) =>
    all.push(`${message.type} ${message.content}`),
  );
  const one = await server.visitor();
  await one.login();
  const second = createUserConnect(
    { ...account, url: server.url },
    { onGroupMessage: ({ content }) => group.push(content) },
  );
  const two = await server.visitor();
  await two.login();
  const users = await Promise.all([first, second]);
  t.teardown(async () => {
    for (const user of users) user.close();
    await server.close();
  });
  const sent = users[0].sendToGroup('mine');
  one.send(ack(await one.next(), stored(1)));
  await sent;
  for (const visitor of [one, two]) {
    visitor.send(groupMessage(2));
    visitor.send({ ...groupMessage(1), type: 'privateMessage', groupId: undefined, from: 9, to: 7 });
  }
  two.send(groupMessage(1));
  await eventually(() => all.length === 2 && group.length === 2, 5_000, 'messages');
  t.strictSame(all, ['groupMessage m2', 'privateMessage m1']);
  t.strictSame(group, ['m1', 'm2']);
});
