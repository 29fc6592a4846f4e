import { ChatClient } from '@teahouse/client';
import { eventually } from '@teahouse/test';
import t, { type Test } from 'tap';
import { ack, FakeServer, type Frame, groupMessage, type Visitor } from './fake-server.js';

const person = (userId: number, lastSeq: number) => ({
  userId,
  username: `u${userId}`,
  nickname: `u${userId}`,
  lastSeq,
  readSeq: 0,
});

/** Logged in before with these conversations, each at seq 1, and away since. */
async function away(t: Test, users: readonly number[]) {
  const server = await FakeServer.start();
  const client = new ChatClient({ username: 'me', password: '123456', url: server.url });
  t.teardown(async () => {
    client.close();
    await server.close();
  });
  const heard: string[] = [];
  const errors: unknown[] = [];
  client.on('privateMessage', ({ from, seq }) => heard.push(`${from}: ${seq}`));
  client.on('error', (error) => errors.push(error));
  const ready = client.connect();
  const visitor = await server.visitor();
  await visitor.login({ conversations: users.map((userId) => person(userId, 1)) });
  await ready;
  visitor.cut();
  return { server, client, heard, errors };
}

/** Answers what is asked of history with one message, and hands on what is asked else. */
async function nextPage(visitor: Visitor): Promise<Frame> {
  for (;;) {
    const frame = await visitor.next();
    if (frame.type !== 'history') return frame;
    answerHistory(visitor, frame);
  }
}

function answerHistory(visitor: Visitor, frame: Frame): void {
  const fields = { type: undefined, groupId: undefined, from: frame.with, to: 7 };
  visitor.send(ack(frame, { messages: [groupMessage(Number(frame.afterSeq) + 1, fields)], more: false }));
}

async function answerAll(visitor: Visitor, heard: readonly string[], count: number): Promise<void> {
  while (heard.length < count) {
    answerHistory(visitor, await visitor.next());
    const { length } = heard;
    await eventually(() => heard.length > length, 5_000, 'a message');
  }
}

for (const code of ['UNAVAILABLE', 'RATE_LIMITED'])
  t.test(`a page of conversations that answers ${code} is asked for until it is there`, async (t) => {
    const { server, heard, errors } = await away(t, [2, 3]);
    const visitor = await server.visitor();
    await visitor.login({ conversations: [person(2, 2)], moreConversations: true });
    for (let refused = 0; refused < 2; refused++) {
      const page = await nextPage(visitor);
      t.match(page, { type: 'listConversations', before: 2 });
      visitor.send({ type: 'error', ref: page.ref, code, message: '', retryable: true });
    }
    const page = await nextPage(visitor);
    t.match(page, { type: 'listConversations', before: 2 });
    visitor.send(ack(page, { conversations: [person(3, 2)], more: false }));
    await answerAll(visitor, heard, 2);
    t.strictSame([...heard].sort(), ['2: 2', '3: 2']);
    t.strictSame(errors, []);
  });

t.test('a page that cannot be had is told of, and not asked for again', async (t) => {
  const { server, client, errors } = await away(t, [2, 3]);
  const visitor = await server.visitor();
  await visitor.login({ conversations: [person(2, 2)], moreConversations: true });
  const page = await nextPage(visitor);
  const told = client.once('error');
  visitor.send({ type: 'error', ref: page.ref, code: 'INTERNAL', message: '', retryable: false });
  t.match(await told, { code: 'INTERNAL' });
  t.equal(errors.length, 1);
});

t.test('a page that the connection took with it is made up for on the next one', async (t) => {
  const { server, heard } = await away(t, [2, 3, 4]);
  const second = await server.visitor();
  await second.login({ conversations: [person(2, 2)], moreConversations: true });
  t.match(await second.next(), { type: 'listConversations', before: 2 });
  answerHistory(second, await second.next());
  await eventually(() => heard.length === 1, 5_000, 'what the first page told of');
  second.cut();
  const third = await server.visitor();
  // Nothing on the first two pages has moved since.
  await third.login({ conversations: [person(2, 2)], moreConversations: true });
  const page = await nextPage(third);
  t.match(page, { type: 'listConversations', before: 2 });
  third.send(ack(page, { conversations: [person(4, 1)], more: true }));
  const last = await nextPage(third);
  t.match(last, { type: 'listConversations', before: 4 });
  third.send(ack(last, { conversations: [person(3, 2)], more: false }));
  await answerAll(third, heard, 2);
  t.strictSame(heard, ['2: 2', '3: 2']);
});

t.test('a new conversation at the end of a page has moved, where all were known before', async (t) => {
  const { server, heard } = await away(t, [2, 3]);
  const visitor = await server.visitor();
  await visitor.login({ conversations: [person(2, 2), person(9, 1)], moreConversations: true });
  const page = await nextPage(visitor);
  t.match(page, { type: 'listConversations', before: 9 });
  visitor.send(ack(page, { conversations: [person(3, 2)], more: false }));
  await answerAll(visitor, heard, 3);
  t.strictSame([...heard].sort(), ['2: 2', '3: 2', '9: 1']);
});
