import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  authCalls,
  clientFrames,
  closeCatalogue,
  groupCalls,
  privateCalls,
  serverFrames,
  subjects,
  TeahouseError,
} from '@teahouse/contracts';
import { eventually, type Frame, RequestError, TestClient } from '@teahouse/test';
import t from 'tap';
import { Compile } from 'typebox/compile';
import { WebSocket } from 'ws';
import { type TestGateway, testGateway, userOf } from './fakes.js';

const player = userOf('player2');
const readyShape = Compile(serverFrames.ready.schema);
const errorShape = Compile(serverFrames.error.schema);

const login = async (gateway: TestGateway, username = 'player2') =>
  (await TestClient.login(gateway.ws, { username, password: '123456' })).client;

const errorOf = (frame: Frame | undefined): unknown => (frame?.type === 'error' ? frame.code : undefined);

/** The code of the error that answers this frame. */
async function refused(client: TestClient, frame: { type: string; [field: string]: unknown }): Promise<unknown> {
  try {
    await client.request(frame);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (!errorShape.Check(error.frame)) throw new Error('the error frame is out of shape');
    return error.code;
  }
}

t.test('init with a password is answered by ready, with what the services say', async (t) => {
  const gateway = await testGateway(t);
  const { client, ready } = await TestClient.login(gateway.ws, { username: 'player2', password: '123456' });
  t.ok(readyShape.Check(ready));
  t.match(ready, {
    type: 'ready',
    user: player,
    heartbeatIntervalMs: 2000,
    heartbeatTimeoutMs: 120_000,
    groups: clientFrames.listGroups.replyExample.groups,
    conversations: clientFrames.listConversations.replyExample.conversations,
  });
  t.match(ready.connectionId, /^[0-9a-z]{6}-[0-9a-z]+$/);
  t.same(gateway.services.of(authCalls.login), [{ username: 'player2', password: '123456', address: '127.0.0.1' }]);
  t.same(gateway.services.of(groupCalls.sessions), [{ userIds: [2] }]);
  await client.close();
});

t.test('init with a token asks auth nothing, and works with auth down', async (t) => {
  const gateway = await testGateway(t);
  gateway.services.stop('auth');
  await gateway.services.publishProfile({ ...player, nickname: '小茶' });
  const named = await TestClient.login(gateway.ws, { token: gateway.services.token(player) });
  t.same(named.ready.user, { ...player, nickname: '小茶' });
  const unnamed = await TestClient.login(gateway.ws, { token: gateway.services.token(userOf('player3')) });
  t.same(unnamed.ready.user, userOf('player3'), 'without a profile the token speaks');
});

t.test('a service that is down is named in ready, and its list follows', async (t) => {
  const gateway = await testGateway(t);
  gateway.services.stop('group');
  const { client, ready } = await TestClient.login(gateway.ws, { username: 'player2', password: '123456' });
  t.same(ready.groups, []);
  t.same(ready.unavailable, ['groups']);
  t.equal((ready.conversations as unknown[]).length, 1);
  gateway.services.start('group');
  const late = await client.waitFor((frame) => frame.type === 'groups');
  t.same(late.groups, clientFrames.listGroups.replyExample.groups);
});

t.test('a login that fails says why and closes', async (t) => {
  const gateway = await testGateway(t);
  const { services } = gateway;
  const stranger = { key: (await testGateway(t)).services.key };
  const cases = [
    { name: 'wrong password', code: 'BAD_CREDENTIALS', close: 4401, says: 'BAD_CREDENTIALS' },
    { name: 'too many logins', code: 'RATE_LIMITED', close: 4429, says: 'RATE_LIMITED' },
    { name: 'auth overloaded', code: 'UNAVAILABLE', close: 1013, says: 'UNAVAILABLE' },
  ] as const;
  for (const { name, code, close, says } of cases) {
    services.answer(authCalls.login, () => {
      throw new TeahouseError(code);
    });
    const client = await TestClient.connect(gateway.ws);
    t.equal(await refused(client, { type: 'init', username: 'player2', password: '123456' }), says, name);
    t.equal((await client.closed).code, close, name);
  }
  services.stop('auth');
  const nobody = await TestClient.connect(gateway.ws);
  t.equal(await refused(nobody, { type: 'init', username: 'player2', password: '123456' }), 'UNAVAILABLE');
  t.equal((await nobody.closed).code, 1013);
  const [header, , signature] = services.token(player).split('.');
  const noJson = [header, Buffer.from('no JSON').toString('base64url'), signature].join('.');
  const tokens = ['x', noJson, services.token(player, { expiresIn: -60 }), services.token(player, stranger)];
  for (const token of tokens) {
    const client = await TestClient.connect(gateway.ws);
    t.equal(await refused(client, { type: 'init', token }), 'UNAUTHENTICATED');
    t.equal((await client.closed).code, 4401);
  }
  t.equal(services.of(groupCalls.sessions).length, 0, 'none of them came in');
});

t.test('an init out of shape is a bad request and may be repeated', async (t) => {
  const gateway = await testGateway(t);
  const client = await TestClient.connect(gateway.ws);
  const token = gateway.services.token(player);
  for (const fields of [
    {},
    { token: '' },
    { token: 7 },
    { username: 'player2' },
    { password: '123456' },
    { token, username: 'player2', password: '123456' },
    { token, groupId: '1' },
  ]) {
    t.equal(await refused(client, { type: 'init', ...fields }), 'BAD_REQUEST', JSON.stringify(fields).slice(0, 50));
  }
  t.equal((await client.request({ type: 'init', token })).type, 'ready');
  t.equal(await refused(client, { type: 'init', token }), 'BAD_REQUEST', 'a second one');
  t.equal((await client.request({ type: 'heartbeat' })).type, 'heartbeat', 'the connection goes on');
});

t.test('any other frame before ready is refused and closes, also while init is at work', async (t) => {
  const gateway = await testGateway(t);
  for (const frame of [{ type: 'heartbeat' }, { type: 'groupMessage', content: 'a' }, { type: 'nonsense' }, {}]) {
    const client = await TestClient.connect(gateway.ws);
    client.sendRaw(JSON.stringify({ ...frame, ref: 'r' }));
    t.match(await client.waitFor((answer) => answer.ref === 'r'), { type: 'error', code: 'UNAUTHENTICATED' });
    t.equal((await client.closed).code, 4401);
  }
  const hasty = await TestClient.connect(gateway.ws);
  const init = { type: 'init', token: gateway.services.token(player) };
  hasty.send(init);
  hasty.send(init);
  t.equal((await hasty.closed).code, 4401);
  t.notOk(hasty.frames.some((frame) => frame.type === 'ready'));
  t.equal(gateway.services.of(groupCalls.append).length, 0);
});

t.test('a connection without init is closed after 10 s', async (t) => {
  const gateway = await testGateway(t);
  const client = await TestClient.connect(gateway.ws);
  const before = performance.now();
  t.equal((await client.closed).code, 4408);
  const took = performance.now() - before;
  t.ok(took > 9500 && took < 12_500, `${took} ms`);
});

t.test('silence for longer than the timeout closes, heartbeats keep alive', async (t) => {
  const gateway = await testGateway(t, { HEARTBEAT_TIMEOUT_MS: 1_500 });
  const [silent, beating] = [await login(gateway), await login(gateway, 'player3')];
  const beat = setInterval(() => beating.send({ type: 'heartbeat' }), 100);
  t.equal((await silent.closed).code, 4408);
  t.match(await beating.request({ type: 'heartbeat' }), { type: 'heartbeat', time: /Z$/ });
  clearInterval(beat);
  t.equal((await beating.closed).code, 4408);
});

t.test(
  'what is no JSON object closes with 4400, binary with 1003, too much with 1009, no UTF-8 with 1007',
  async (t) => {
    const gateway = await testGateway(t);
    for (const text of [
      '',
      '{',
      '[]',
      '[{}]',
      '7',
      'null',
      '"a"',
      'nonsense',
      '['.repeat(60_000),
      '{"a":'.repeat(10_000),
    ]) {
      const client = await login(gateway);
      client.sendRaw(text);
      t.equal((await client.closed).code, 4400, text.slice(0, 10));
      t.equal(errorOf(client.frames.at(-1)), 'BAD_REQUEST');
    }
    const binary = await login(gateway);
    binary.sendRaw(Buffer.from('{"type":"heartbeat"}'));
    t.equal((await binary.closed).code, 1003);
    const garbled = new WebSocket(gateway.ws);
    await once(garbled, 'open');
    garbled.send(Buffer.from([0xff, 0xfe]), { binary: false });
    t.equal((await once(garbled, 'close'))[0], closeCatalogue.notUtf8.code);
    const big = await login(gateway);
    big.sendRaw(JSON.stringify({ type: 'groupMessage', content: 'a'.repeat(65_536) }));
    t.equal((await big.closed).code, 1009);
    const limit = await login(gateway);
    const frame = { type: 'heartbeat', ref: 'r', filler: '' };
    limit.sendRaw(JSON.stringify({ ...frame, filler: 'a'.repeat(65_536 - JSON.stringify(frame).length) }));
    t.equal((await limit.waitFor((answer) => answer.ref === 'r')).type, 'heartbeat', '64 KiB are allowed');
    const early = await TestClient.connect(gateway.ws);
    early.sendRaw('nonsense');
    t.equal((await early.closed).code, 4400, 'before init, too');
  },
);

t.test('a frame out of shape is a bad request with its ref, and the connection goes on', async (t) => {
  const gateway = await testGateway(t);
  const client = await login(gateway);
  const bad: { type: string; [field: string]: unknown }[] = [
    { type: 'nonsense' },
    { type: 'constructor' },
    { type: '__proto__' },
    { type: 'ready' },
    { type: 'groupMessage' },
    { type: 'groupMessage', content: '' },
    { type: 'groupMessage', content: ' \n\u3000' },
    { type: 'groupMessage', content: 'a\u0000b' },
    { type: 'groupMessage', content: 'a\ud800' },
    { type: 'groupMessage', content: '茶'.repeat(4097) },
    { type: 'groupMessage', content: 'a', groupId: '1' },
    { type: 'groupMessage', content: 'a', groupId: 0 },
    { type: 'groupMessage', content: 'a', groupId: 1.5 },
    { type: 'groupMessage', content: 'a', groupId: 2 ** 53 },
    { type: 'groupMessage', content: 'a', clientId: 'a b' },
    { type: 'groupMessage', content: 'a', clientId: '' },
    { type: 'groupMessage', content: 'a', clientId: null },
    { type: 'privateMessage', content: 'a' },
    { type: 'privateMessage', content: 'a', to: '3' },
    { type: 'privateMessage', content: 'a', to: 2 },
    { type: 'history' },
    { type: 'history', groupId: 1, with: 3 },
    { type: 'history', groupId: 1, beforeSeq: 5, afterSeq: 1 },
    { type: 'history', groupId: 1, limit: 201 },
    { type: 'markRead', groupId: 1 },
    { type: 'markRead', seq: 1 },
    { type: 'recallMessage', with: 3, groupId: 1, seq: 1 },
    { type: 'search', groupId: 1 },
    { type: 'search', groupId: 1, text: 'x'.repeat(65) },
    { type: 'typing' },
    { type: 'findGroup' },
    { type: 'findGroup', groupNumber: 10000, text: 'a' },
    { type: 'joinGroup' },
    { type: 'joinGroup', groupId: 1, groupNumber: 10000 },
    { type: 'updateGroup', groupId: 2 },
    { type: 'muteMember', groupId: 2, userId: 3 },
    { type: 'setRights', groupId: 2, userId: 3, rights: 'owner' },
    { type: 'setGroupState', groupId: 2, state: 2 },
    { type: 'presence', userIds: Array.from({ length: 201 }, (_, index) => index + 1) },
    { type: 'presence', userIds: ['2'] },
  ];
  for (const frame of bad) t.equal(await refused(client, frame), 'BAD_REQUEST', JSON.stringify(frame).slice(0, 70));
  client.sendRaw(`{"type":"groupMessage","ref":"deep","content":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`);
  t.equal(errorOf(await client.waitFor((frame) => frame.ref === 'deep')), 'BAD_REQUEST');
  for (const ref of ['', 7, null, 'x'.repeat(65), 'a\u0000', {}]) {
    const seen = client.frames.length;
    client.sendRaw(JSON.stringify({ type: 'heartbeat', ref }));
    await eventually(() => client.frames.length > seen, 2000, 'an answer');
    const answer = client.frames.at(-1);
    t.equal(errorOf(answer), 'BAD_REQUEST', JSON.stringify(ref).slice(0, 20));
    t.notOk(Object.hasOwn(answer ?? {}, 'ref'));
  }
  t.equal((await client.request({ type: 'heartbeat' })).type, 'heartbeat');
  t.same(
    gateway.services.asked.filter(({ subject }) => !/session|login|confirm|heads/.test(subject)),
    [],
    'no service was asked',
  );
});

t.test('unknown fields are ignored, whatever they are called', async (t) => {
  const gateway = await testGateway(t);
  const client = await login(gateway);
  client.sendRaw(
    '{"type":"groupMessage","ref":"r","content":"a","__proto__":{"admin":true},"constructor":1,"connectionId":"x","from":1,"caller":{"userId":1}}',
  );
  t.match(await client.waitFor((frame) => frame.ref === 'r'), { type: 'ack', seq: 1 });
  const [request] = gateway.services.of(groupCalls.append);
  const [item] = (request?.items ?? []) as object[];
  t.same(Object.keys(item ?? {}).sort(), ['connectionId', 'content', 'from', 'groupId']);
  t.match(request, { items: [{ from: 2, groupId: 1, content: 'a' }] });
  t.equal(({} as { admin?: unknown }).admin, undefined);
});

t.test('a group message without a group goes to the one named in init, else to the official one', async (t) => {
  const gateway = await testGateway(t);
  const plain = await login(gateway);
  await plain.request({ type: 'groupMessage', content: 'a' });
  const token = gateway.services.token(player);
  const named = await TestClient.connect(gateway.ws);
  await named.request({ type: 'init', token, groupId: 7 });
  await named.request({ type: 'groupMessage', content: 'b', clientId: 'c1' });
  await named.request({ type: 'groupMessage', content: 'c', groupId: 8 });
  t.match(
    gateway.services.of(groupCalls.append).flatMap((request) => request.items),
    [
      { groupId: 1, content: 'a', from: 2 },
      { groupId: 7, content: 'b', clientId: 'c1' },
      { groupId: 8, content: 'c' },
    ],
  );
});

t.test('only pages of this server and of allowed origins may open a socket', async (t) => {
  const gateway = await testGateway(t, { ALLOWED_ORIGINS: 'https://chat.example.org,http://localhost:5173' });
  const { host } = new URL(gateway.url);
  for (const origin of [`http://${host}`, 'https://chat.example.org', 'http://localhost:5173']) {
    const client = await TestClient.connect(gateway.ws, { origin });
    await client.close();
  }
  for (const origin of [
    'https://evil.example',
    'null',
    'http://localhost',
    `http://${host}.evil.example`,
    'nonsense',
  ]) {
    await t.rejects(TestClient.connect(gateway.ws, { origin }), { message: /403/ }, origin);
  }
  await t.rejects(TestClient.connect(`${gateway.ws}/elsewhere`), { message: /404/ });
});

t.test('a user has no more than so many connections, and the gateway neither', async (t) => {
  const gateway = await testGateway(t, { MAX_CONNECTIONS_PER_USER: 2, MAX_CONNECTIONS: 4 });
  const [first] = [await login(gateway), await login(gateway)];
  const third = await TestClient.connect(gateway.ws);
  third.send({ type: 'init', username: 'player2', password: '123456' });
  t.equal((await third.closed).code, 4429);
  const other = await login(gateway, 'player3');
  const waiting = await TestClient.connect(gateway.ws);
  t.equal((await (await TestClient.connect(gateway.ws)).closed).code, 1013, 'the fifth');
  await waiting.close();
  await first?.close();
  await eventually(async () => (await TestClient.connect(gateway.ws)).close().then(() => true), 2000, 'room again');
  const again = await login(gateway);
  t.equal((await again.request({ type: 'heartbeat' })).type, 'heartbeat');
  await other.close();
});

t.test('when a login is ended its sockets close within 2 s, others of the user stay', async (t) => {
  const gateway = await testGateway(t);
  const sid = randomUUID();
  const token = gateway.services.token(player, { sid });
  const [ended, alsoEnded] = [
    (await TestClient.login(gateway.ws, { token })).client,
    (await TestClient.login(gateway.ws, { token })).client,
  ];
  const kept = await login(gateway);
  const before = performance.now();
  await gateway.services.revoke(player.id, sid);
  t.equal((await ended.closed).code, 4401);
  t.equal((await alsoEnded.closed).code, 4401);
  t.ok(performance.now() - before < 2000);
  t.equal((await kept.request({ type: 'heartbeat' })).type, 'heartbeat');
  const back = await TestClient.connect(gateway.ws);
  t.equal(await refused(back, { type: 'init', token }), 'UNAUTHENTICATED');
  t.equal((await back.closed).code, 4401);
});

t.test('over the rate a frame is refused with the time to wait, heartbeats are not', async (t) => {
  const gateway = await testGateway(t, { RATE_MESSAGES_PER_SECOND: 5, RATE_MESSAGES_BURST: 10 });
  const client = await login(gateway);
  const burst = Array.from({ length: 12 }, (_, index) =>
    client.request({ type: 'groupMessage', content: `${index}` }).catch((error: RequestError) => error),
  );
  const answers = await Promise.all(burst);
  const errors = answers.filter((answer): answer is RequestError => answer instanceof RequestError);
  t.equal(answers.length - errors.length, 9, 'ten with the init');
  t.equal(gateway.services.of(groupCalls.append).flatMap((request) => request.items).length, 9);
  for (const error of errors) t.match(error.frame, { code: 'RATE_LIMITED', retryable: true, retryAfterMs: Number });
  for (let index = 0; index < 20; index++) t.equal((await client.request({ type: 'heartbeat' })).type, 'heartbeat');
  await new Promise((resolve) => setTimeout(resolve, Number(errors.at(-1)?.frame.retryAfterMs) + 5));
  t.equal((await client.request({ type: 'groupMessage', content: 'again' })).type, 'ack');
});

t.test('ten times over the rate the connection is closed; without a limit it never is', async (t) => {
  const limited = await testGateway(t, { RATE_MESSAGES_PER_SECOND: 1, RATE_MESSAGES_BURST: 2 });
  const client = await login(limited);
  for (let index = 0; index < 30; index++) client.send({ type: 'listGroups' });
  t.equal((await client.closed).code, 4429);
  const free = await testGateway(t, { RATE_MESSAGES_PER_SECOND: 0 });
  const fast = await login(free);
  const answers = await Promise.all(
    Array.from({ length: 3000 }, (_, index) => fast.request({ type: 'groupMessage', content: `${index}` }, 30_000)),
  );
  t.ok(answers.every(({ type }) => type === 'ack'));
});

t.test('typing is passed on once a second for each conversation and never acked', async (t) => {
  const gateway = await testGateway(t);
  const client = await login(gateway);
  const begun = performance.now();
  for (let index = 0; index < 3; index++) {
    client.send({ type: 'typing', ref: 't', groupId: 1 });
    client.send({ type: 'typing', ref: 't', with: 3 });
  }
  await client.request({ type: 'listGroups' });
  await client.request({ type: 'groupMessage', content: 'a' });
  t.equal(gateway.services.of(groupCalls.typing).length, 1);
  t.match(gateway.services.of(groupCalls.typing)[0], { groupId: 1, caller: { userId: 2 } });
  t.equal(gateway.services.of(privateCalls.typing).length, 1);
  t.match(gateway.services.of(privateCalls.typing)[0], { with: 3, caller: { userId: 2 } });
  const again = () => {
    client.send({ type: 'typing', ref: 't', groupId: 1 });
    return gateway.services.of(groupCalls.typing).length > 1;
  };
  await eventually(again, 10_000, 'typing is passed on again');
  t.ok(performance.now() - begun >= 1000, 'a second later');
  t.equal(gateway.services.of(groupCalls.typing).length, 2);
  t.notOk(client.frames.some((frame) => frame.ref === 't'));
  gateway.services.answer(groupCalls.typing, () => {
    throw new TeahouseError('NOT_A_MEMBER');
  });
  client.send({ type: 'typing', ref: 'u', groupId: 9 });
  t.equal(errorOf(await client.waitFor((frame) => frame.ref === 'u')), 'NOT_A_MEMBER', 'but refused it is');
});

t.test('when the gateway stops it says goodbye, answers what is in flight and closes with 1012', async (t) => {
  const gateway = await testGateway(t);
  const client = await login(gateway);
  const early = await TestClient.connect(gateway.ws);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  gateway.services.answer(groupCalls.listGroups, () => held.then(() => groupCalls.listGroups.replyExample));
  const pending = client.request({ type: 'listGroups' });
  await eventually(() => gateway.services.of(groupCalls.listGroups).length === 1, 2000, 'the call');
  const closed = gateway.gateway.close();
  t.match(await client.waitFor((frame) => frame.type === 'goodbye'), { reconnectWithinMs: Number });
  t.equal(await refused(client, { type: 'groupMessage', content: 'late' }), 'UNAVAILABLE');
  t.equal(gateway.gateway.ready().ok, false);
  release();
  t.equal((await pending).type, 'ack');
  t.equal((await client.closed).code, 1012);
  t.equal((await early.closed).code, 1012);
  await closed;
  await t.rejects(TestClient.connect(gateway.ws));
});

t.test('a client that answers nothing does not hold up the end', async (t) => {
  const gateway = await testGateway(t);
  const client = await login(gateway);
  client.pause();
  const before = performance.now();
  await gateway.gateway.close();
  t.ok(performance.now() - before < 2000);
  client.terminate();
});

t.test('auth is told when users were last connected', async (t) => {
  const gateway = await testGateway(t);
  const told: [number, number][] = [];
  gateway.bus.subscribe(subjects.seen, (payload) => {
    told.push(...(JSON.parse(Buffer.from(payload).toString()) as { users: [number, number][] }).users);
  });
  const client = await login(gateway);
  await eventually(() => told.length > 0, 3000, 'the coming');
  await client.close();
  await eventually(() => told.length > 1, 3000, 'the going');
  const [first, second] = told;
  t.equal(first?.[0], 2);
  t.equal(second?.[0], 2);
  t.ok((second?.[1] ?? 0) > (first?.[1] ?? 0));
});

t.test('every frame type that the contract names is known', async (t) => {
  const gateway = await testGateway(t, { RATE_MESSAGES_PER_SECOND: 0 });
  const client = await login(gateway, 'player9');
  for (const frame of Object.values(clientFrames)) {
    if (frame.type === 'init' || !frame.answered) continue;
    const answer = await client.request({ type: frame.type, ...frame.example });
    t.equal(answer.type, frame.type === 'heartbeat' ? 'heartbeat' : 'ack', frame.type);
    const { type, ref, ...reply } = answer;
    t.ok(Compile(frame.reply).Check(reply), `${frame.type} answers in shape`);
  }
});
