import { randomBytes } from 'node:crypto';
import { authCalls, type KeyEntry, type RevocationEntry, TokenClaims } from '@teahouse/contracts';
import jwt from 'jsonwebtoken';
import t from 'tap';
import { Compile } from 'typebox/compile';
import { uuidv7 } from 'uuidv7';
import { LoginStore } from '../dist/login-store.js';
import { makeRefreshToken } from '../dist/refresh-tokens.js';
import { address, type MakeSetup, running } from './setups.js';

const claimsOf = (token: string) => jwt.decode(token) as unknown as TokenClaims;
const player = (index: number) => ({ username: `player${index}`, password: '123456', address });

/** Logins: tokens, refresh families, revocation, passwords, limits. */
export function loginsSuite(name: string, make: MakeSetup): void {
  t.test(`${name}: logins`, async (t) => {
    const { ask, bus, database, sql } = await running(t, make);
    const revocations = await bus.view<RevocationEntry>('revocations');
    const ended = async (id: string) => {
      const [row] = await sql('SELECT endTime, told FROM login WHERE id = ?', [id]);
      const entry = await revocations.get(id);
      return { row: row?.endTime !== null, told: row?.told, entry: entry !== undefined };
    };
    const open = { row: false, told: 1, entry: false };
    const over = { row: true, told: 1, entry: true };

    await t.test('login gives a token that the key of the view proves', async (t) => {
      const pair = await ask(
        'login',
        authCalls.login.example as { username: string; password: string; address: string },
      );
      t.same(pair.user, { id: 2, username: 'player1', nickname: 'player1', role: 'user' });
      const { header } = jwt.decode(pair.token, { complete: true }) as jwt.Jwt;
      t.equal(header.alg, 'ES256');
      const keys = await bus.view<KeyEntry>('keys');
      const key = await keys.get(String(header.kid));
      t.notMatch(key?.publicKey, /PRIVATE/);
      const rules = { algorithms: ['ES256'] as jwt.Algorithm[], issuer: 'teahouse', audience: 'teahouse' };
      const claims = jwt.verify(pair.token, String(key?.publicKey), rules) as unknown as TokenClaims;
      t.ok(Compile(TokenClaims).Check(claims));
      t.match(claims, { sub: '2', username: 'player1', role: 'user' });
      t.equal(claims.exp - claims.iat, 3600);
      t.match(await sql('SELECT userId, endTime FROM login WHERE id = ?', [claims.sid]), [
        { userId: 2, endTime: null },
      ]);
      t.equal(claimsOf((await ask('login', { ...player(1), username: 'ADMIN' })).token).role, 'admin');
    });

    await t.test('an unknown user, a wrong password and a disabled account answer alike', async (t) => {
      await sql('UPDATE `user` SET disabled = 1 WHERE id = 5');
      const { length } = await sql('SELECT id FROM login');
      const refused = async (request: ReturnType<typeof player>) =>
        ask('login', request).then(
          () => 'logged in',
          ({ code, message }) => ({ code, message }),
        );
      const wrong = await refused({ ...player(1), password: '1234567' });
      t.match(wrong, { code: 'BAD_CREDENTIALS' });
      t.same(await refused({ ...player(1), username: 'nobody' }), wrong);
      t.same(await refused(player(4)), wrong);
      t.equal((await sql('SELECT id FROM login')).length, length, 'no login was begun');
      await sql('UPDATE `user` SET disabled = 0 WHERE id = 5');
    });

    await t.test('refresh spends a token for the next of the same login', async (t) => {
      const first = await ask('login', player(2));
      const second = await ask('refresh', { refreshToken: first.refreshToken, address });
      t.not(second.refreshToken, first.refreshToken);
      t.equal(claimsOf(second.token).sid, claimsOf(first.token).sid);
      t.same(second.user, first.user);
      const third = await ask('refresh', { refreshToken: second.refreshToken, address });
      t.same(await ended(claimsOf(third.token).sid), open);
    });

    await t.test('a spent token used again ends its login, whichever it was, and no other', async (t) => {
      const other = await ask('login', player(2));
      const first = await ask('login', player(2));
      const second = await ask('refresh', { refreshToken: first.refreshToken, address });
      const third = await ask('refresh', { refreshToken: second.refreshToken, address });
      await t.rejects(ask('refresh', { refreshToken: first.refreshToken, address }), { code: 'UNAUTHENTICATED' });
      t.same(await ended(claimsOf(first.token).sid), over, 'ended in the database and in the view');
      await t.rejects(
        ask('refresh', { refreshToken: third.refreshToken, address }),
        { code: 'UNAUTHENTICATED' },
        'the good one too',
      );
      t.same(await ended(claimsOf(other.token).sid), open);
      await ask('refresh', { refreshToken: other.refreshToken, address });
    });

    await t.test(
      'with its key a refresh may be asked for again, at once or later, as long as it is the last',
      async (t) => {
        const [one, other] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
        const { token, refreshToken } = await ask('login', player(2));
        const { sid } = claimsOf(token);
        const asked = { refreshToken, idempotencyKey: one, address };
        const pairs = [
          ...(await Promise.all([ask('refresh', asked), ask('refresh', asked)])),
          await ask('refresh', asked),
        ];
        t.equal(new Set(pairs.map((pair) => pair.refreshToken)).size, 1);
        t.not(pairs[0]?.refreshToken, refreshToken);
        t.same(
          pairs.map((pair) => claimsOf(pair.token).sid),
          [sid, sid, sid],
        );
        const again = { refreshToken: pairs[0]?.refreshToken ?? '', address };
        const third = await ask('refresh', { ...again, idempotencyKey: one });
        t.not(third.refreshToken, again.refreshToken);
        t.same(await ended(sid), open);
        await t.rejects(ask('refresh', asked), { code: 'UNAUTHENTICATED' }, 'its successor is spent');
        t.same(await ended(sid), over);

        const next = await ask('login', player(2));
        await ask('refresh', { refreshToken: next.refreshToken, idempotencyKey: one, address });
        const stolen = { refreshToken: next.refreshToken, idempotencyKey: other, address };
        await t.rejects(ask('refresh', stolen), { code: 'UNAUTHENTICATED' }, 'another key is another use');
        t.same(await ended(claimsOf(next.token).sid), over);

        const out = await ask('login', player(2));
        const lost = { refreshToken: out.refreshToken, idempotencyKey: one, address };
        await ask('refresh', lost);
        await ask('logout', { userId: 3, loginId: claimsOf(out.token).sid });
        await t.rejects(ask('refresh', lost), { code: 'UNAUTHENTICATED' }, 'nobody is logged in');
      },
    );

    await t.test('many logins are confirmed at once, in order: whose they are, and which were ended', async (t) => {
      const [one, two, over] = [
        await ask('login', player(1)),
        await ask('login', player(2)),
        await ask('login', player(3)),
      ];
      const ids = [one, two, over].map(({ token }) => claimsOf(token).sid);
      await ask('logout', { userId: over.user.id, loginId: ids[2] as string });
      await sql('UPDATE `user` SET nickname = ? WHERE id = ?', ['小茶', two.user.id]);
      const unknown = '01890a5d-ac96-774b-bcce-b302099a8057';
      const { answers } = await ask('confirm', { loginIds: [ids[2], unknown, ids[1], ids[0], ids[1]] as string[] });
      const second = { ended: false, user: { ...two.user, nickname: '小茶' } };
      t.same(answers, [{ ended: true, user: over.user }, {}, second, { ended: false, user: one.user }, second]);
      await sql('UPDATE `user` SET nickname = ? WHERE id = ?', ['player2', two.user.id]);
    });

    await t.test('two uses at once: one wins, and the login is over', async (t) => {
      const pair = await ask('login', player(2));
      const uses = await Promise.allSettled(
        [1, 2, 3].map(() => ask('refresh', { refreshToken: pair.refreshToken, address })),
      );
      t.equal(uses.filter((use) => use.status === 'fulfilled').length, 1);
      t.same(await ended(claimsOf(pair.token).sid), over);
    });

    await t.test('a made-up token ends nothing', async (t) => {
      const pair = await ask('login', player(2));
      const { sid } = claimsOf(pair.token);
      const forged = Buffer.concat([Buffer.from(sid.replaceAll('-', ''), 'hex'), randomBytes(64)]).toString(
        'base64url',
      );
      const unknown = randomBytes(80).toString('base64url');
      for (const refreshToken of [forged, unknown, 'x'.repeat(16), `${pair.refreshToken}=`, '小'.repeat(20)]) {
        await t.rejects(ask('refresh', { refreshToken, address }), { code: 'UNAUTHENTICATED' });
      }
      t.same(await ended(sid), open);
      await ask('refresh', { refreshToken: pair.refreshToken, address });
    });

    await t.test('a disabled account and a token of more than 30 days do not refresh', async (t) => {
      const pair = await ask('login', player(4));
      await sql('UPDATE `user` SET disabled = 1 WHERE id = 5');
      await t.rejects(ask('refresh', { refreshToken: pair.refreshToken, address }), { code: 'UNAUTHENTICATED' });
      await sql('UPDATE `user` SET disabled = 0 WHERE id = 5');
      const next = await ask('refresh', { refreshToken: pair.refreshToken, address });
      const day = 24 * 3600 * 1000;
      const { sid } = claimsOf(pair.token);
      await sql('UPDATE login SET lastUse = ? WHERE id = ?', [Date.now() - 29 * day, sid]);
      const last = await ask('refresh', { refreshToken: next.refreshToken, address });
      await sql('UPDATE login SET lastUse = ? WHERE id = ?', [Date.now() - 31 * day, sid]);
      await t.rejects(ask('refresh', { refreshToken: last.refreshToken, address }), { code: 'UNAUTHENTICATED' });
    });

    await t.test('logout ends this login for as long as its tokens may live', async (t) => {
      const pair = await ask('login', player(3));
      const other = await ask('login', player(3));
      const { sid } = claimsOf(pair.token);
      await ask('logout', { userId: 2, loginId: sid });
      t.same(await ended(sid), open, "nobody ends another's login");
      t.same(await ask('logout', { userId: 4, loginId: sid }), {});
      t.same(await ended(sid), over);
      const entry = await revocations.get(sid);
      t.equal(entry?.userId, 4);
      t.ok(entry !== undefined && entry.until >= Date.now() + 3600_000);
      await t.rejects(ask('refresh', { refreshToken: pair.refreshToken, address }), { code: 'UNAUTHENTICATED' });
      t.same(await ask('logout', { userId: 4, loginId: sid }), {}, 'again: nothing happens');
      await ask('refresh', { refreshToken: other.refreshToken, address });
    });

    await t.test('a new password ends every other login', async (t) => {
      const [mine, second, third] = [
        await ask('login', player(3)),
        await ask('login', player(3)),
        await ask('login', player(3)),
      ];
      const bystander = await ask('login', player(2));
      const change = { userId: 4, loginId: claimsOf(mine.token).sid, oldPassword: '123456', newPassword: 'secret-tea' };
      await t.rejects(ask('changePassword', { ...change, oldPassword: '654321' }), { code: 'BAD_CREDENTIALS' });
      await t.rejects(ask('changePassword', { ...change, newPassword: 'short' }), { code: 'BAD_REQUEST' });
      await t.rejects(ask('changePassword', { ...change, userId: 9999 }), { code: 'NOT_FOUND' });
      t.same(await ended(claimsOf(second.token).sid), open);
      t.same(await ask('changePassword', change), {});
      for (const pair of [second, third]) {
        t.same(await ended(claimsOf(pair.token).sid), over);
        await t.rejects(ask('refresh', { refreshToken: pair.refreshToken, address }), { code: 'UNAUTHENTICATED' });
      }
      t.same(await ended(claimsOf(mine.token).sid), open);
      t.same(await ended(claimsOf(bystander.token).sid), open);
      await ask('refresh', { refreshToken: mine.refreshToken, address });
      await t.rejects(ask('login', player(3)), { code: 'BAD_CREDENTIALS' });
      await ask('login', { ...player(3), password: 'secret-tea' });
    });

    await t.test('a password that changed while it was checked begins no login', async (t) => {
      const [row] = await sql('SELECT passwordHash FROM `user` WHERE id = 4');
      const store = new LoginStore(database);
      const begun = (hash: string) => store.add(4, hash, makeRefreshToken(uuidv7()));
      t.equal(await begun('$argon2id$of-before'), false);
      t.equal(await begun(String(row?.passwordHash)), true);
    });

    await t.test('logins that race a change of the password are ended or refused', async (t) => {
      const mine = await ask('login', player(2));
      const racing = Array.from({ length: 8 }, () => ask('login', player(2)));
      const change = { userId: 3, loginId: claimsOf(mine.token).sid, oldPassword: '123456', newPassword: 'another' };
      const [, ...results] = await Promise.allSettled([ask('changePassword', change), ...racing]);
      for (const result of results) {
        if (result.status === 'fulfilled') t.same(await ended(claimsOf(result.value.token).sid), over);
        else t.match(result.reason, { code: 'BAD_CREDENTIALS' });
      }
      t.match(await sql('SELECT COUNT(*) AS n FROM login WHERE userId = 3 AND endTime IS NULL'), [{ n: 1 }]);
    });
  });

  t.test(`${name}: login limits`, async (t) => {
    const { ask, sql } = await running(t, make, { RATE_LOGINS_PER_MINUTE: 3 });
    const limited = (asked: Promise<unknown>, why: string) =>
      asked.then(
        () => t.fail(why),
        (error) => {
          t.equal(error.code, 'RATE_LIMITED', why);
          t.ok(error.retryAfterMs > 0 && error.retryAfterMs <= 60_000, 'says when to come back');
        },
      );
    const wrong = { ...player(1), password: 'wrong-one' };
    for (let n = 0; n < 5; n++) await ask('login', player(1));
    for (const from of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
      await t.rejects(ask('login', { ...wrong, address: from }), { code: 'BAD_CREDENTIALS' });
    }
    await limited(
      ask('login', { ...player(1), username: 'PLAYER1', address: '192.0.2.4' }),
      'three failures of an account: closed even for the right password',
    );
    const change = {
      userId: 2,
      loginId: '01890a5d-ac96-774b-bcce-b302099a8057',
      oldPassword: '123456',
      newPassword: 'another',
    };
    await limited(ask('changePassword', change), 'and for a change of the password');
    for (const username of ['nobody1', 'nobody2']) {
      await t.rejects(ask('login', { ...wrong, username }), { code: 'BAD_CREDENTIALS' });
    }
    await limited(ask('login', player(2)), 'three failures of an address');
    await ask('login', { ...player(2), address: '192.0.2.9' });
    const storm = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => ask('login', { ...wrong, username: 'player3', address: `198.51.100.${n}` })),
    );
    const codes = storm.map((result) => result.status === 'rejected' && result.reason.code);
    t.ok(
      codes.filter((code) => code === 'BAD_CREDENTIALS').length <= 4,
      'guesses at once are not let through because they came at once',
    );
    t.ok(codes.includes('RATE_LIMITED'));
    for (const username of ['new1', 'new2', 'new3']) await ask('register', { username, password: 'secret', address });
    await limited(
      ask('register', { username: 'new4', password: 'secret', address }),
      'three registrations of an address',
    );
    t.match(await sql("SELECT COUNT(*) AS n FROM `user` WHERE username = 'new4'"), [{ n: 0 }]);
    await ask('register', { username: 'new4', password: 'secret', address: '192.0.2.7' });
  });
}
