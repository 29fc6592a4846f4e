import type { RevocationEntry } from '@teahouse/contracts';
import { eventually } from '@teahouse/test';
import t from 'tap';
import { address, asker, type MakeSetup, running, start } from './setups.js';

const by = { userId: 1, address: '203.0.113.9' };
const password = '123456';

/** What administrators do to accounts: who may, the rows, the ended logins, and the trail that each act leaves. */
export function adminSuite(name: string, make: MakeSetup): void {
  t.test(`${name}: administration`, async (t) => {
    const { ask, bus, database, setup, sql } = await running(t, make);
    const revocations = await bus.view<RevocationEntry>('revocations');
    const trail = async () => (await ask('audit', { by, limit: 200 })).entries;
    const login = (username: string, word = password) => ask('login', { username, password: word, address });
    const loginsOf = (userId: number) => sql('SELECT id FROM login WHERE userId = ? AND endTime IS NULL', [userId]);
    /** Another admin, as an operator makes one. */
    const promote = async (userId: number, role: 0 | 1) => {
      await sql('UPDATE `user` SET role = ? WHERE id = ?', [role, userId]);
    };

    await t.test('accounts are listed by id in pages, and by the start of the name', async (t) => {
      const first = await ask('listAccounts', { by, limit: 2 });
      t.match(first, {
        accounts: [
          { id: 1, username: 'admin', role: 'admin', disabled: false },
          { id: 2, username: 'player1', role: 'user', disabled: false },
        ],
        more: true,
      });
      t.match(first.accounts[0]?.createTime, /^\d{4}-.*Z$/);
      t.notOk(first.accounts[0]?.lastOnlineTime, 'nobody has been here');
      const rest = await ask('listAccounts', { by, after: 2, limit: 3 });
      t.same([rest.accounts.map(({ id }) => id), rest.more], [[3, 4, 5], false]);
      for (const username of ['Tea_House', 'teaXhouse', 'tea']) await ask('register', { username, password, address });
      const named = async (prefix: string) =>
        (await ask('listAccounts', { by, limit: 10, prefix })).accounts.map(({ username }) => username);
      t.same(await named('ｔＥＡ'), ['Tea_House', 'teaXhouse', 'tea']);
      t.same(await named('tea_'), ['Tea_House'], 'nothing in a name is a wildcard');
      t.same(await named('player'), ['player1', 'player2', 'player3', 'player4']);
      t.same(await named('nobody'), []);
    });

    await t.test('a disabled account has no logins, gets none, and gets them again once it is enabled', async (t) => {
      const one = await login('player1');
      const two = await login('player1');
      const { account } = await ask('setDisabled', { by, userId: 2, disabled: true });
      t.match(account, { id: 2, username: 'player1', disabled: true });
      t.same(await loginsOf(2), []);
      const ended = await sql('SELECT id, told FROM login WHERE userId = 2');
      t.equal(ended.length, 2);
      for (const { id, told } of ended) {
        t.equal(told, 1);
        t.match(await revocations.get(String(id)), { userId: 2 }, 'gateways know when the answer comes');
      }
      await t.rejects(login('player1'), { code: 'BAD_CREDENTIALS' });
      for (const { refreshToken } of [one, two])
        await t.rejects(ask('refresh', { refreshToken, address }), { code: 'UNAUTHENTICATED' });
      t.match((await ask('listAccounts', { by, after: 1, limit: 1 })).accounts, [{ id: 2, disabled: true }]);

      const other = asker(await setup.bus());
      const second = await start(t, { bus: await setup.bus(), database: await setup.database() });
      await t.rejects(login('player1'), { code: 'BAD_CREDENTIALS' }, 'whoever starts later knows it too');
      await second.close();
      await other('setDisabled', { by, userId: 2, disabled: false });
      t.equal((await login('player1')).user.id, 2);
      await t.rejects(ask('refresh', { refreshToken: one.refreshToken, address }), { code: 'UNAUTHENTICATED' });
      t.match(await trail(), [
        { by: 1, act: 'enableAccount', userId: 2, address: by.address },
        { by: 1, act: 'disableAccount', userId: 2, address: by.address },
      ]);
    });

    await t.test('what is so already stays so and leaves no entry', async (t) => {
      const before = await trail();
      t.match(await ask('setDisabled', { by, userId: 3, disabled: false }), { account: { disabled: false } });
      t.same(await trail(), before);
    });

    await t.test('logins and refreshes that come while the account is being disabled do not outlive it', async (t) => {
      const { refreshToken } = await login('player2');
      const coming = Promise.allSettled([
        ...Array.from({ length: 4 }, () => login('player2')),
        ask('refresh', { refreshToken, address }),
      ]);
      await ask('setDisabled', { by, userId: 3, disabled: true });
      await coming;
      t.same(await loginsOf(3), []);
      await ask('setDisabled', { by, userId: 3, disabled: false });
    });

    await t.test('a password is reset, and every login ends', async (t) => {
      const { refreshToken } = await login('player3');
      await ask('resetPassword', { by, userId: 4, newPassword: 'another-tea' });
      t.same(await loginsOf(4), []);
      await t.rejects(login('player3'), { code: 'BAD_CREDENTIALS' });
      await t.rejects(ask('refresh', { refreshToken, address }), { code: 'UNAUTHENTICATED' });
      t.equal((await login('player3', 'another-tea')).user.id, 4);
      const [entry] = await trail();
      t.match(entry, { by: 1, act: 'resetPassword', userId: 4, address: by.address });
      t.notMatch(JSON.stringify(await sql('SELECT * FROM audit')), /another-tea/);
      t.ok(Math.abs((entry?.time ?? 0) - Date.now()) < 60_000);
    });

    await t.test('only who is an admin by now may, whatever the token says; a refusal leaves nothing', async (t) => {
      const before = await trail();
      await promote(5, 1);
      await ask('listAccounts', { by: { userId: 5 }, limit: 1 });
      await promote(5, 0);
      const rows = () => sql('SELECT id, role, disabled, passwordHash FROM `user` ORDER BY id');
      const accounts = await rows();
      for (const userId of [2, 5, 999]) {
        const who = { by: { userId } };
        await t.rejects(ask('listAccounts', { ...who, limit: 1 }), { code: 'FORBIDDEN' });
        await t.rejects(ask('audit', { ...who, limit: 1 }), { code: 'FORBIDDEN' });
        await t.rejects(ask('setDisabled', { ...who, userId: 3, disabled: true }), { code: 'FORBIDDEN' });
        await t.rejects(ask('setDisabled', { ...who, userId: 999, disabled: true }), { code: 'FORBIDDEN' });
        await t.rejects(ask('resetPassword', { ...who, userId: 3, newPassword: password }), { code: 'FORBIDDEN' });
      }
      for (const userId of [999, Number.MAX_SAFE_INTEGER]) {
        await t.rejects(ask('setDisabled', { by, userId, disabled: true }), { code: 'NOT_FOUND' });
        await t.rejects(ask('resetPassword', { by, userId, newPassword: password }), { code: 'NOT_FOUND' });
      }
      for (const wrong of [
        { userId: 0 },
        { userId: '2' },
        { disabled: 1 },
        { by: { userId: -1 } },
        { by: undefined },
      ]) {
        const request = { by, userId: 3, disabled: true, ...wrong } as never;
        await t.rejects(ask('setDisabled', request), { code: 'BAD_REQUEST' }, JSON.stringify(wrong));
      }
      for (const wrong of [{ newPassword: 'short' }, { newPassword: 'nul\u0000nul' }, { newPassword: 7 }]) {
        const request = { by, userId: 3, ...wrong } as never;
        await t.rejects(ask('resetPassword', request), { code: 'BAD_REQUEST' }, JSON.stringify(wrong));
      }
      for (const wrong of [{ limit: 0 }, { limit: 201 }, { after: -1 }, { prefix: 'a b' }, { prefix: '' }])
        await t.rejects(ask('listAccounts', { by, limit: 1, ...wrong } as never), { code: 'BAD_REQUEST' });
      t.same(await rows(), accounts);
      t.same(await trail(), before);
    });

    await t.test('one admin always remains', async (t) => {
      await t.rejects(ask('setDisabled', { by, userId: 1, disabled: true }), { code: 'CONFLICT' });
      await promote(5, 1);
      const before = (await trail()).length;
      const both = await Promise.allSettled([
        ask('setDisabled', { by, userId: 5, disabled: true }),
        ask('setDisabled', { by: { userId: 5 }, userId: 1, disabled: true }),
      ]);
      t.equal(both.filter(({ status }) => status === 'fulfilled').length, 1, 'the second is no admin any more');
      t.match(
        both.find(({ status }) => status === 'rejected'),
        { reason: { code: 'FORBIDDEN' } },
      );
      t.match(await sql('SELECT COUNT(*) AS left_over FROM `user` WHERE role = 1 AND disabled = 0'), [
        { left_over: 1 },
      ]);
      await sql('UPDATE `user` SET disabled = 0 WHERE role = 1');
      t.equal((await trail()).length, before + 1);
      await ask('setDisabled', { by: { userId: 5 }, userId: 5, disabled: true });
      t.match(await trail(), [{ by: 5, act: 'disableAccount', userId: 5 }], 'a last but one may go');
    });

    await t.test('the trail is read in pages, newest first, and forgotten after a year', async (t) => {
      const all = await trail();
      t.same(
        all.map(({ id }) => id).sort((a, b) => b - a),
        all.map(({ id }) => id),
      );
      const pages: number[] = [];
      for (let before: number | undefined; ; ) {
        const page = await ask('audit', { by, limit: 2, ...(before === undefined ? {} : { before }) });
        pages.push(...page.entries.map(({ id }) => id));
        before = page.entries.at(-1)?.id;
        t.equal(page.more, pages.length < all.length);
        if (!page.more) break;
      }
      t.same(
        pages,
        all.map(({ id }) => id),
      );
      const oldest = all.at(-1)?.id as number;
      await sql('UPDATE audit SET time = ? WHERE id = ?', [Date.now() - 366 * 24 * 3600_000, oldest]);
      await start(t, { bus: await setup.bus(), database });
      await eventually(async () => (await trail()).every(({ id }) => id !== oldest), 10_000, 'the old entry goes');
      t.equal((await trail()).length, all.length - 1, 'and no other');
    });
  });
}
