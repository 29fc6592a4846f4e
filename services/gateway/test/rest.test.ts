import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import {
  authCalls,
  clientFrames,
  errorCatalogue,
  RestError,
  restCalls,
  serverFrames,
  TeahouseError,
  TokenPair,
} from '@teahouse/contracts';
import { eventually } from '@teahouse/test';
import t from 'tap';
import { Compile } from 'typebox/compile';
import { testGateway, userOf } from './fakes.js';

const player = userOf('player2');
const errorShape = Compile(RestError);

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

async function ask(url: string, method: string, body?: unknown, token?: string): Promise<Answer> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const response = await fetch(url, {
    method,
    headers,
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers };
}

const codeOf = (answer: Answer): unknown => (answer.body.error as { code?: unknown } | undefined)?.code;

t.test('every call carries its fields to auth and gives its answer back', async (t) => {
  const { url, services } = await testGateway(t);
  const sid = randomUUID();
  const token = services.token(player, { sid });

  const registered = await ask(`${url}/register`, 'POST', {
    username: 'newcomer',
    password: 'secret-tea',
    nickname: '茶客',
    address: '6.6.6.6',
    __proto__: 1,
  });
  t.equal(registered.status, 201);
  t.ok(Compile(TokenPair).Check(registered.body));
  t.same(services.of(authCalls.register), [
    { username: 'newcomer', password: 'secret-tea', nickname: '茶客', address: '127.0.0.1' },
  ]);

  const loggedIn = await ask(`${url}/login`, 'POST', { username: 'player2', password: '123456' });
  t.equal(loggedIn.status, 200);
  t.same(loggedIn.body.user, player);
  t.same(services.of(authCalls.login), [{ username: 'player2', password: '123456', address: '127.0.0.1' }]);

  const refreshed = await ask(`${url}/token`, 'POST', restCalls.token.example);
  t.equal(refreshed.status, 200);
  const { refreshToken } = restCalls.token.example;
  t.equal((await ask(`${url}/token`, 'POST', { refreshToken })).status, 200);
  t.same(services.of(authCalls.refresh), [
    { ...restCalls.token.example, address: '127.0.0.1' },
    { refreshToken, address: '127.0.0.1' },
  ]);

  const me = await ask(`${url}/me`, 'GET', undefined, token);
  t.equal(me.status, 200);
  t.same(me.body, restCalls.me.replyExample);
  t.same(services.of(authCalls.me), [{ userId: 2 }]);

  const changed = await ask(`${url}/me`, 'PATCH', { nickname: '小茶' }, token);
  t.equal(changed.status, 200);
  t.equal(changed.body.nickname, '小茶');
  t.same(services.of(authCalls.updateMe), [{ userId: 2, nickname: '小茶' }]);

  const password = await ask(`${url}/me/password`, 'PUT', restCalls.changePassword.example, token);
  t.equal(password.status, 204);
  t.same(services.of(authCalls.changePassword), [{ userId: 2, loginId: sid, ...restCalls.changePassword.example }]);

  const out = await ask(`${url}/logout`, 'POST', undefined, token);
  t.equal(out.status, 204);
  t.same(services.of(authCalls.logout), [{ userId: 2, loginId: sid }]);
  t.equal(loggedIn.headers.get('x-content-type-options'), 'nosniff');
});

t.test('every error of auth comes with its code, its sentence and the status of the catalogue', async (t) => {
  const { url, services } = await testGateway(t);
  const token = services.token(player);
  const made = [
    ['register', authCalls.register, restCalls.register.example],
    ['login', authCalls.login, restCalls.login.example],
    ['token', authCalls.refresh, restCalls.token.example],
    ['logout', authCalls.logout, undefined],
    ['me', authCalls.me, undefined],
    ['updateMe', authCalls.updateMe, restCalls.updateMe.example],
    ['changePassword', authCalls.changePassword, restCalls.changePassword.example],
  ] as const;
  for (const [name, call, body] of made) {
    const { method, path, errors } = restCalls[name];
    for (const code of errors) {
      services.answer(call, () => {
        throw new TeahouseError(code, 'Said by auth.', code === 'RATE_LIMITED' ? { retryAfterMs: 1500 } : {});
      });
      const answer = await ask(url + path, method, body, token);
      t.equal(answer.status, errorCatalogue[code].status, `${name} ${code}`);
      t.ok(errorShape.Check(answer.body));
      t.match(answer.body, { error: { code, message: 'Said by auth.' } });
    }
    services.answer(call, () => {
      throw new Error("ER_DUP_ENTRY: Duplicate entry 'x' for key 'user.PRIMARY'");
    });
    const broken = await ask(url + path, method, body, token);
    t.equal(broken.status, 500);
    t.same(broken.body, { error: { code: 'INTERNAL', message: errorCatalogue.INTERNAL.sentence } });
  }
});

t.test('without auth a call is unavailable at once, and works again when auth is back', async (t) => {
  const { url, services } = await testGateway(t);
  services.stop('auth');
  const before = performance.now();
  const answer = await ask(`${url}/login`, 'POST', restCalls.login.example);
  t.equal(answer.status, 503);
  t.equal(codeOf(answer), 'UNAVAILABLE');
  t.ok(performance.now() - before < 1_800, 'less than the time of a call');
  services.start('auth');
  t.equal((await ask(`${url}/login`, 'POST', restCalls.login.example)).status, 200);
});

t.test('an auth that does not answer is unavailable within 2 s', async (t) => {
  const { url, services } = await testGateway(t);
  let release = () => {};
  const stuck = new Promise<void>((resolve) => {
    release = resolve;
  });
  services.answer(authCalls.login, () => stuck.then(() => restCalls.login.replyExample));
  const before = performance.now();
  const answer = await ask(`${url}/login`, 'POST', restCalls.login.example);
  t.equal(codeOf(answer), 'UNAVAILABLE');
  t.ok(performance.now() - before < 2000);
  release();
});

t.test('what has the wrong shape is a bad request, and auth is not asked', async (t) => {
  const { url, services } = await testGateway(t);
  const bodies: unknown[] = [
    '{"username":',
    'null',
    '[]',
    '"text"',
    {},
    { username: 'player2' },
    { username: 'player2', password: 123456 },
    { username: 7, password: '123456' },
    { username: 'a b', password: '123456' },
    { username: 'player2', password: '12345' },
    { username: 'player2', password: 'a\u0000aaaaa' },
    { username: 'x'.repeat(33), password: '123456' },
    { username: 'player2', password: 'x'.repeat(20_000) },
    '['.repeat(8_000),
  ];
  for (const body of bodies) {
    const answer = await ask(`${url}/login`, 'POST', body);
    t.equal(answer.status, 400, String(JSON.stringify(body)).slice(0, 60));
    t.ok(errorShape.Check(answer.body));
    t.equal(codeOf(answer), 'BAD_REQUEST');
  }
  const { refreshToken } = restCalls.token.example;
  for (const idempotencyKey of ['', 'a'.repeat(21), 'a'.repeat(65), ' '.repeat(32), '茶'.repeat(32), null, 7])
    t.equal(codeOf(await ask(`${url}/token`, 'POST', { refreshToken, idempotencyKey })), 'BAD_REQUEST');
  t.equal(services.of(authCalls.refresh).length, 0);
  const form = await fetch(`${url}/login`, {
    method: 'POST',
    body: new URLSearchParams({ username: 'player2', password: '123456' }),
  });
  t.equal(form.status, 400);
  t.equal(services.of(authCalls.login).length, 0);
  t.match(await ask(`${url}/login`, 'POST', { username: 'player2' }), { body: { error: { message: /password/ } } });
});

t.test('what is nowhere is not found, in the same shape', async (t) => {
  const { url } = await testGateway(t);
  for (const [method, path] of [
    ['GET', '/nowhere'],
    ['GET', '/login'],
    ['DELETE', '/me'],
    ['GET', '/metrics'],
    ['GET', '/../etc/passwd'],
    ['POST', '/'],
  ] as const) {
    const answer = await ask(url + path, method);
    t.equal(answer.status, 404, `${method} ${path}`);
    t.same(answer.body, { error: { code: 'NOT_FOUND', message: errorCatalogue.NOT_FOUND.sentence } });
  }
  const bad = await ask(`${url}/%ff%zz`, 'GET');
  t.equal(bad.status, 400);
  t.equal(codeOf(bad), 'BAD_REQUEST');
});

t.test('what is no HTTP is refused in the same shape', async (t) => {
  const { url } = await testGateway(t);
  const { port } = new URL(url);
  const text = await new Promise<string>((resolve, reject) => {
    let got = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write('nonsense\r\n\r\n'));
    socket.on('data', (data) => {
      got += data.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(got));
  });
  t.match(text, /^HTTP\/1\.1 400 /);
  t.match(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)), { error: { code: 'BAD_REQUEST' } });
});

t.test('only a valid token of a living login opens what needs one', async (t) => {
  const { url, services } = await testGateway(t);
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const refused: Record<string, string | undefined> = {
    'no token': undefined,
    'no JWT': 'abc',
    'an expired one': services.token(player, { expiresIn: -60 }),
    'one of another key': services.token(player, { key: other }),
    'one of an unknown key': services.token(player, { key: other, kid: 'k9' }),
    'one of an odd key name': services.token(player, { kid: '../*' }),
    'one of another issuer': services.token(player, { issuer: 'somebody' }),
    'one for another audience': services.token(player, { audience: 'somebody' }),
    'one without signature': `${Buffer.from('{"alg":"none","kid":"k1"}').toString('base64url')}.${services.token(player).split('.')[1]}.`,
    'one with claims out of shape': services.token({ ...player, role: 'owner' as never }),
  };
  for (const [name, token] of Object.entries(refused)) {
    const answer = await ask(`${url}/me`, 'GET', undefined, token);
    t.equal(answer.status, 401, name);
    t.equal(codeOf(answer), 'UNAUTHENTICATED', name);
  }
  t.equal(services.of(authCalls.me).length, 0);
  const sid = randomUUID();
  const token = services.token(player, { sid });
  t.equal((await ask(`${url}/me`, 'GET', undefined, token)).status, 200);
  await services.revoke(player.id, sid);
  t.equal((await ask(`${url}/me`, 'GET', undefined, token)).status, 401, 'an ended login');
});

t.test('a token that was good is refused once it has expired', async (t) => {
  const { url, services } = await testGateway(t);
  // Two seconds of the tolerance of five are left.
  const ends = (Math.floor(Date.now() / 1000) + 2) * 1000;
  const token = services.token(player, { expiresIn: -3 });
  const statusNow = async () => (await ask(`${url}/me`, 'GET', undefined, token)).status;
  t.equal(await statusNow(), 200);
  await eventually(async () => (await statusNow()) === 401, 5_000, 'the token has expired');
  t.ok(Date.now() >= ends, 'not before its time');
});

t.test('a key that comes after the gateway started is found', async (t) => {
  const { url, services } = await testGateway(t, {}, { publishKey: false });
  const token = services.token(player);
  t.equal((await ask(`${url}/me`, 'GET', undefined, token)).status, 401);
  await services.publishKey();
  t.equal((await ask(`${url}/me`, 'GET', undefined, token)).status, 200);
});

t.test('a key once seen is kept where the bus has lost it, and ends when auth says so', async (t) => {
  const { url, services } = await testGateway(t);
  const token = services.token(player);
  await services.loseKey();
  await eventually(async () => (await ask(`${url}/health/live`, 'GET')).status === 200, 5_000, 'the loop turns');
  t.equal((await ask(`${url}/me`, 'GET', undefined, token)).status, 200);
  await services.publishKey(Date.now() - 1);
  const ended = async () => (await ask(`${url}/me`, 'GET', undefined, token)).status === 401;
  await eventually(ended, 5_000, 'the key has ended');
});

t.test('health is that of the gateway itself', async (t) => {
  const { url, services, gateway } = await testGateway(t);
  for (const name of ['auth', 'group', 'private'] as const) services.stop(name);
  t.match(await ask(`${url}/health/live`, 'GET'), { status: 200, body: { ok: true } });
  t.match(await ask(`${url}/health/ready`, 'GET'), { status: 200, body: { ok: true } });
  t.equal(gateway.ready().ok, true);
});

t.test('the documents tell of every call and every frame', async (t) => {
  const { url } = await testGateway(t);
  const openapi = (await ask(`${url}/openapi.json`, 'GET')).body as { paths: Record<string, Record<string, unknown>> };
  for (const { method, path } of Object.values(restCalls))
    t.ok(openapi.paths[path]?.[method.toLowerCase()], `${method} ${path}`);
  t.same(Object.keys(openapi.paths).sort(), [...new Set(Object.values(restCalls).map(({ path }) => path))].sort());
  const asyncapi = (await ask(`${url}/asyncapi.json`, 'GET')).body as {
    operations: object;
    components: { messages: object };
  };
  for (const type of Object.keys(clientFrames))
    t.ok(Object.hasOwn(asyncapi.components.messages, `client.${type}`), type);
  for (const type of Object.keys(serverFrames))
    t.ok(Object.hasOwn(asyncapi.components.messages, `server.${type}`), type);
  const page = await (await fetch(`${url}/docs`)).text();
  for (const type of Object.keys(clientFrames)) t.ok(page.includes(`<code>${type}</code>`), type);
  const viewer = await fetch(`${url}/docs/rest/`);
  t.equal(viewer.status, 200);
  t.match(viewer.headers.get('content-security-policy'), /unsafe-inline/);
});

t.test('the page is served under a strict policy', async (t) => {
  const pageDir = t.testdir({ 'index.html': '<title>page</title>' });
  mkdirSync(join(pageDir, 'assets'));
  writeFileSync(join(pageDir, 'assets', 'app-1a2b.js'), 'export {};');
  const { url } = await testGateway(t, {}, { pageDir });
  const page = await fetch(`${url}/`);
  t.equal(page.status, 200);
  t.match(page.headers.get('content-type'), /text\/html/);
  t.equal(page.headers.get('cache-control'), 'no-cache');
  t.equal(await page.text(), '<title>page</title>');
  const policy = page.headers.get('content-security-policy') ?? '';
  t.match(policy, /default-src 'self'/);
  t.ok(policy.includes(`connect-src 'self' ws://${new URL(url).host} wss://${new URL(url).host}`), policy);
  t.notMatch(policy, /unsafe/);
  const asset = await fetch(`${url}/assets/app-1a2b.js`);
  t.equal(asset.status, 200);
  t.match(asset.headers.get('cache-control'), /immutable/);
  t.equal((await fetch(`${url}/assets/none.js`)).status, 404);
  t.equal((await fetch(`${url}/..%2findex.html`)).status, 404);
});

t.test('where the page is not built, that is what is said', async (t) => {
  const { url } = await testGateway(t);
  const page = await fetch(`${url}/`);
  t.equal(page.status, 200);
  t.match(await page.text(), /not built/);
});

t.test(
  'the address for the limits of logins is that of the client, behind a proxy only where it is trusted',
  async (t) => {
    const forwarded = { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.7' };
    const body = JSON.stringify(restCalls.login.example);
    const open = await testGateway(t);
    await fetch(`${open.url}/login`, { method: 'POST', headers: forwarded, body });
    t.match(open.services.of(authCalls.login), [{ address: '127.0.0.1' }]);
    const behind = await testGateway(t, { TRUST_PROXY: 'loopback' });
    await fetch(`${behind.url}/login`, { method: 'POST', headers: forwarded, body });
    t.match(behind.services.of(authCalls.login), [{ address: '203.0.113.7' }]);
  },
);

t.test('what cannot be started says which variable is wrong', async (t) => {
  const { url } = await testGateway(t);
  await t.rejects(testGateway(t, { PORT: Number(new URL(url).port) }), { name: 'ConfigError', message: /PORT/ });
  await t.rejects(testGateway(t, { TRUST_PROXY: 'nonsense' }), { name: 'ConfigError', message: /TRUST_PROXY/ });
  await t.rejects(testGateway(t, { HOST: '203.0.113.7' }), { name: 'ConfigError', message: /HOST/ });
});

t.test('closing is quick and leaves the port free', async (t) => {
  const { url, gateway } = await testGateway(t);
  await fetch(`${url}/health/live`);
  const before = performance.now();
  await gateway.close();
  t.ok(performance.now() - before < 4_000, 'a kept connection does not hold it up');
  await t.rejects(fetch(`${url}/health/live`));
});
