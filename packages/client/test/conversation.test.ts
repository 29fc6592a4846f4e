import { ChatClient, type Outgoing, type ReceivedMessage } from '@teahouse/client';
import { eventually } from '@teahouse/test';
import t, { type Test } from 'tap';
import { ack, FakeServer, type Frame, groupMessage, stored, type Visitor } from './fake-server.js';

const place = { groupId: 1 };

async function connected(t: Test, lastSeq = 0) {
  const server = await FakeServer.start();
  const client = new ChatClient({ username: 'me', password: '123456', url: server.url });
  t.teardown(async () => {
    client.close();
    await server.close();
  });
  const ready = client.connect();
  const visitor = await server.visitor();
  await visitor.login({ lastSeq });
  await ready;
  return { server, client, visitor };
}

/** Plays a server whose group 1 has so many messages. */
async function answerHistory(visitor: Visitor, last: () => number, count: number): Promise<Frame[]> {
  const asked: Frame[] = [];
  for (let page = 0; page < count; page++) {
    const request = await visitor.next();
    asked.push(request);
    const from = Number(request.afterSeq) + 1;
    const to = Math.min(from + 199, last());
    const messages = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => groupMessage(from + index));
    visitor.send(ack(request, { messages, more: to < last() }));
  }
  return asked;
}

async function read(messages: AsyncIterable<ReceivedMessage>, until: number): Promise<number[]> {
  const seqs: number[] = [];
  for await (const { seq } of messages) {
    seqs.push(seq);
    if (seq === until) break;
  }
  return seqs;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

t.test('iterates over history and then over what comes', async (t) => {
  const { client, visitor } = await connected(t, 250);
  const seqs = read(client.messages(place, { from: 1 }), 252);
  const asked = await answerHistory(visitor, () => 250, 2);
  t.match(asked, [
    { type: 'history', groupId: 1, afterSeq: 0 },
    { type: 'history', groupId: 1, afterSeq: 200 },
  ]);
  visitor.send(groupMessage(251));
  visitor.send(groupMessage(252));
  t.strictSame(await seqs, numbers(1, 252));
});

t.test('what comes while a page is read is told once and after it', async (t) => {
  const { client, visitor } = await connected(t, 3);
  const seqs = read(client.messages(place, { from: 2 }), 6);
  const request = await visitor.next();
  t.match(request, { afterSeq: 1 });
  visitor.send(groupMessage(4));
  visitor.send(groupMessage(5));
  visitor.send(ack(request, { messages: [2, 3, 4].map((seq) => groupMessage(seq)), more: false }));
  visitor.send(groupMessage(6));
  t.strictSame(await seqs, [2, 3, 4, 5, 6]);
});

t.test('what history told before it was delivered is told once', async (t) => {
  const { client, visitor } = await connected(t, 3);
  const messages = client.messages(place, { from: 1 });
  const first = messages.next();
  visitor.send(ack(await visitor.next(), { messages: numbers(1, 5).map((seq) => groupMessage(seq)), more: false }));
  t.match(await first, { value: { seq: 1 } });
  for (const seq of [4, 5, 6, 7]) visitor.send(groupMessage(seq));
  t.strictSame(await read(messages, 7), numbers(2, 7));
});

t.test('without `from` it begins with what comes, listening from the call on', async (t) => {
  const { client, visitor } = await connected(t, 3);
  const messages = client.messages(place);
  visitor.send(groupMessage(4));
  await client.once('groupMessage');
  const first = messages.next();
  const second = messages.next();
  visitor.send(groupMessage(5));
  t.match(await Promise.all([first, second]), [{ value: { seq: 4 } }, { value: { seq: 5 } }]);
  t.equal(visitor.unread, 0, 'no history was asked for');
});

t.test('a slow reader reads from history what does not fit', async (t) => {
  const { client, visitor } = await connected(t);
  const messages = client.messages(place);
  const last = new Promise((resolve) => client.on('groupMessage', ({ seq }) => seq === 900 && resolve(seq)));
  for (const seq of numbers(1, 900)) visitor.send(groupMessage(seq));
  await last;
  const seqs = read(messages, 901);
  const asked = await answerHistory(visitor, () => 900, 2);
  t.strictSame(
    asked.map(({ afterSeq }) => afterSeq),
    [500, 700],
  );
  visitor.send(groupMessage(901));
  t.strictSame(await seqs, numbers(1, 901));
});

t.test('an iteration ends by signal, by close, and by what history refuses', async (t) => {
  const { client, visitor } = await connected(t);
  const controller = new AbortController();
  const aborted = client.messages(place, { signal: controller.signal }).next();
  controller.abort(new Error('enough'));
  await t.rejects(aborted, { message: 'enough' });
  await t.rejects(client.messages(place, { signal: controller.signal }).next(), { message: 'enough' });

  const refused = client.messages({ groupId: 9 }, { from: 1 }).next();
  const request = await visitor.next();
  visitor.send({ type: 'error', ref: request.ref, code: 'NOT_A_MEMBER', message: '', retryable: false });
  await t.rejects(refused, { code: 'NOT_A_MEMBER' });

  const open = client.messages(place).next();
  client.close();
  t.strictSame(await open, { done: true, value: undefined });
  t.strictSame(await client.messages(place).next(), { done: true, value: undefined });
});

t.test('an iteration waits for the connection and goes on', async (t) => {
  const { server, client, visitor } = await connected(t, 2);
  const seqs = read(client.messages(place, { from: 1 }), 3);
  await visitor.next();
  visitor.cut();
  const again = await server.visitor();
  await again.login({ lastSeq: 3 });
  const requests = [await again.next(), await again.next()];
  for (const request of requests) {
    const messages = numbers(Number(request.afterSeq) + 1, 3).map((seq) => groupMessage(seq));
    again.send(ack(request, { messages, more: false }));
  }
  t.strictSame(await seqs, [1, 2, 3]);
});

t.test('shows how a message stands: sending, failed, sending again, sent', async (t) => {
  const { client, visitor } = await connected(t);
  const told: string[] = [];
  client.on('outgoing', ({ clientId, state, error }: Outgoing) =>
    told.push(`${clientId} ${state} ${error?.code ?? ''}`),
  );
  t.match(client.post(place, 'a', 'id1'), { state: 'sending', content: 'a', place });
  client.post(place, 'b', 'id2');
  const refuse = async () => {
    const { ref } = await visitor.next();
    visitor.send({ type: 'error', ref, code: 'MEMBER_MUTED', message: 'no', retryable: false });
  };
  await refuse();
  const next = await visitor.next();
  t.match(client.outgoing(place), [
    { clientId: 'id1', state: 'failed', error: { code: 'MEMBER_MUTED' } },
    { clientId: 'id2', state: 'sending' },
  ]);
  t.strictSame(client.outgoing({ with: 9 }), []);
  t.equal(client.discard('id2'), false, 'it is on the wire');
  t.equal(client.retry('id1'), true);
  t.equal(client.retry('id1'), false);
  visitor.send(ack(next, stored(1)));
  await refuse();
  await eventually(() => client.outgoing()[0]?.state === 'failed', 5_000, 'refused again');
  t.equal(client.discard('id1'), true);
  t.equal(client.discard('id1'), false);
  t.strictSame(client.outgoing(), []);
  t.strictSame(told, [
    'id1 sending ',
    'id2 sending ',
    'id1 failed MEMBER_MUTED',
    'id1 sending ',
    'id2 sent ',
    'id1 failed MEMBER_MUTED',
    'id1 discarded MEMBER_MUTED',
  ]);
});

t.test('a signal ends the wait; what never left is discarded, what left goes its way', async (t) => {
  const { client, visitor } = await connected(t);
  const controllers = [new AbortController(), new AbortController()] as const;
  const left = client.send(place, '0', { signal: controllers[0].signal });
  const waits = client.send(place, '1', { signal: controllers[1].signal });
  const frame = await visitor.next();
  for (const controller of controllers) controller.abort(new Error('enough'));
  await t.rejects(left, { message: 'enough' });
  await t.rejects(waits, { message: 'enough' });
  t.match(client.outgoing(), [{ content: '0' }]);
  visitor.send(ack(frame, stored(1)));
  t.match(await client.once('groupMessage'), { content: '0', sentHere: true });
  t.strictSame([client.outgoing(), visitor.unread], [[], 0]);
});

t.test('of the failed a hundred are kept', async (t) => {
  const { client, visitor } = await connected(t);
  for (const number of numbers(1, 102)) client.post(place, `${number}`, `id${number}`);
  for (const _ of numbers(1, 102)) {
    const { ref } = await visitor.next();
    visitor.send({ type: 'error', ref, code: 'GROUP_MUTED', message: '', retryable: false });
  }
  await eventually(() => client.outgoing().every(({ state }) => state === 'failed'), 10_000, 'refused');
  t.strictSame(
    client.outgoing().map(({ content }) => Number(content)),
    numbers(3, 102),
  );
});

t.test('what would end the connection does not reach it', async (t) => {
  const { client, visitor } = await connected(t);
  t.throws(() => client.post(place, 'x'.repeat(4_097)), { code: 'BAD_REQUEST' });
  await t.rejects(client.sendToGroup('茶'.repeat(4_097)), { code: 'BAD_REQUEST' });
  await t.rejects(client.createGroup({ groupName: '茶'.repeat(30_000) }), { code: 'BAD_REQUEST' });
  client.post(place, '🍵'.repeat(4_096));
  t.match(await visitor.next(), { content: '🍵'.repeat(4_096) });
});

t.test('every request is a method, with the words of the protocol', async (t) => {
  const { client, visitor } = await connected(t);
  const muted = client.muteMember({ groupId: 2, userId: 3, seconds: 60 });
  const frame = await visitor.next();
  t.match(frame, { type: 'muteMember', groupId: 2, userId: 3, seconds: 60 });
  visitor.send(ack(frame, {}));
  t.strictSame(await muted, {});
  const page = client.history({ with: 9, limit: 1 });
  const asked = await visitor.next();
  t.match(asked, { type: 'history', with: 9, limit: 1 });
  const { type: _, groupId: __, ...message } = groupMessage(1);
  visitor.send(ack(asked, { messages: [{ ...message, to: 7 }], more: true }));
  t.match(await page, { messages: [{ type: 'privateMessage', to: 7 }], more: true });
  await t.rejects(client.listGroups({}, { timeoutMs: 30 }), { code: 'TIMEOUT' });
  await t.rejects(client.listGroups({}, { signal: AbortSignal.abort(new Error('no')) }), { message: 'no' });
});

t.test('tells how much is being caught up with', async (t) => {
  const { server, client, visitor } = await connected(t, 3);
  const told: number[] = [];
  client.on('behind', (missing) => told.push(missing));
  visitor.cut();
  const again = await server.visitor();
  const ready = client.once('ready');
  await again.login({ lastSeq: 253 });
  await ready;
  t.equal(client.behind, 250);
  await answerHistory(again, () => 253, 2);
  await eventually(() => client.behind === 0, 5_000, 'caught up');
  t.strictSame([told[0], told.at(-1)], [250, 0]);
  t.ok(told.includes(50), 'after the first page');
});

t.test('a client that is closed leaves no timer, however long it was asked to wait', async (t) => {
  const { setTimeout: begin, clearTimeout: end } = globalThis;
  t.teardown(() => Object.assign(globalThis, { setTimeout: begin, clearTimeout: end }));
  const waiting = new Set<unknown>();
  globalThis.setTimeout = ((work: () => void, ms: number) => {
    const timer = begin(work, ms);
    if (ms === 60_000) waiting.add(timer);
    return timer;
  }) as typeof setTimeout;
  globalThis.clearTimeout = (timer) => {
    waiting.delete(timer);
    end(timer);
  };

  const { client, visitor } = await connected(t, 3);
  const open = client.messages({ groupId: 9 }, { from: 1 }).next();
  visitor.send({ type: 'catchUp', groupId: 1, seq: 4 });
  for (const { ref } of [await visitor.next(), await visitor.next()])
    visitor.send({ type: 'error', ref, code: 'UNAVAILABLE', message: '', retryable: true, retryAfterMs: 60_000 });
  await eventually(() => waiting.size === 2, 5_000, 'both wait');
  client.close();
  t.match(await open, { done: true });
  t.equal(waiting.size, 0);
});
