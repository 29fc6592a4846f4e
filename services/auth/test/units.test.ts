import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { authConfig } from '@teahouse/auth';
import { createLog, loadConfig } from '@teahouse/service-kit';
import t from 'tap';
import { LoginLimits } from '../dist/limits.js';
import { makeRefreshToken, nextRefreshToken, readRefreshToken, writeRefreshToken } from '../dist/refresh-tokens.js';
import { Repair } from '../dist/repair.js';
import { usernameKey } from '../dist/store.js';
import { readSigningKey } from '../dist/tokens.js';

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

t.test('registrations that come at once are counted one by one', async (t) => {
  const limits = new LoginLimits(20);
  const tried = await Promise.allSettled(Array.from({ length: 200 }, () => limits.registration('x')));
  t.equal(tried.filter(({ status }) => status === 'fulfilled').length, 20);
  t.match(tried.at(-1), { reason: { code: 'RATE_LIMITED', retryAfterMs: Number } });
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
  const next = nextRefreshToken(token);
  t.same(next.family, token.family);
  t.notSame(next.own, token.own);
  t.notSame(nextRefreshToken(token).own, next.own);
  const [one, other] = ['a'.repeat(32), 'b'.repeat(32)];
  t.match(readRefreshToken(writeRefreshToken(nextRefreshToken(token, one))), nextRefreshToken(token, one));
  t.notSame(nextRefreshToken(token, other).own, nextRefreshToken(token, one).own);
  t.notSame(nextRefreshToken(next, one).own, nextRefreshToken(token, one).own);
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

t.test('profiles that are written anew are left with their page at the end', async (t) => {
  const nothing = async () => undefined;
  let pages = 0;
  let ended: Promise<void> | undefined;
  const users = {
    tellAgain: nothing,
    edges: async () => [1],
    async page(below: number) {
      if (++pages === 2) ended = repair.stop();
      return pages > 5 ? [] : [{ id: below - 1 }];
    },
  };
  const views = {
    rememberMs: 0,
    hasProfile: async () => false,
    putProfile: nothing,
    putProfiles: nothing,
    repairProfiles: nothing,
    repairRevocations: nothing,
    forgetRevocations: nothing,
  };
  const parts = [
    { connected: true, onStatus: () => () => {} },
    { read: async () => [] },
    users,
    { tellAgain: nothing, removeExpired: nothing },
    views,
    { publish: nothing },
    { note: nothing },
    createLog({ name: 'auth', level: 'silent' }),
  ] as unknown as ConstructorParameters<typeof Repair>;
  const repair = new Repair(...parts);
  await repair.first(5000);
  await ended;
  t.equal(pages, 2);
});
