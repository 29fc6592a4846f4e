import { setTimeout as delay } from 'node:timers/promises';
import { groupCalls, limits, privateCalls, TeahouseError } from '@teahouse/contracts';
import { eventually, type Frame, type RequestError, TestClient } from '@teahouse/test';
import t from 'tap';
import { Inbox, type Task } from '../dist/inbox.js';
import { type TestGateway, testGateway } from './fakes.js';

const unlimited = { RATE_MESSAGES_PER_SECOND: 0 };

const login = async (gateway: TestGateway) =>
  (await TestClient.login(gateway.ws, { username: 'player9', password: '123456' })).client;

/** A door that answers wait at. */
function door(): { opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

const refsOf = (client: TestClient): unknown[] => client.frames.flatMap(({ ref }) => (ref === undefined ? [] : [ref]));
const has = (ref: string) => (frame: Frame) => frame.ref === ref;

t.test('a frame waits for the earlier ones of its conversation, and the later ones wait for it', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const { services } = gateway;
  const client = await login(gateway);
  const held = door();
  const order: string[] = [];
  const appended = { id: '01890a5d-ac96-774b-bcce-b302099a8057', seq: 1, createTime: '2026-11-22T08:00:00.000Z' };
  services.answer(groupCalls.append, async ({ items }) => {
    order.push('append');
    if (order.length === 1) await held.opened;
    return { results: (items as object[]).map(() => appended) };
  });
  services.answer(groupCalls.history, () => {
    order.push('history');
    return groupCalls.history.replyExample;
  });
  client.send({ type: 'groupMessage', ref: 'send', groupId: 1, content: 'a' });
  client.send({ type: 'history', ref: 'page', groupId: 1 });
  client.send({ type: 'groupMessage', ref: 'after', groupId: 1, content: 'b' });
  client.send({ type: 'history', ref: 'elsewhere', with: 3 });
  client.send({ type: 'listGroups', ref: 'nowhere' });
  await client.waitFor(has('elsewhere'));
  await client.waitFor(has('nowhere'));
  t.same(order, ['append'], 'other conversations overtake, the own one waits');
  held.open();
  await client.waitFor(has('after'));
  t.same(order, ['append', 'history', 'append']);
  t.same(refsOf(client).slice(-3), ['send', 'page', 'after']);
});

t.test('sends of one conversation do not wait for each other', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const client = await login(gateway);
  const sends = Array.from({ length: 100 }, (_, index) =>
    client.request({ type: 'privateMessage', to: 3, content: `${index}` }),
  );
  const acks = await Promise.all(sends);
  t.same(
    acks.map(({ seq }) => seq),
    acks.map((_, index) => index + 1),
    'in the order sent',
  );
  const batches = gateway.services.of(privateCalls.append);
  t.ok(batches.length < 20, `${batches.length} requests for 100 sends`);
  t.same(
    batches.flatMap(({ items }) => items as { content: string }[]).map(({ content }) => content),
    acks.map((_, index) => `${index}`),
  );
});

t.test('a send that waited for another frame is answered no later than the rest', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const { services } = gateway;
  const client = await login(gateway);
  const held = door();
  services.answer(groupCalls.history, async () => {
    await held.opened;
    return groupCalls.history.replyExample;
  });
  services.answer(groupCalls.append, () => new Promise(() => {}));
  const since = performance.now();
  client.send({ type: 'history', ref: 'page', groupId: 1 });
  client.send({ type: 'groupMessage', ref: 'send', groupId: 1, content: 'a' });
  await delay(1000);
  held.open();
  t.match(await client.waitFor(has('send')), { type: 'error', code: 'UNAVAILABLE' });
  const tookMs = performance.now() - since;
  t.ok(tookMs < 2400, `after ${tookMs} ms`);
  t.equal(services.of(groupCalls.append).length, 1, 'it was begun');
});

t.test('typing holds up nothing', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const { services } = gateway;
  const client = await login(gateway);
  const held = door();
  services.answer(groupCalls.typing, async () => {
    await held.opened;
    return {};
  });
  client.send({ type: 'typing', groupId: 1 });
  t.equal((await client.request({ type: 'history', groupId: 1 })).type, 'ack');
  t.equal(services.of(groupCalls.typing).length, 1, 'and nobody waited for it');
  held.open();
});

t.test('a refusal stops nothing and holds up nobody', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const client = await login(gateway);
  gateway.services.answer(groupCalls.markRead, () => {
    throw new TeahouseError('NOT_A_MEMBER', 'Not you.');
  });
  client.send({ type: 'markRead', ref: 'a', groupId: 1, seq: 1 });
  client.send({ type: 'groupMessage', ref: 'b', groupId: 1, content: '' });
  client.send({ type: 'groupMessage', ref: 'c', groupId: 1, content: 'c' });
  t.match(await client.waitFor(has('a')), {
    type: 'error',
    code: 'NOT_A_MEMBER',
    message: 'Not you.',
    retryable: false,
  });
  t.match(await client.waitFor(has('b')), { type: 'error', code: 'BAD_REQUEST' });
  t.match(await client.waitFor(has('c')), { type: 'ack' });
});

t.test('what a service breaks with is not told', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const client = await login(gateway);
  gateway.services.answer(groupCalls.groupInfo, () => {
    throw new Error('SELECT * FROM group_chat');
  });
  const error = await client.request({ type: 'groupInfo', groupId: 1 }).catch((error: RequestError) => error);
  t.match(error, { frame: { code: 'INTERNAL', message: 'Something went wrong on our side.' } });
});

t.test(
  'a service that is down is unavailable at once, one that hangs within 2 s, for all that wait in line',
  async (t) => {
    const gateway = await testGateway(t, unlimited);
    const { services } = gateway;
    const client = await login(gateway);
    services.stop('private');
    const began = performance.now();
    for (const frame of [
      { type: 'history', with: 3 },
      { type: 'privateMessage', to: 3, content: 'a' },
      { type: 'listConversations' },
    ]) {
      const error = await client.request(frame).catch((error: RequestError) => error);
      t.match(error, { frame: { code: 'UNAVAILABLE', retryable: true } });
    }
    t.ok(performance.now() - began < 1_800, 'for all three less than the time of one call');
    t.equal((await client.request({ type: 'groupMessage', content: 'a' })).type, 'ack', 'groups go on');
    services.start('private');
    t.equal((await client.request({ type: 'history', with: 3 })).type, 'ack', 'back without a new login');
    const held = door();
    services.answer(privateCalls.history, () => held.opened.then(() => privateCalls.history.replyExample));
    const before = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        client.request({ type: 'history', with: 3 }).catch((error: RequestError) => error),
      ),
    );
    for (const answer of answers) t.match(answer, { frame: { code: 'UNAVAILABLE' } });
    t.ok(performance.now() - before < 2000, `${performance.now() - before} ms`);
    held.open();
  },
);

t.test('with 256 frames in flight reading pauses, and nothing is lost', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const { services } = gateway;
  const client = await login(gateway);
  const held = door();
  services.answer(groupCalls.listGroups, () => held.opened.then(() => groupCalls.listGroups.replyExample));
  const frames = Array.from({ length: 1000 }, () => client.request({ type: 'listGroups' }, 30_000));
  await eventually(() => services.of(groupCalls.listGroups).length >= limits.inFlight, 2000, 'the calls');
  const other = await login(gateway);
  t.equal((await other.request({ type: 'heartbeat' })).type, 'heartbeat', 'others go on');
  t.equal(services.of(groupCalls.listGroups).length, limits.inFlight);
  held.open();
  t.equal((await Promise.all(frames)).length, 1000);
  t.equal(services.of(groupCalls.listGroups).length, 1000);
  t.equal((await client.request({ type: 'heartbeat' })).type, 'heartbeat');
});

t.test('a connection that is cut while frames are in flight takes nothing with it', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const { services } = gateway;
  const client = await login(gateway);
  const held = door();
  services.answer(groupCalls.listGroups, () => held.opened.then(() => groupCalls.listGroups.replyExample));
  for (let index = 0; index < 600; index++) client.send({ type: 'listGroups' });
  await eventually(() => services.of(groupCalls.listGroups).length > 0, 2000, 'the calls');
  client.terminate();
  await client.closed;
  held.open();
  const other = await login(gateway);
  t.same((await other.request({ type: 'presence', userIds: [9, 3] })).online, [9]);
  await other.close();
  const third = (await TestClient.login(gateway.ws, { username: 'player3', password: '123456' })).client;
  await eventually(
    async () => ((await third.request({ type: 'presence', userIds: [9, 3] })).online as number[]).length === 1,
    8000,
    'offline',
  );
});

t.test('members who are connected are shown online', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const client = await login(gateway);
  const member = { userId: 9, username: 'player9', nickname: 'player9', rights: 'member' };
  gateway.services.answer(groupCalls.listMembers, () => ({
    members: [member, { ...member, userId: 10 }],
    more: false,
  }));
  t.match(await client.request({ type: 'listMembers', groupId: 1 }), {
    members: [
      { userId: 9, online: true },
      { userId: 10, online: false },
    ],
  });
});

t.test('acks leave in order even where answers come out of it, refusals do not hold them up', async (t) => {
  const begun: Task[] = [];
  const acked: Task[] = [];
  const inbox = new Inbox({ begin: (task) => void begun.push(task), acknowledge: (task) => void acked.push(task) });
  const task = (conversation: number | undefined, pipelined: boolean): Task =>
    ({
      verb: { pipelined },
      fields: {},
      ref: undefined,
      bytes: 0,
      conversation,
      deadline: 0,
      done: false,
      reply: undefined,
    }) as unknown as Task;
  const [a, b, c, d, e] = [task(1, true), task(1, true), task(1, false), task(1, true), task(2, false)];
  for (const next of [a, b, c, d, e]) inbox.add(next as Task);
  t.same(begun, [a, b, e]);
  inbox.settled(b as Task, {});
  t.same(acked, [], 'b waits for a');
  inbox.settled(a as Task, undefined);
  t.same(acked, [a, b]);
  t.same(begun, [a, b, e, c], 'd waits for c');
  inbox.settled(c as Task, {});
  t.same(begun.at(-1), d);
  inbox.settled(d as Task, {});
  inbox.settled(e as Task, {});
  t.same(acked, [a, b, c, d, e]);
  t.equal(inbox.inFlight, 0);
});
