import { type GroupHeads, type MembershipEntry, subjects } from '@teahouse/contracts';
import { eventually } from '@teahouse/test';
import t from 'tap';
import { callerOf, type MakeSetup, running, start } from './setups.js';

/** What the sweep mends: lost events, and the view of memberships. */
export function viewsSuite(name: string, make: MakeSetup): void {
  t.test(`${name}: views and sweeps`, async (t) => {
    const world = await running(t, make);
    const { as, login, say, sql, bus } = world;
    await login(2, 3);
    const { groupId } = await as(2, 'createGroup', { groupName: 'tea' });

    await t.test('the newest seq of a group that moved is repeated within the next sweeps', async (_t) => {
      const heads = new Map<number, number>();
      bus.subscribe(subjects.groupHeads, (payload) => {
        for (const [id, seq] of (JSON.parse(Buffer.from(payload).toString()) as GroupHeads).heads) heads.set(id, seq);
      });
      await bus.flush();
      const { seq } = await say(2, groupId, 'the last one');
      await eventually(() => heads.get(groupId) === seq, 5000, 'a sweep tells of it');
    });

    await t.test('what a crash left untold of memberships is told by the sweep', async (t) => {
      const view = await bus.view<MembershipEntry>('memberships');
      const told = await world.hearUser(2);
      // A change whose instance died between its commit and the put.
      await sql('DELETE FROM group_chat_member WHERE userId = 2 AND groupId = 1');
      await sql('UPDATE group_user SET membershipVersion = membershipVersion + 1, changedAt = ? WHERE userId = 2', [
        Date.now(),
      ]);
      await eventually(async () => !(await view.get('2'))?.groups.includes(1), 8000, 'the entry is mended');
      t.same(await view.get('2'), { groups: [groupId] });
      await eventually(() => told.headers.length > 0, 8000, 'gateways are told, too');
      t.same(told.headers, [{ kind: 'member', groups: [groupId] }]);
      t.equal(await view.get('3'), undefined, 'who is in the official group alone needs no entry');
    });

    await t.test('a dissolved group whose instance died goes on being taken out', async (t) => {
      const other = await as(3, 'createGroup', { groupName: 'short' });
      const view = await bus.view<MembershipEntry>('memberships');
      t.same(await view.get('3'), { groups: [1, other.groupId] });
      await sql('INSERT INTO group_dissolving (groupId, afterUserId) VALUES (?, 0)', [other.groupId]);
      await sql('UPDATE group_chat SET state = 1 WHERE id = ?', [other.groupId]);
      await eventually(async () => (await view.get('3'))?.groups.length === 1, 8000, 'the entry is mended');
      t.same(await sql('SELECT * FROM group_dissolving'), []);
    });

    await t.test('a bus that lost the view gets all of it again', async (t) => {
      const fresh = await world.setup.freshBus();
      const app = await start(t, { bus: await world.setup.freshBus(), database: await world.setup.database() });
      const view = await fresh.view<MembershipEntry>('memberships');
      await sql('UPDATE group_user SET changedAt = 0');
      await eventually(async () => (await view.get('2')) && (await view.get('3')), 8000, 'old entries are there');
      t.same(await view.get('2'), { groups: [groupId] });
      t.same(await view.get('3'), { groups: [1] });
      t.match(app.ready(), { ok: true });
    });

    await t.test('a closed instance answers nothing more, and leaves bus and database open', async (t) => {
      await world.app.close();
      await t.rejects(world.ask('listGroups', { caller: callerOf(2) }), { code: 'UNAVAILABLE' });
      t.ok(await world.database.reachable());
    });
  });
}
