import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ChatClient, Session, type SessionState } from '@teahouse/client';
import { eventually } from '@teahouse/test';
import t, { type Test } from 'tap';
import { FakeServer } from './fake-server.js';

const user = { id: 7, username: 'me', nickname: 'me', role: 'user' as const };

interface Answer {
  readonly status: number;
  /** A text is what something before the server says. */
  readonly body?: object | string;
}

/** A REST server that answers as `answer` says and remembers what it was asked. */
async function restServer(t: Test, answer: (path: string, count: number) => Answer) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url = '', headers } = request;
      asked.push([method, url, headers.authorization, Buffer.concat(chunks)].filter(Boolean).join(' ').trim());
      const { status, body } = answer(url, asked.filter((line) => line.includes(` ${url}`)).length);
      const text = typeof body === 'string' ? body : body && JSON.stringify(body);
      const type = typeof body === 'string' ? 'text/html' : 'application/json';
      response.writeHead(status, { 'content-type': type }).end(text);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

const pair = (number: number, expiresIn = 3_600): Answer => ({
  status: 200,
  body: { token: `t${number}`, refreshToken: `r${number}`, expiresIn, user },
});
const refusal = (status: number, code: string): Answer => ({ status, body: { error: { code, message: code } } });

/** A login that was kept. */
const kept = (leftMs: number): SessionState => ({
  token: 't0',
  refreshToken: 'r0',
  expiresAt: Date.now() + leftMs,
  user,
});

t.test('logs in, and gives its token as long as that holds', async (t) => {
  const { url, asked } = await restServer(t, () => pair(1));
  const states: (SessionState | undefined)[] = [];
  const session = await Session.login(url, { username: 'me', password: '123456' }, (state) => states.push(state));
  t.strictSame([await session.token(), await session.token(), session.user], ['t1', 't1', user]);
  t.strictSame(asked, ['POST /login {"username":"me","password":"123456"}']);
  t.match(states, [{ token: 't1', refreshToken: 'r1' }]);
});

t.test('what was refused or could not be asked rejects with its code', async (t) => {
  const { url } = await restServer(t, () => refusal(401, 'BAD_CREDENTIALS'));
  await t.rejects(Session.login(url, { username: 'me', password: 'x' }), { code: 'BAD_CREDENTIALS' });
  await t.rejects(Session.login('http://127.0.0.1:9/', { username: 'me', password: 'x' }), { code: 'DISCONNECTED' });
  const signal = AbortSignal.abort(new Error('no'));
  await t.rejects(Session.login(url, { username: 'me', password: 'x' }, undefined, { signal }), { message: 'no' });
});

t.test('what a proxy says instead of the server may be mended by another try', async (t) => {
  const page = '<html>Bad Gateway</html>';
  const answers: [Answer, string][] = [
    [{ status: 503, body: page }, 'UNAVAILABLE'],
    [{ status: 200, body: page }, 'UNAVAILABLE'],
    [{ status: 502, body: { error: 'bad gateway' } }, 'UNAVAILABLE'],
    [{ status: 500, body: { error: { code: 'INTERNAL', message: '' } } }, 'INTERNAL'],
    [{ status: 404, body: { statusCode: 404 } }, 'INTERNAL'],
  ];
  const { url } = await restServer(t, (_, count) => answers[count - 1]?.[0] ?? pair(1));
  for (const [, code] of answers)
    await t.rejects(Session.login(url, { username: 'me', password: 'x' }), { code, retryable: code === 'UNAVAILABLE' });
});

t.test('the address may have a path; one that is none is refused for good', async (t) => {
  const { url, asked } = await restServer(t, () => pair(1));
  for (const base of [url, `${url}chat`, `${url}chat/`, `${url.replace('http', 'ws')}a/b/`])
    await Session.login(base, { username: 'me', password: 'x' });
  t.strictSame(
    asked.map((line) => line.split(' ')[1]),
    ['/login', '/chat/login', '/chat/login', '/a/b/login'],
  );
  for (const base of ['', 'nowhere', 'localhost:8001', 'http://', 'ftp://h/'])
    await t.rejects(Session.login(base, { username: 'me', password: 'x' }), { code: 'BAD_REQUEST', retryable: false });
});

t.test('renews near the end, once for all who ask', async (t) => {
  const { url, asked } = await restServer(t, (_, count) => pair(count));
  const session = Session.resume(url, kept(30_000));
  t.strictSame(await Promise.all([session.token(), session.token()]), ['t1', 't1']);
  t.equal(await session.token(), 't1');
  t.equal(await session.token({ fresh: true }), 't2');
  t.match(asked, [/^POST \/token {"refreshToken":"r0",/, /^POST \/token {"refreshToken":"r1",/]);
  t.equal(asked.length, 2);
});

t.test('a renewal waits until its key is kept, and is not sent where it cannot be', async (t) => {
  const { url, asked } = await restServer(t, (_, count) => pair(count));
  let keep = () => {};
  const keeping = new Promise<void>((resolve) => {
    keep = resolve;
  });
  let isFull = true;
  const session = Session.resume(url, kept(-1), async () => {
    if (isFull) throw new Error('The disk is full.');
    await keeping;
  });
  for (let turn = 0; turn < 2; turn += 1) await t.rejects(session.token(), { message: 'The disk is full.' });
  isFull = false;
  const renewed = session.token();
  await new Promise((resolve) => setTimeout(resolve, 50)); // It would have been sent by then.
  t.equal(asked.length, 0);
  keep();
  t.equal(await renewed, 't1');
});

t.test('where the state cannot be kept a token is given as long as it holds, and a logout is sent', async (t) => {
  const { url, asked } = await restServer(t, () => ({ status: 204 }));
  const session = Session.resume(url, kept(30_000), async () => {
    throw new Error('The disk is full.');
  });
  t.equal(await session.token(), 't0');
  await t.rejects(session.logout(), { message: 'The disk is full.' });
  t.strictSame(asked.at(-1), 'POST /logout Bearer t0');
});

t.test('a token that nobody can renew at present is given as long as it holds', async (t) => {
  const { url } = await restServer(t, () => refusal(503, 'UNAVAILABLE'));
  t.equal(await Session.resume(url, kept(30_000)).token(), 't0');
  await t.rejects(Session.resume(url, kept(-1)).token(), { code: 'UNAVAILABLE', retryable: true });
  await t.rejects(Session.resume(url, kept(30_000)).token({ fresh: true }), { code: 'UNAVAILABLE' });
});

t.test('a login that has ended says so once', async (t) => {
  const { url } = await restServer(t, () => refusal(401, 'UNAUTHENTICATED'));
  const states: unknown[] = [];
  const session = Session.resume(url, kept(-1), (state) => states.push(state));
  await t.rejects(session.token(), { code: 'BAD_CREDENTIALS' });
  await t.rejects(session.token(), { code: 'BAD_CREDENTIALS' });
  t.match(states, [{ token: 't0', idempotencyKey: /^\w{32}$/ }, undefined]);
  t.equal(states.length, 2);
});

t.test('a renewal whose answer was lost is asked for again with its key, also by the next process', async (t) => {
  const lost = [refusal(503, 'UNAVAILABLE'), refusal(500, 'INTERNAL'), { status: 200, body: 'cut off' }];
  const { url, asked } = await restServer(t, (_, count) => lost[count - 1] ?? pair(count));
  const states: (SessionState | undefined)[] = [];
  const before = Session.resume(url, kept(-1), (state) => states.push(state));
  for (const code of ['UNAVAILABLE', 'INTERNAL', 'UNAVAILABLE']) await t.rejects(before.token(), { code });
  const [left] = states;
  t.equal(states.length, 1, 'told before it was sent, and once');
  const after = Session.resume(url, left ?? kept(-1), (state) => states.push(state));
  t.equal(await after.token(), 't4');
  t.strictSame(
    new Set(asked),
    new Set([`POST /token {"refreshToken":"r0","idempotencyKey":"${left?.idempotencyKey}"}`]),
  );
  t.notOk(states[1]?.idempotencyKey, 'done');
  await after.token({ fresh: true });
  t.match(states[2]?.idempotencyKey, /^\w{32}$/);
  t.not(states[2]?.idempotencyKey, left?.idempotencyKey, 'each renewal has its own');
});

t.test('account and logout; nothing is kept after a logout, though it renews the token', async (t) => {
  const { url, asked } = await restServer(t, (path) => {
    if (path === '/token') return pair(1);
    return path === '/me' ? { status: 200, body: { ...user, nickname: '小茶' } } : { status: 204 };
  });
  const states: (SessionState | undefined)[] = [];
  const session = Session.resume(url, kept(3_600_000), (state) => states.push(state));
  t.match(await session.updateMe({ nickname: '小茶' }), { nickname: '小茶' });
  t.equal(session.user.nickname, '小茶');
  await session.me();
  await session.changePassword({ oldPassword: '123456', newPassword: '1234567' });
  const old = Session.resume(url, kept(-1), (state) => states.push(state));
  await old.logout();
  t.match(asked, [
    'PATCH /me Bearer t0 {"nickname":"小茶"}',
    'GET /me Bearer t0',
    'PUT /me/password Bearer t0 {"oldPassword":"123456","newPassword":"1234567"}',
    /^POST \/token {"refreshToken":"r0",/,
    'POST /logout Bearer t1',
  ]);
  t.equal(asked.length, 5);
  t.match(states, [{ user: { nickname: '小茶' } }, { token: 't0' }, undefined]);
  t.equal(states.length, 3);
});

t.test('kept fresh, a token is renewed in time though nobody asks', async (t) => {
  const { url, asked } = await restServer(t, (_, count) => pair(count, 4_000));
  const session = Session.resume(url, { ...kept(3_600_000), renewAt: Date.now() + 600_000 });
  const { setTimeout: wait } = globalThis;
  t.teardown(() => {
    globalThis.setTimeout = wait;
  });
  const pauses: number[] = [];
  let now = Date.now();
  t.intercept(Date, 'now', { value: () => now });
  const third = new Promise<void>((resolve) => {
    globalThis.setTimeout = ((work: () => void, ms: number) => {
      if (ms < 60_000) return wait(work, ms);
      now += ms;
      return wait(pauses.push(Math.round(ms / 60_000)) === 3 ? resolve : work, 0);
    }) as typeof setTimeout;
  });
  const end = session.keepFresh();
  await third;
  end();
  t.strictSame(pauses, [10, 66, 66], 'a minute before its end');
  t.match(asked, [/^POST \/token {"refreshToken":"r0",/, /^POST \/token {"refreshToken":"r1",/]);
  t.equal(asked.length, 2);
});

t.test('kept fresh, it goes on after what failed, and stops where the login has ended', async (t) => {
  const answers = [refusal(500, 'INTERNAL'), refusal(400, 'BAD_REQUEST'), refusal(401, 'UNAUTHENTICATED')];
  const { url, asked } = await restServer(t, (_, count) => answers[count - 1] ?? pair(count));
  const { setTimeout: wait } = globalThis;
  t.teardown(() => {
    globalThis.setTimeout = wait;
  });
  let pauses = 0;
  globalThis.setTimeout = ((work: () => void, ms: number) => {
    if (ms !== 10_000) return wait(work, ms);
    pauses += 1;
    return wait(work, 0);
  }) as typeof setTimeout;
  const ended = new Promise<void>((resolve) => {
    Session.resume(url, kept(30_000), (state) => state === undefined && resolve()).keepFresh();
  });
  await ended;
  await new Promise((resolve) => wait(resolve, 50)); // Another turn would have begun by then.
  t.strictSame([asked.length, pauses], [3, 3]);
});

t.test('kept fresh no longer, it renews nothing after a renewal that was under way', async (t) => {
  const { setTimeout: wait } = globalThis;
  let end = () => {};
  const { url, asked } = await restServer(t, () => {
    end();
    return refusal(503, 'UNAVAILABLE');
  });
  t.teardown(() => {
    globalThis.setTimeout = wait;
  });
  globalThis.setTimeout = ((work: () => void, ms: number) => wait(work, ms === 10_000 ? 0 : ms)) as typeof setTimeout;
  end = Session.resume(url, kept(30_000)).keepFresh();
  await eventually(() => asked.length > 0, 5_000, 'a renewal');
  await new Promise((resolve) => wait(resolve, 100)); // Another turn would have begun by then.
  t.equal(asked.length, 1);
});

t.test('an open client renews the token in time, and 4401 makes it renew at once', async (t) => {
  const { url, asked } = await restServer(t, (_, count) => pair(count));
  const server = await FakeServer.start();
  const session = Session.resume(url, { ...kept(3_600_000), renewAt: Date.now() - 1 });
  const client = new ChatClient({ url: server.url, session });
  t.teardown(async () => {
    client.close();
    await server.close();
  });
  const ready = client.connect();
  const first = await server.visitor();
  t.match(await first.login(), { token: 't1' });
  await ready;
  first.close(4401);
  t.match(await (await server.visitor()).login(), { token: 't2' });
  await eventually(() => client.state === 'ready', 5_000, 'back');
  t.equal(asked.length, 2);
});
