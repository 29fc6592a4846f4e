import t from 'tap';
import { natsSetup, running, start, untilAvailable, type World } from './setups.js';

/*
 * What people do at once, on three instances that share NATS and MariaDB: any of them gets any request. Whatever the
 * database says to transactions that collide, nobody hears of it. Only a busy machine may answer UNAVAILABLE, and is
 * asked again.
 */

t.setTimeout(300_000);

const owner = 2;

async function threeInstances(t: Parameters<typeof running>[0]): Promise<World> {
  const world = await running(t, natsSetup);
  for (let i = 0; i < 2; i++) await start(t, { bus: await world.setup.bus(), database: await world.setup.database() });
  return world;
}

/** The log of a group: `seq` counts 1, 2, 3 …, or this throws. */
async function log({ sql }: World, groupId: number) {
  const rows = await sql(
    'SELECT seq, fromUserId, content, kind, notice FROM group_message WHERE groupId = ? ORDER BY seq',
    [groupId],
  );
  return rows.map((row, i) => {
    if (row.seq !== i + 1) throw new Error(`a hole before ${row.seq}`);
    const notice =
      row.notice === null ? undefined : (JSON.parse(String(row.notice)) as { event: string; userId?: number });
    return { seq: i + 1, from: Number(row.fromUserId), content: String(row.content), notice };
  });
}

t.test('three instances', async (t) => {
  const world = await threeInstances(t);
  const { as, login, sql } = world;
  const people = Array.from({ length: 24 }, (_, i) => 100 + i);
  for (const userId of [owner, 3, 4, ...people]) await untilAvailable(() => login(userId));
  const newGroup = async (members: readonly number[]) => {
    const { groupId } = await untilAvailable(() => as(owner, 'createGroup', { groupName: '茶' }));
    for (const userId of members) await untilAvailable(() => as(owner, 'inviteMember', { groupId, userId }));
    return groupId;
  };
  /** Says it until it is stored or refused; safe to repeat for its `clientId`. */
  const say = async (from: number, groupId: number, content: string) => {
    for (;;) {
      const result = await untilAvailable(() => world.say(from, groupId, content, `${groupId}-${content}`));
      if (result.code !== 'UNAVAILABLE') return result;
    }
  };

  await t.test('a hundred groups made at once have a hundred numbers', async (t) => {
    const made = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        untilAvailable(() => as(people[i % people.length] ?? 100, 'createGroup', { groupName: `g${i}` })),
      ),
    );
    t.equal(new Set(made.map(({ groupNumber }) => groupNumber)).size, 100);
    t.ok(made.every(({ groupNumber }) => groupNumber >= 88_888_888));
    t.match(await sql('SELECT COUNT(*) AS n FROM group_chat WHERE groupNumber IS NULL'), [{ n: 0 }]);
  });

  await t.test('who joins on several connections at once becomes a member once', async (t) => {
    const groupId = await newGroup([]);
    const answers = await Promise.all(
      [...people, ...people, ...people].map((userId) => untilAvailable(() => as(userId, 'joinGroup', { groupId }))),
    );
    t.ok(answers.every(({ status }) => status === 'joined'));
    const joined = (await log(world, groupId)).slice(1).map(({ notice }) => notice?.userId);
    t.strictSame([...joined].sort(), people, 'each is told of once');
    t.match(await sql('SELECT memberCount FROM group_chat WHERE id = ?', [groupId]), [{ memberCount: 25 }]);
    const counted = await sql('SELECT COUNT(*) AS n FROM group_chat_member WHERE groupId = ?', [groupId]);
    t.match(counted, [{ n: 25 }]);
    const wrong = await sql(
      'SELECT userId FROM group_user u WHERE groupCount <> (SELECT COUNT(*) FROM group_chat_member m WHERE m.userId = u.userId)',
    );
    t.strictSame(wrong, [], 'everybody is counted as in so many groups as they are in');
  });

  await t.test('of two who are handed one group at once one becomes its owner', async (t) => {
    for (let round = 0; round < 8; round++) {
      const groupId = await newGroup([3, 4]);
      const ends = await Promise.allSettled([3, 4].map((userId) => as(owner, 'transferOwner', { groupId, userId })));
      const codes = ends.map((end) => (end.status === 'fulfilled' ? 'done' : String(end.reason.code)));
      const owners = await sql('SELECT userId FROM group_chat_member WHERE groupId = ? AND rights = 1', [groupId]);
      t.equal(owners.length, 1);
      const [row] = await sql('SELECT ownerId FROM group_chat WHERE id = ?', [groupId]);
      t.equal(row?.ownerId, owners[0]?.userId);
      const told = (await log(world, groupId)).filter(({ notice }) => notice?.event === 'owner');
      t.ok(told.length <= 1);
      if (codes.includes('UNAVAILABLE')) continue;
      t.strictSame([...codes].sort(), ['FORBIDDEN', 'done']);
      t.strictSame(
        told.map(({ notice }) => notice?.userId),
        [owners[0]?.userId],
      );
      t.match(await sql('SELECT rights FROM group_chat_member WHERE groupId = ? AND userId = ?', [groupId, owner]), [
        { rights: 2 },
      ]);
    }
  });

  await t.test('no message of somebody stands after the notice that removes them', async (t) => {
    for (let round = 0; round < 6; round++) {
      const groupId = await newGroup([3]);
      const sends = Array.from({ length: 40 }, (_, i) => say(3, groupId, `${round}-${i}`));
      await sends[round * 4];
      await untilAvailable(() => as(owner, 'removeMember', { groupId, userId: 3 })).catch(
        (error: { code?: string }) => {
          // An answer that was lost: it was done.
          if (error.code !== 'NOT_FOUND') throw error;
        },
      );
      const results = await Promise.all(sends);
      const messages = await log(world, groupId);
      const removal = messages.findIndex(({ notice }) => notice?.event === 'removed');
      t.equal(messages.findLastIndex(({ from }) => from === 3) < removal, true, `round ${round}`);
      t.ok(results.every(({ seq, code }) => seq !== undefined || code === 'NOT_A_MEMBER'));
      const acked = results.flatMap(({ seq }) => seq ?? []).sort((a, b) => a - b);
      t.strictSame(
        acked,
        messages.filter(({ from }) => from === 3).map(({ seq }) => seq),
        'what was acked is there',
      );
    }
  });

  await t.test('hundreds send while the group is dissolved, and nothing stands after its end', async (t) => {
    const groupId = await newGroup(people);
    const sends = people.flatMap((from) => Array.from({ length: 16 }, (_, i) => say(from, groupId, `${from}-${i}`)));
    await sends[40];
    await untilAvailable(() => as(owner, 'dissolveGroup', { groupId })).catch((error: { code?: string }) => {
      if (error.code !== 'GROUP_DISSOLVED') throw error;
    });
    const results = await Promise.all(sends);
    t.ok(results.every(({ seq, code }) => seq !== undefined || code === 'GROUP_DISSOLVED'));
    const messages = await log(world, groupId);
    t.equal(messages.at(-1)?.notice?.event, 'dissolved');
    const acked = results.flatMap(({ seq }) => seq ?? []).sort((a, b) => a - b);
    t.strictSame(
      acked,
      messages.filter(({ content }) => content !== '').map(({ seq }) => seq),
    );
  });

  await t.test('a group whose members come and go without a pause is spoken in all the same', async (t) => {
    const groupId = await newGroup([3]);
    let done = false;
    const comeAndGo = async (userId: number) => {
      while (!done) {
        await as(userId, 'joinGroup', { groupId }).catch(() => {});
        await as(userId, 'leaveGroup', { groupId }).catch(() => {});
      }
    };
    const crowd = people.slice(0, 12).map(comeAndGo);
    const said = await Promise.all(Array.from({ length: 40 }, (_, i) => say(3, groupId, `still-${i}`)));
    done = true;
    await Promise.all(crowd);
    t.ok(said.every(({ seq }) => seq !== undefined));
    const mine = (await log(world, groupId)).filter(({ from }) => from === 3).map(({ content }) => content);
    t.strictSame([...mine].sort(), Array.from({ length: 40 }, (_, i) => `still-${i}`).sort(), 'each once');
    const [row] = await sql('SELECT memberCount FROM group_chat WHERE id = ?', [groupId]);
    const [members] = await sql('SELECT COUNT(*) AS n FROM group_chat_member WHERE groupId = ?', [groupId]);
    t.equal(row?.memberCount, members?.n);
  });
});
