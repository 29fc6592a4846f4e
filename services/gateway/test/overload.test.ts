import { once } from 'node:events';
import { BusFailure } from '@teahouse/bus';
import { groupCalls, limits, TeahouseError } from '@teahouse/contracts';
import { eventually, type Frame, RequestError, TestClient } from '@teahouse/test';
import { Registry } from 'prom-client';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { InFlight } from '../dist/admission.js';
import { Backlog } from '../dist/backlog.js';
import { CrowdReader } from '../dist/crowd-reader.js';
import { Outbox } from '../dist/outbox.js';
import { type TestGateway, testGateway, userOf } from './fakes.js';

const patience = 30_000;
const unlimited = { RATE_MESSAGES_PER_SECOND: 0 };
const kib = 1024;

const login = async (gateway: TestGateway, id: number) =>
  (await TestClient.login(gateway.ws, { token: gateway.services.token(userOf(`player${id}`)) })).client;

/** A reader that reads nothing, as the server and as the client sees it. */
async function slowReader(t: Test, server: WebSocketServer, backlog: Backlog) {
  const accepted = once(server, 'connection');
  const { port } = server.address() as { port: number };
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  const [[socket]] = (await Promise.all([accepted, once(client, 'open')])) as unknown as [[WebSocket], unknown];
  client.on('error', () => {}); // It is cut off in the middle of something.
  client.pause();
  let gaveUp = false;
  const outbox = new Outbox(
    socket,
    {
      close() {
        gaveUp = true;
        socket.close(4508);
      },
    },
    backlog,
  );
  t.teardown(() => {
    client.terminate();
    socket.terminate();
  });
  const push = (bytes: number) => {
    outbox.push(Buffer.alloc(bytes));
    outbox.flush();
  };
  // What the kernels on both sides take does not wait here.
  while (outbox.behind === 0) push(64 * kib);
  return { socket, outbox, push, gaveUp: () => gaveUp };
}

t.test(
  'where too much waits for all readers those with the most are closed first, and cut off in the end',
  async (t) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    await once(server, 'listening');
    t.teardown(() => void server.close());
    const bound = 1024 * kib;
    const backlog = new Backlog(bound);
    const [small, middle, large] = [
      await slowReader(t, server, backlog),
      await slowReader(t, server, backlog),
      await slowReader(t, server, backlog),
    ];
    const fill = (reader: typeof small, bytes: number) => reader.push(bytes - reader.outbox.behind);
    fill(small, 200 * kib);
    fill(middle, 300 * kib);
    fill(large, 450 * kib);
    t.same([small.gaveUp(), middle.gaveUp(), large.gaveUp()], [false, false, false], 'all of it is within the bound');
    t.equal(backlog.bytes, 950 * kib);
    small.push(100 * kib);
    t.same(
      [small.gaveUp(), middle.gaveUp(), large.gaveUp()],
      [false, false, true],
      'the largest goes, though another grew',
    );
    t.equal(backlog.bytes, 600 * kib);
    t.equal(backlog.relieved, 1);
    large.push(kib);
    t.equal(backlog.bytes, 600 * kib, 'nothing more is written to it');

    middle.push(500 * kib);
    t.same([small.gaveUp(), middle.gaveUp()], [false, true]);
    t.equal(large.outbox.behind, 0, 'too much waited for the closed ones: what it did not read is freed');
    t.equal(backlog.bytes, 300 * kib, 'the smallest stays');
    small.socket.terminate();
    backlog.check();
    t.equal(backlog.bytes, 0);
  },
);

t.test('a crowd that logs in at once comes in whole, a few at a time, and who is in is still answered', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const { services } = gateway;
  const crowd = 300;
  let now = 0;
  let most = 0;
  services.answer(groupCalls.sessions, async ({ userIds }) => {
    const asked = userIds as number[];
    now += asked.length;
    most = Math.max(most, now);
    await new Promise((resolve) => setTimeout(resolve, 20));
    now -= asked.length;
    return { sessions: asked.map((userId) => ({ userId, groups: [] })) };
  });
  const inside = await login(gateway, 1000);
  const sockets: TestClient[] = [];
  while (sockets.length < crowd)
    sockets.push(...(await Promise.all(Array.from({ length: 20 }, () => TestClient.connect(gateway.ws)))));
  const readies = sockets.map((client, index) =>
    client.request({ type: 'init', token: services.token(userOf(`player${index + 1}`)) }, patience),
  );
  let beats = 0;
  const all = Promise.all(readies);
  let done = false;
  void all.finally(() => {
    done = true;
  });
  while (!done) {
    t.equal((await inside.request({ type: 'heartbeat' }, patience)).type, 'heartbeat');
    beats += 1;
  }
  t.ok(beats > 3, `${beats} heartbeats were answered meanwhile`);
  t.notOk(
    (await all).some(({ unavailable }) => unavailable !== undefined),
    'nobody went without groups',
  );
  t.ok(most <= 2 * limits.logins && most > 20, `${most} at once`);
  const questions = services.of(groupCalls.sessions).length;
  t.ok(questions < crowd / 4, `${questions} questions for ${crowd} lists`);
  t.equal(gateway.gateway.ready().ok, true);
  for (const client of sockets) client.terminate();
});

t.test('a group-chat that hangs is soon not waited for any more, and the lists follow when it is back', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const { services } = gateway;
  let hangs = true;
  services.answer(groupCalls.sessions, ({ userIds }) =>
    hangs ? new Promise(() => {}) : { sessions: (userIds as number[]).map((userId) => ({ userId, groups: [] })) },
  );
  const crowd = 400;
  const clients: TestClient[] = [];
  while (clients.length < crowd)
    clients.push(...(await Promise.all(Array.from({ length: 20 }, () => TestClient.connect(gateway.ws)))));
  const readies = await Promise.all(
    clients.map((client, index) =>
      client.request({ type: 'init', token: services.token(userOf(`player${index + 1}`)) }, patience),
    ),
  );
  t.ok(
    readies.every(({ unavailable }) => (unavailable as string[]).join() === 'groups'),
    'all came in, and only the groups are missing',
  );
  const large = services.of(groupCalls.sessions).filter(({ userIds }) => (userIds as number[]).length > 1).length;
  t.ok(large <= 5, `many waited for ${large} questions only`);
  hangs = false;
  await Promise.all(clients.map((client) => client.waitFor(({ type }) => type === 'groups', patience)));
  const late = await login(gateway, 1000);
  t.match(late.frames[0], { type: 'ready', unavailable: undefined }, 'afterwards all is as before');
  for (const client of clients) client.terminate();
});

t.test(
  'what many ask in one turn is one question, what is left out is asked again, and hanging is noticed',
  async (t) => {
    const asked: number[][] = [];
    const fits = 3;
    const some = new CrowdReader(async (keys: number[]) => {
      asked.push(keys);
      return keys.map((key, index) => (index === fits - 1 ? undefined : `answer ${key}`)).slice(0, fits + 1);
    }, 5);
    const keys = [1, 2, 3, 4, 5, 6];
    t.same(
      await Promise.all(keys.map((key) => some.of(key))),
      keys.map((key) => `answer ${key}`),
      'each gets its own',
    );
    t.same(asked, [[1, 2, 3, 4, 5], [6], [3, 5]]);
    await t.rejects(new CrowdReader(async () => [], 5).of(1), /left out all/);

    let hangs = true;
    let questions = 0;
    const hanging = new CrowdReader<number, number>(async (keys) => {
      questions += 1;
      if (hangs) throw new TeahouseError('UNAVAILABLE', undefined, { cause: new BusFailure('timeout', 'lists') });
      return keys;
    }, 5);
    // A question that fails is repeated for who still has time; three of them are enough.
    await t.rejects(hanging.of(1), { code: 'UNAVAILABLE' });
    t.equal(questions, 3);
    await t.rejects(hanging.of(2), { code: 'UNAVAILABLE' });
    t.equal(questions, 3, 'nobody is asked for a while');
    hangs = false;
    await eventually(
      () =>
        hanging.of(3).then(
          (answer) => answer === 3,
          () => false,
        ),
      patience,
      'it is never asked again',
    );
    t.equal(questions, 4);
  },
);

t.test('a group-chat that answers late costs its sends only, and afterwards all is as before', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const { services } = gateway;
  const append = services.answerOf(groupCalls.append);
  const senders = await Promise.all(Array.from({ length: 4 }, (_, index) => login(gateway, index + 1)));
  const held: (() => void)[] = [];
  services.answer(groupCalls.append, (request) => new Promise((resolve) => held.push(() => resolve(append(request)))));
  const refusal = (client: TestClient, frame: { type: string; [field: string]: unknown }) =>
    client.request(frame, patience).then(
      () => undefined,
      (error: unknown) => (error instanceof RequestError ? error.frame : undefined),
    );
  const started = performance.now();
  const late = senders.flatMap((client) =>
    Array.from({ length: 50 }, (_, index) => refusal(client, { type: 'groupMessage', content: `${index}` })),
  );
  await eventually(() => held.length > 0, patience, 'nothing was asked');
  const other = await login(gateway, 77);
  t.equal((await other.request({ type: 'heartbeat' })).type, 'heartbeat');
  t.equal((await other.request({ type: 'privateMessage', to: 3, content: 'apart' })).type, 'ack');
  const told = (await Promise.all(late)) as Frame[];
  t.ok(told.every((frame) => frame?.code === 'UNAVAILABLE' && frame.retryable && frame.retryAfterMs === 1000));
  t.ok(performance.now() - started < 10_000, 'they were told in time');
  services.answer(groupCalls.append, append);
  for (const release of held) release();
  const acks = await Promise.all(
    senders.map((client) => client.request({ type: 'groupMessage', content: 'again' }, patience)),
  );
  t.ok(acks.every(({ type }) => type === 'ack'));
});

t.test('frames being worked on are counted for all connections together, whatever becomes of them', async (t) => {
  const few = new InFlight(100);
  few.begin(60);
  few.begin(40);
  t.throws(() => few.begin(1), { code: 'UNAVAILABLE', retryAfterMs: 1000 });
  few.end(40);
  few.begin(39);
  t.equal(few.bytes, 99);

  const metrics = new Registry();
  const gateway = await testGateway(t, unlimited, { metrics });
  const { services } = gateway;
  const inFlight = async () =>
    Number(/^teahouse_gateway_in_flight_bytes (\d+)$/m.exec(await metrics.metrics())?.[1] ?? Number.NaN);
  const [stays, goes] = [await login(gateway, 1), await login(gateway, 2)];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  services.answer(groupCalls.listGroups, () => held.then(() => groupCalls.listGroups.replyExample));
  services.answer(groupCalls.history, () => {
    throw new TeahouseError('NOT_A_MEMBER');
  });
  const filler = 'x'.repeat(1000);
  const asked = Array.from({ length: 20 }, () => stays.request({ type: 'listGroups', filler }, patience));
  for (let index = 0; index < 20; index++) goes.send({ type: 'listGroups', filler });
  await eventually(async () => (await inFlight()) > 40 * 1000, patience, 'not all are counted');
  t.match(await stays.request({ type: 'history', with: 7, filler }, patience), { type: 'ack' });
  await t.rejects(stays.request({ type: 'history', groupId: 7, filler }, patience), { code: 'NOT_A_MEMBER' });
  goes.terminate();
  release();
  await Promise.allSettled(asked);
  await eventually(async () => (await inFlight()) === 0, patience, 'some are counted still');
});
