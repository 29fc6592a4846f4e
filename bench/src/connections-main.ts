import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { LiveMemory, temporaryDirectory, wholeOption, withConnection } from '@teahouse/test';
import { inParallel } from './adapter.js';
import { arrive, type Memory, memoryOf, Visitor } from './connections.js';
import { openArena } from './contestants.js';
import { register } from './teahouse.js';

/*
 * Many connections: what one costs in memory while it is idle, how fast all log in, and how long it takes until all are
 * back and have read what they missed, some times over: the collections that memory is read after throw compiled code away,
 * so that who comes next finds servers as if they had just started. Users are registered over REST; groups are made in the
 * database, before anybody logs in, as making them one by one would take longer than all the rest.
 */

const GROUP_SIZE = 100;
const idleMs = 10_000;
/** V8 compacts its heap by itself once it has been quiet for some 20 to 40 s; a silent client is closed only after 120. */
const settledMs = 45_000;

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '5000' },
    groups: { type: 'string', default: '10' },
    times: { type: 'string', default: '3' },
  },
});
const clients = wholeOption('clients', values.clients, 1);
const times = wholeOption('times', values.times, 1);
const groupsEach = wholeOption('groups', values.groups, 1);

const say = (text: string) => process.stdout.write(`${text}\n`);

/** User i is in the groups i, i + step, i + 2 step … so that groups have about 100 members each. Returns their ids. */
async function makeGroups(url: string, userIds: readonly number[]): Promise<number[]> {
  const count = Math.max(groupsEach, Math.ceil((userIds.length * groupsEach) / GROUP_SIZE));
  const step = Math.max(1, Math.floor(count / groupsEach));
  const groupIds = Array.from({ length: count }, (_, i) => 1000 + i);
  const members: string[] = [];
  const sizes = new Map<number, number>();
  userIds.forEach((userId, i) => {
    for (let g = 0; g < groupsEach; g += 1) {
      const groupId = groupIds[(i + g * step) % count] as number;
      sizes.set(groupId, (sizes.get(groupId) ?? 0) + 1);
      members.push(`(${groupId}, ${userId}, 0, 0, 0, 0)`);
    }
  });
  const groups = groupIds.map((id) => `(${id}, ${90_000_000 + id}, 'bench ${id}', 0, '', 0, ${sizes.get(id) ?? 0}, 0)`);
  await withConnection(url, async (connection) => {
    await connection.query(
      `INSERT INTO group_chat (id, groupNumber, groupName, state, announcement, joinPolicy, memberCount, createTime) VALUES ${groups.join()}`,
    );
    for (let at = 0; at < members.length; at += 5000) {
      await connection.query(
        `INSERT INTO group_chat_member (groupId, userId, rights, mutedUntil, readSeq, joinTime) VALUES ${members.slice(at, at + 5000).join()}`,
      );
    }
  });
  return groupIds;
}

function tellArrival(
  what: string,
  { seconds, loginsPerSecond, messagesRead, longestBeatMs, cpuUsPerLogin }: Awaited<ReturnType<typeof arrive>>,
) {
  const cpu = Object.entries(cpuUsPerLogin).map(([name, us]) => `${name} ${Math.round(us)}`);
  say(
    `${what}: ${clients} clients in ${seconds.toFixed(2)} s, ${Math.round(loginsPerSecond)} a second, ${messagesRead} messages read, heartbeats answered within ${Math.round(longestBeatMs)} ms; CPU µs a login: ${cpu.join(', ')}`,
  );
}

function grown(before: Memory, after: Memory): string {
  const each = (bytes: number) => `${(bytes / clients / 1024).toFixed(1)} KiB`;
  const resident = `${each(after.resident - before.resident)} a connection`;
  return before.live === undefined || after.live === undefined
    ? resident
    : `${resident}, ${each(after.live - before.live)} in use`;
}

const live = new LiveMemory(temporaryDirectory('live'));
const arena = await openArena(['teahouse'], { env: live.env });
try {
  const { teahouse, contestants } = arena;
  const pids = contestants[0]?.pids;
  if (!teahouse || !pids) throw new Error('Teahouse was not started.');
  const { url, groupDbUrl } = teahouse;
  const visitors: Visitor[] = [];
  const present = new Visitor(await register(url, clients));
  await inParallel([...Array(clients).keys()], 8, async (i) => {
    visitors.push(new Visitor(await register(url, i)));
    if (visitors.length % 500 === 0) process.stderr.write(`registered ${visitors.length} users\n`);
  });
  const groupIds = await makeGroups(
    groupDbUrl,
    visitors.map(({ account }) => account.id),
  );
  await pause(settledMs);
  await present.come(url);
  const before = await memoryOf(live, pids);
  tellArrival('first login', await arrive(url, visitors, present, { ...pids, generator: process.pid }));
  await pause(settledMs);
  const after = await memoryOf(live, pids);
  for (const name of Object.keys(before)) {
    say(`memory of ${name}: ${grown(before[name] as Memory, after[name] as Memory)}`);
  }
  // While all are away something is said in one group of each client, who has one message to read afterwards.
  const spoken = groupIds.slice(0, Math.max(1, Math.floor(groupIds.length / groupsEach)));
  for (let time = 1; time <= times; time += 1) {
    for (const visitor of visitors) visitor.leave();
    await inParallel(spoken, 8, async (groupId) => {
      const speaker = visitors[groupIds.indexOf(groupId)] as Visitor;
      await speaker.come(url);
      await speaker.say(groupId, 'news');
      speaker.leave();
    });
    await pause(idleMs);
    tellArrival(`back, ${time}`, await arrive(url, visitors, present, { ...pids, generator: process.pid }));
  }
  for (const visitor of [...visitors, present]) visitor.leave();
} finally {
  await arena.close();
}
