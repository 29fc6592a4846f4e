import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bus } from '@teahouse/bus';
import type { KeyEntry, ProfileEntry, RevocationEntry, TokenClaims } from '@teahouse/contracts';
import { eventually, temporaryDirectory } from '@teahouse/test';
import jwt from 'jsonwebtoken';
import t from 'tap';
import { makeSigningKey, readSigningKey } from '../dist/tokens.js';
import { address, asker, type MakeSetup, running, start } from './setups.js';

const kidOf = (token: string) => String((jwt.decode(token, { complete: true }) as jwt.Jwt).header.kid);
const sidOf = (token: string) => (jwt.decode(token) as unknown as TokenClaims).sid;
const player1 = { username: 'player1', password: '123456', address };
const keysOf = async (bus: Bus) => {
  const kids: string[] = [];
  for await (const kid of (await bus.view<KeyEntry>('keys')).keys()) kids.push(kid);
  return kids;
};

/** Starting, several instances, keys, and views that were lost. */
export function repairSuite(name: string, make: MakeSetup): void {
  t.test(`${name}: several first instances agree on accounts and key`, async (t) => {
    const setup = await make(t);
    const instances = await Promise.all(
      [1, 2, 3].map(async () => start(t, { bus: await setup.bus(), database: await setup.database() })),
    );
    const database = await setup.database();
    const bus = await setup.bus();
    const rows: { id: number }[] = await database.read((manager) => manager.query('SELECT id FROM `user` ORDER BY id'));
    t.same(
      rows.map((row) => row.id),
      [1, 2, 3, 4, 5],
    );
    const allReady = () => instances.every((instance) => instance.ready().ok);
    await eventually(allReady, 30_000, 'Not every instance became ready');
    const ask = asker(bus);
    const kids = new Set<string>();
    // Every instance answers once: the one that answered is closed.
    for (let n = 0; n < 20; n++) kids.add(kidOf((await ask('login', player1)).token));
    t.equal(kids.size, 1);
    t.same(await keysOf(bus), [...kids]);
    const { user } = await ask('register', { username: 'sixth', password: 'secret', address });
    t.equal(user.id, 6, 'no id was lost');
    for (const instance of instances) await instance.close();
    await t.rejects(ask('login', player1), { code: 'UNAVAILABLE' });
    const again = await start(t, { bus: await setup.bus(), database });
    t.ok(again.ready().ok);
    t.same([kidOf((await ask('login', player1)).token)], [...kids], 'the key outlives the process');
    t.equal((await database.read((manager) => manager.query('SELECT id FROM `user`'))).length, 6, 'seeded once');
  });

  t.test(`${name}: what a verb could not tell is told by the sweep`, async (t) => {
    const { ask, bus, sql } = await running(t, make);
    const { token } = await ask('login', player1);
    await sql("UPDATE `user` SET nickname = 'later', profileVersion = 2, told = 0 WHERE id = 2");
    await sql('UPDATE login SET endTime = ?, told = 0 WHERE id = ?', [Date.now(), sidOf(token)]);
    const profiles = await bus.view<ProfileEntry>('profiles');
    const revocations = await bus.view<RevocationEntry>('revocations');
    await eventually(async () => (await profiles.get('2'))?.nickname === 'later', 6000, 'the profile is repaired');
    await eventually(
      async () => (await revocations.get(sidOf(token)))?.userId === 2,
      6000,
      'the revocation is repaired',
    );
    await eventually(
      async () => (await sql('SELECT id FROM `user` WHERE told = 0')).length === 0,
      6000,
      'and noted as told',
    );
  });

  t.test(`${name}: a bus that lost everything gets it again`, async (t) => {
    const { ask, bus, auth, database, setup, sql } = await running(t, make);
    const [live, gone, old] = [await ask('login', player1), await ask('login', player1), await ask('login', player1)];
    await ask('updateMe', { userId: 3, nickname: '茶' });
    await ask('logout', { userId: 2, loginId: sidOf(gone.token) });
    await ask('logout', { userId: 2, loginId: sidOf(old.token) });
    await auth.close();
    // An account of long ago, and an end of long ago.
    await sql('UPDATE `user` SET changeTime = 1000');
    await sql('UPDATE login SET endTime = ? WHERE id = ?', [Date.now() - 3600_000 - 120_000, sidOf(old.token)]);
    const fresh = await setup.freshBus();
    await start(t, { bus: await setup.freshBus(), database });
    const profiles = await fresh.view<ProfileEntry>('profiles');
    for (const id of ['1', '2', '3', '4', '5']) t.equal((await profiles.get(id))?.id, Number(id));
    t.equal((await profiles.get('3'))?.nickname, '茶');
    const revocations = await fresh.view<RevocationEntry>('revocations');
    t.ok(await revocations.get(sidOf(gone.token)));
    t.equal(await revocations.get(sidOf(live.token)), undefined);
    t.equal(await revocations.get(sidOf(old.token)), undefined, 'no token of it can be alive');
    t.same(await sql('SELECT id FROM login WHERE id = ?', [sidOf(old.token)]), [], 'nor is its row kept');
    t.same(await keysOf(fresh), await keysOf(bus));
    await asker(fresh)('refresh', { refreshToken: live.refreshToken, address });
  });

  t.test(`${name}: a login stays ended when tokens are given a shorter life than its own had`, async (t) => {
    const hour = 3600;
    const { ask, bus, auth, database, setup, sql } = await running(t, make, { TOKEN_TTL_SECONDS: 168 * hour });
    const login = await ask('login', player1);
    const id = sidOf(login.token);
    await ask('logout', { userId: 2, loginId: id });
    await auth.close();
    const revocations = await bus.view<RevocationEntry>('revocations');
    const stillEnded = async () => [
      (await revocations.get(id)) !== undefined,
      (await sql('SELECT id FROM login')).length,
    ];
    const age = (hours: number) => sql('UPDATE login SET endTime = endTime - ?', [hours * hour * 1000]);
    await age(2);
    const shorter = await start(t, { bus: await setup.bus(), database }, { TOKEN_TTL_SECONDS: hour });
    t.same(await stillEnded(), [true, 1]);
    const fresh = await setup.freshBus();
    await start(t, { bus: await setup.freshBus(), database }, { TOKEN_TTL_SECONDS: hour });
    t.ok(await (await fresh.view<RevocationEntry>('revocations')).get(id), 'also where the bus lost it');
    await shorter.close();
    await age(168);
    await sql('UPDATE token_life SET usedTime = usedTime - ?', [170 * hour * 1000]);
    await start(t, { bus: await setup.bus(), database }, { TOKEN_TTL_SECONDS: hour });
    t.same(await stillEnded(), [false, 0], 'until no token of it can be alive');
    t.same(await sql('SELECT lifeMs FROM token_life'), [{ lifeMs: hour * 1000 }]);
  });

  t.test(`${name}: keys`, async (t) => {
    const { ask, bus, auth, database, setup, sql } = await running(t, make);
    const made = kidOf((await ask('login', player1)).token);
    await auth.close();
    const file = join(temporaryDirectory('auth'), 'key.pem');
    const pem = makeSigningKey();
    writeFileSync(file, pem);
    const withFile = await start(t, { bus: await setup.bus(), database }, { JWT_PRIVATE_KEY_FILE: file });
    const { token } = await ask('login', player1);
    const kid = kidOf(token);
    t.equal(kid, readSigningKey(pem).kid, 'the file comes before the database');
    t.same((await keysOf(bus)).sort(), [kid, made].sort(), 'the old key stays while its tokens may be alive');
    t.match(await sql('SELECT privateKey, made FROM signing_key WHERE kid = ?', [kid]), [
      { privateKey: null, made: null },
    ]);
    const view = await bus.view<KeyEntry>('keys');
    const rules = { algorithms: ['ES256'] as jwt.Algorithm[] };
    t.ok(jwt.verify(token, String((await view.get(kid))?.publicKey), rules));
    t.throws(
      () => jwt.verify(token, String(readSigningKey(makeSigningKey()).publicKey), rules),
      'no other key proves it',
    );
    await withFile.close();

    await sql('UPDATE signing_key SET usedTime = ? WHERE kid = ?', [Date.now() - 180_000, made]);
    const second = await start(t, { bus: await setup.bus(), database }, { JWT_PRIVATE_KEY_FILE: file });
    t.ok(Number((await view.get(made))?.until) > Date.now(), 'a key that nobody signs with any more has an end');
    t.equal((await view.get(kid))?.until, undefined);
    await second.close();

    await sql('UPDATE signing_key SET usedTime = ? WHERE kid = ?', [Date.now() - 3600_000 - 120_000, made]);
    await view.put('stranger', { kid: 'stranger', publicKey: 'x' }, 1);
    await start(t, { bus: await setup.bus(), database }, { JWT_PRIVATE_KEY_FILE: file });
    t.same(await keysOf(bus), [kid], 'then it is gone, and so is a key that the table does not know');

    for (const content of ['', 'nonsense', pem.slice(0, 60)]) {
      writeFileSync(file, content);
      const parts = { bus: await setup.bus(), database };
      await t.rejects(start(t, parts, { JWT_PRIVATE_KEY_FILE: file }), {
        name: 'ConfigError',
        message: /^JWT_PRIVATE_KEY_FILE /,
      });
    }
  });

  t.test(`${name}: ADMIN_PASSWORD makes and updates admin`, async (t) => {
    const setup = await make(t);
    const database = await setup.database();
    const ask = asker(await setup.bus());
    const begin = async (password: string) =>
      start(t, { bus: await setup.bus(), database }, { SEED_DEMO: false, ADMIN_PASSWORD: password });
    const first = await begin('first-one');
    const pair = await ask('login', { username: 'admin', password: 'first-one', address });
    t.match(pair.user, { id: 1, role: 'admin' });
    await first.close();
    const same = await begin('first-one');
    const { refreshToken } = await ask('refresh', { refreshToken: pair.refreshToken, address });
    await same.close();
    await begin('second-one');
    await t.rejects(ask('login', { username: 'admin', password: 'first-one', address }), { code: 'BAD_CREDENTIALS' });
    await ask('login', { username: 'admin', password: 'second-one', address });
    await t.rejects(
      ask('refresh', { refreshToken, address }),
      { code: 'UNAUTHENTICATED' },
      'logins with the old password are over',
    );
    t.equal((await database.read((manager) => manager.query('SELECT id FROM `user`'))).length, 1);
  });
}
