import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { authConfig } from '@teahouse/auth';
import { TeahouseError } from '@teahouse/contracts';
import { loadConfig } from '@teahouse/service-kit';
import t from 'tap';
import { LoginLimits } from '../dist/limits.js';
import { Passwords } from '../dist/passwords.js';
import { every } from '../dist/periodic.js';
import { makeRefreshToken, readRefreshToken, writeRefreshToken } from '../dist/refresh-tokens.js';
import { usernameKey } from '../dist/store.js';
import { readSigningKey } from '../dist/tokens.js';

const soon = () => ({ deadline: Date.now() + 60_000 });

/** Microseconds of CPU that `work` takes, the hashing threads' included. */
async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  return process.cpuUsage(before).user;
}

t.test('a password is hashed for a user that does not exist, too', async (t) => {
  const passwords = await Passwords.create();
  const stored = await passwords.hash('right', soon());
  t.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  t.not(await passwords.hash('right', soon()), stored, 'salted');
  t.equal(await passwords.verify(stored, 'right', soon()), true);
  t.equal(await passwords.verify(stored, 'wrong', soon()), false);
  t.equal(await passwords.verify(undefined, 'right', soon()), false);
  const wrong = await cpuOf(() => passwords.verify(stored, 'wrong', soon()));
  const unknown = await cpuOf(() => passwords.verify(undefined, 'wrong', soon()));
  t.ok(unknown > wrong / 3, `the work is done: ${unknown} µs of CPU, ${wrong} for a wrong password`);
});

t.test('waiting for a hash is bounded, by number and by deadline', async (t) => {
  const passwords = await Passwords.create();
  let begun = 0;
  const before = async () => {
    begun++;
    if (begun > 2) throw new TeahouseError('RATE_LIMITED');
  };
  const all = Promise.allSettled(Array.from({ length: 203 }, () => passwords.hash('x', { ...soon(), before })));
  const idle = await Passwords.create();
  await t.rejects(idle.hash('x', { deadline: Date.now() - 1, before: () => t.fail('begun') as never }), {
    code: 'UNAVAILABLE',
  });
  const codes = (await all).map((result) => (result.status === 'rejected' ? result.reason.code : 'hashed'));
  t.same(codes.slice(0, 2), ['hashed', 'hashed'], 'two at work');
  t.same(codes.slice(2, 202), Array(200).fill('RATE_LIMITED'), '200 waiting, judged when their turn comes');
  t.equal(codes[202], 'UNAVAILABLE', 'one too many');
});

t.test('limits', async (t) => {
  const off = new LoginLimits(0);
  for (let n = 0; n < 50; n++) await off.failedLogin('a', 'b');
  await off.checkLogin('a', 'b');
  const limits = new LoginLimits(2);
  await limits.failedLogin('a', 'x');
  await limits.checkLogin('a', 'x');
  await limits.failedLogin('a', 'y');
  await t.rejects(limits.checkLogin('a', 'z'), { code: 'RATE_LIMITED' });
  await limits.checkLogin('b', 'x');
  await limits.registration('x');
  await limits.registration('x');
  await t.rejects(limits.registration('x'), { code: 'RATE_LIMITED' });
  await limits.registration('y');
});

t.test('a counter of very many keys starts anew instead of growing', async (t) => {
  const limits = new LoginLimits(1);
  await limits.registration('first');
  for (let n = 0; n < 100_000; n++) await limits.registration(`k${n}`);
  await limits.registration('first');
  await t.rejects(limits.registration('first'), { code: 'RATE_LIMITED' });
});

t.test('refresh tokens', async (t) => {
  const token = makeRefreshToken('01890a5d-ac96-774b-bcce-b302099a8057');
  const text = writeRefreshToken(token);
  t.match(text, /^[\w-]{107}$/);
  t.same(readRefreshToken(text), token);
  const next = makeRefreshToken(token.loginId, token.family);
  t.same(next.family, token.family);
  t.notSame(next.own, token.own);
  for (const bad of ['', 'x', text.slice(1), `${text}A`, `${text} `, randomBytes(79).toString('base64url')])
    t.equal(readRefreshToken(bad), undefined);
});

t.test('names', async (t) => {
  for (const twins of [
    ['Tea', 'tEA', 'ＴＥＡ'],
    ['straße', 'STRASSE'],
    ['ΟΔΟΣ', 'οδος', 'οδοσ'],
    ['é', 'e\u0301', 'É'],
  ]) {
    t.equal(new Set(twins.map(usernameKey)).size, 1, twins.join(' '));
  }
  t.not(usernameKey('e'), usernameKey('é'));
  t.not(usernameKey('茶'), usernameKey('茶茶'));
});

t.test('keys of another kind are refused', async (t) => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  t.throws(() => readSigningKey(p384), { message: 'not a P-256 key' });
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  t.throws(() => readSigningKey(publicKey.export({ type: 'spki', format: 'pem' }).toString()));
});

t.test('configuration', async (t) => {
  t.same(loadConfig(authConfig, {}), { TOKEN_TTL_SECONDS: 3600, SEED_DEMO: false, RATE_LOGINS_PER_MINUTE: 20 });
  for (const [name, value] of Object.entries({
    TOKEN_TTL_SECONDS: '0',
    SEED_DEMO: 'perhaps',
    RATE_LOGINS_PER_MINUTE: '-1',
    ADMIN_PASSWORD: '123',
  })) {
    t.throws(() => loadConfig(authConfig, { [name]: value }), {
      name: 'ConfigError',
      message: new RegExp(`^${name} must be`),
    });
  }
});

t.test('periodic work never runs twice at once, survives errors, and stops', async (t) => {
  let active = 0;
  let runs = 0;
  const errors: unknown[] = [];
  const periodic = every(
    1,
    async () => {
      t.equal(++active, 1);
      await new Promise((resolve) => setImmediate(resolve));
      active--;
      if (++runs === 1) throw new Error('first');
    },
    (error) => errors.push(error),
  );
  await Promise.all([periodic.now(), periodic.now(), periodic.now()]);
  t.equal(runs, 3);
  t.equal(errors.length, 1);
  await new Promise<void>((resolve) => {
    const check = () => (runs >= 5 ? resolve() : setImmediate(check));
    check();
  });
  await periodic.stop();
  const stopped = runs;
  await periodic.now();
  t.equal(runs, stopped);
});
