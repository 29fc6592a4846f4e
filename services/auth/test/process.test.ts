import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connectNats } from '@teahouse/bus';
import type { KeyEntry, ProfileEntry, RevocationEntry, TokenClaims } from '@teahouse/contracts';
import { createLog } from '@teahouse/service-kit';
import {
  eventually,
  freePort,
  type PrivateServer,
  startNats,
  startProcess,
  temporaryDirectory,
  testMysql,
  withConnection,
} from '@teahouse/test';
import jwt from 'jsonwebtoken';
import t, { type Test } from 'tap';
import { type Ask, address, asker } from './setups.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const player1 = { username: 'player1', password: '123456', address };

/** The real process, as a container runs it, and all that it wrote. */
async function startMain(t: Test, env: NodeJS.ProcessEnv) {
  const lines: string[] = [];
  const process_ = await startProcess(process.execPath, [main], {
    env: { PATH: process.env.PATH, ...env },
    output: { line: (line) => lines.push(line) },
  });
  t.teardown(() => process_.stop('SIGKILL'));
  return { ...process_, lines };
}

async function ready(port: number): Promise<number> {
  return (await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(5000) })).status;
}

t.test('the real process', { timeout: 100_000 }, async (t) => {
  const directory = temporaryDirectory('auth-nats');
  const [nats, mysql]: [PrivateServer, PrivateServer] = await Promise.all([startNats(directory), testMysql()]);
  t.teardown(() => Promise.all([nats.stop(), mysql.stop()]));
  await withConnection(mysql.url, (connection) => connection.query('CREATE DATABASE auth'));
  const bus = await connectNats({
    servers: nats.url,
    name: 'test',
    log: createLog({ name: 'test', level: 'silent' }),
  });
  t.teardown(() => bus.close());
  const ask: Ask = asker(bus);
  const [port, secondPort] = [await freePort(), await freePort()];
  const env = { NATS_URL: nats.url, AUTH_DB_URL: `${mysql.url}auth`, SEED_DEMO: 'true', RATE_LOGINS_PER_MINUTE: '0' };

  await t.test('without a database or with a bad number it says one sentence and ends', async (t) => {
    for (const [bad, sentence] of [
      [{ AUTH_DB_URL: '' }, /^AUTH_DB_URL is missing/],
      [{ NATS_URL: '' }, /^NATS_URL is missing/],
      [{ TOKEN_TTL_SECONDS: 'long' }, /^TOKEN_TTL_SECONDS must be/],
      [{ JWT_PRIVATE_KEY_FILE: '/nowhere', HEALTH_PORT: '0' }, /JWT_PRIVATE_KEY_FILE must be/],
    ] as const) {
      const failed = await startMain(t, { ...env, ...bad, LOG_LEVEL: 'silent' });
      t.same(await failed.finished(), { code: 1, signal: null });
      t.equal(failed.lines.length, 1);
      t.match(failed.lines[0], sentence);
    }
  });

  const first = await startMain(t, { ...env, HEALTH_PORT: String(port) });
  const second = await startMain(t, { ...env, HEALTH_PORT: String(secondPort) });
  await eventually(async () => (await ready(port)) === 200, 30_000, 'the first is ready');
  await eventually(async () => (await ready(secondPort)) === 200, 30_000, 'the second is ready');
  const pair = await ask('login', player1);
  const { sid } = jwt.decode(pair.token) as unknown as TokenClaims;
  const { header } = jwt.decode(pair.token, { complete: true }) as jwt.Jwt;

  await t.test('a database that stops answers UNAVAILABLE within 2 s, and goes on when it is back', async (t) => {
    mysql.kill('SIGSTOP');
    const asked = Date.now();
    await t.rejects(ask('me', { userId: 2 }), { code: 'UNAVAILABLE' });
    t.ok(Date.now() - asked < 2000);
    t.equal(await ready(port), 503);
    mysql.kill('SIGCONT');
    await eventually(() => ask('me', { userId: 2 }), 5000, 'it answers again');
    await mysql.kill9();
    await t.rejects(ask('me', { userId: 2 }), { code: 'UNAVAILABLE' });
    await mysql.restart();
    await eventually(() => ask('me', { userId: 2 }), 5000, 'it answers again');
    await eventually(async () => (await ready(port)) === 200, 5000, 'and is ready');
  });

  await t.test('NATS loses its disk: keys, revocations and profiles come back', async (t) => {
    await ask('logout', { userId: 2, loginId: sid });
    await nats.kill9();
    rmSync(`${directory}/jetstream`, { recursive: true });
    await nats.restart();
    await eventually(() => bus.connected, 10_000, 'reconnected');
    const keys = await bus.view<KeyEntry>('keys');
    await eventually(() => keys.get(String(header.kid)), 10_000, 'the key is back, before its half minute is over');
    const revocations = await bus.view<RevocationEntry>('revocations');
    await eventually(() => revocations.get(sid), 10_000, 'the revocation is back');
    const profiles = await bus.view<ProfileEntry>('profiles');
    for (const id of ['5', '4', '3', '2', '1']) {
      await eventually(() => profiles.get(id), 10_000, `the profile of ${id} is back`);
    }
    t.ok(await eventually(() => ask('login', player1), 5000, 'and calls are served'));
  });

  await t.test('told to end, one finishes what it began while the other goes on', async (t) => {
    const asked = Array.from({ length: 20 }, () => ask('login', player1));
    t.same(await first.stop('SIGTERM', 10_000), { code: 0, signal: null });
    for (const { token } of await Promise.all(asked)) t.ok(token);
    await ask('login', player1);
    t.same(await second.stop('SIGINT', 10_000), { code: 0, signal: null });
    await t.rejects(ask('login', player1), { code: 'UNAVAILABLE' });
    const output = [...first.lines, ...second.lines].join('\n');
    t.match(output, /started/);
    t.notMatch(output, /123456|argon2|PRIVATE KEY/);
    t.notOk(output.includes(new URL(mysql.url).password) || output.includes(pair.refreshToken));
  });
});
