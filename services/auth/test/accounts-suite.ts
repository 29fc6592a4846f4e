import { authCalls, encodeEvent, type ProfileEntry, subjects, type User } from '@teahouse/contracts';
import { eventually } from '@teahouse/test';
import t from 'tap';
import { address, caller, type MakeSetup, running } from './setups.js';

/** Accounts: the calls, their errors, and the rows and views they leave. */
export function accountsSuite(name: string, make: MakeSetup): void {
  t.test(`${name}: accounts`, async (t) => {
    const { ask, bus, sql } = await running(t, make);
    const profiles = await bus.view<ProfileEntry>('profiles');

    await t.test('the demo accounts have the ids 1 to 5', async (t) => {
      const rows = await sql('SELECT id, username, role, disabled FROM `user` ORDER BY id');
      t.same(
        rows.map((row) => [row.id, row.username, row.role, row.disabled]),
        ['admin', 'player1', 'player2', 'player3', 'player4'].map((username, index) => [
          index + 1,
          username,
          index === 0 ? 1 : 0,
          0,
        ]),
      );
      t.same(await profiles.get('1'), { id: 1, username: 'admin', nickname: 'admin', role: 'admin' });
      t.same(await profiles.get('5'), { id: 5, username: 'player4', nickname: 'player4', role: 'user' });
    });

    await t.test('register makes an account, its login and its profile', async (t) => {
      const request = authCalls.register.example as { username: string; password: string; address: string };
      const pair = await ask('register', request);
      t.same(pair.user, { id: 6, username: 'newcomer', nickname: 'newcomer', role: 'user' });
      t.equal(pair.expiresIn, 3600);
      const [row] = await sql('SELECT * FROM `user` WHERE id = 6');
      t.match(row, {
        username: 'newcomer',
        usernameKey: 'newcomer',
        role: 0,
        disabled: 0,
        lastOnlineTime: null,
        profileVersion: 1,
        told: 1,
      });
      t.match(row?.passwordHash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
      t.ok(Math.abs(Number(row?.createTime) - Date.now()) < 10_000);
      t.same(await profiles.get('6'), pair.user, 'the view has it when the answer comes');
      const logins = await sql('SELECT id, endTime, familyHash, tokenHash FROM login WHERE userId = 6');
      t.equal(logins.length, 1);
      t.notMatch(JSON.stringify(logins), pair.refreshToken, 'no token stands in the table');
      t.same((await ask('login', request)).user, pair.user);
    });

    await t.test('names are kept as typed and compared without case, width and script form', async (t) => {
      await ask('register', { username: 'Straße', password: 'secret', nickname: '小茶', address });
      for (const username of ['STRASSE', 'straße', 'ｓｔｒａｓｓｅ', 'PLAYER1', 'admin', 'Ａdmin']) {
        await t.rejects(ask('register', { username, password: 'secret', address }), { code: 'CONFLICT' }, username);
      }
      const { users } = await ask('findUser', { username: 'strasse', caller });
      t.match(users, [{ username: 'Straße', nickname: '小茶' }]);
      await ask('register', { username: 'ΟΔΟΣ', password: 'secret', address });
      t.equal((await ask('login', { username: 'οδοσ', password: 'secret', address })).user.username, 'ΟΔΟΣ');
      const longest = '\ufdfa'.repeat(32);
      t.equal((await ask('register', { username: longest, password: 'secret', address })).user.username, longest);
    });

    await t.test(
      'of many registrations of one name at once one wins, and no account or login is left over',
      async (t) => {
        const before = await sql('SELECT COUNT(*) AS n FROM login');
        const asked = ['Twin', 'twin', 'TWIN', 'tWin'].map((username) =>
          ask('register', { username, password: 'secret', address }),
        );
        const results = await Promise.allSettled(asked);
        t.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
        for (const result of results) if (result.status === 'rejected') t.match(result.reason, { code: 'CONFLICT' });
        t.match(await sql("SELECT COUNT(*) AS n FROM `user` WHERE usernameKey = 'twin'"), [{ n: 1 }]);
        t.match(await sql('SELECT COUNT(*) AS n FROM login'), [{ n: Number(before[0]?.n) + 1 }]);
      },
    );

    await t.test('requests out of shape are refused', async (t) => {
      const bad = [
        { username: 'a b', password: 'secret', address },
        { username: '', password: 'secret', address },
        { username: 'x'.repeat(33), password: 'secret', address },
        { username: 'short', password: '12345', address },
        { username: 'long', password: 'x'.repeat(129), address },
        { username: 'nick', password: 'secret', nickname: ' ', address },
      ];
      for (const request of bad) await t.rejects(ask('register', request), { code: 'BAD_REQUEST' });
      t.match(await sql("SELECT COUNT(*) AS n FROM `user` WHERE username IN ('short', 'long', 'nick')"), [{ n: 0 }]);
    });

    await t.test('me and updateMe', async (t) => {
      t.same(await ask('me', { userId: 2 }), authCalls.me.replyExample);
      t.same(await ask('updateMe', { userId: 2, nickname: '小茶' }), authCalls.updateMe.replyExample);
      t.equal((await profiles.get('2'))?.nickname, '小茶');
      t.match(await sql('SELECT nickname, profileVersion, told FROM `user` WHERE id = 2'), [
        { nickname: '小茶', profileVersion: 2, told: 1 },
      ]);
      t.equal((await ask('updateMe', { userId: 2 })).user.nickname, '小茶', 'nothing to change changes nothing');
      for (const name of ['me', 'updateMe'] as const) {
        await t.rejects(ask(name, { userId: 9999, nickname: 'x' }), { code: 'NOT_FOUND' });
      }
    });

    await t.test('many changes at once: the view ends with the last', async (t) => {
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => ask('updateMe', { userId: 4, nickname: `n${index}` })),
      );
      const [row] = await sql('SELECT nickname, profileVersion FROM `user` WHERE id = 4');
      t.equal(row?.profileVersion, 21);
      t.equal((await profiles.get('4'))?.nickname, row?.nickname);
    });

    await t.test('findUser', async (t) => {
      t.same(await ask('findUser', { username: 'Player2', caller }), authCalls.findUser.replyExample);
      t.same(await ask('findUser', { username: 'player', caller }), { users: [] });
    });

    await t.test('lastOnlineTime moves forward only, and not into the future', async (t) => {
      const tell = (users: [number, number][]) => bus.publish(subjects.seen, Buffer.from(JSON.stringify({ users })));
      const times = async () =>
        (await sql('SELECT lastOnlineTime FROM `user` WHERE id IN (2, 3) ORDER BY id')).map(
          (row) => row.lastOnlineTime,
        );
      tell([
        [2, 5000],
        [3, 7000],
        [9999, 1],
      ]);
      await eventually(async () => (await times())[1] === 7000, 5000, 'first times are written');
      t.same(await times(), [5000, 7000]);
      bus.publish(subjects.seen, encodeEvent({ kind: 'push' }, []));
      tell([
        [2, 4000],
        [3, 8000],
      ]);
      await eventually(
        async () => (await times())[1] === 8000,
        5000,
        'later times are written, after an event out of shape too',
      );
      t.same(await times(), [5000, 8000]);
      const { times: told } = await ask('lastOnline', { userIds: [3, 2, 4, 9999] });
      t.same(
        told.sort(([a], [b]) => a - b),
        [
          [2, 5000],
          [3, 8000],
        ],
        'who was never connected is left out',
      );
      t.same(await ask('lastOnline', { userIds: [] }), { times: [] });
      const before = Date.now();
      tell([[2, before + 1e9]]);
      await eventually(async () => Number((await times())[0]) > 5000, 5000, 'a time ahead is written');
      t.ok(Number((await times())[0]) <= Date.now());
    });

    await t.test('all profiles of the database stand in the view', async (t) => {
      const rows = await sql('SELECT id, username, nickname, role FROM `user`');
      for (const row of rows) {
        const user = { ...row, role: row.role === 1 ? 'admin' : 'user' } as User;
        t.same(await profiles.get(String(user.id)), {
          id: user.id,
          username: user.username,
          nickname: user.nickname,
          role: user.role,
        });
      }
    });
  });
}
