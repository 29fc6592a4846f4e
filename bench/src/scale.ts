import { withConnection } from '@teahouse/test';
import type { Stage } from './adapter.js';
import { type Account, type Place, TeahouseMember, type Threads } from './teahouse.js';
import type { Workload } from './workloads.js';

/** In flight in all groups together, whatever their number. */
const IN_FLIGHT = 200;
const GROUP_SIZE = 10;
const ROWS_AT_ONCE = 5000;

/** People who share groups, as a workload whose conversations are the people, and the groups that each of those talks in. */
export interface Scale {
  label: string;
  workload: Workload;
  groupsOf: number[][];
}

/** `count` groups of 10; where those have more places than there are people, these are in several, taking turns message by message. */
export function manyGroups(count: number, people: number, firstGroup: number, firstUser: number): Scale {
  const circles = Math.min(count, Math.floor(people / GROUP_SIZE));
  const workload: Workload = { name: `groups-${count}`, about: '', conversations: [], senders: [] };
  const groupsOf = Array.from({ length: circles }, (): number[] => []);
  for (let g = 0; g < count; g += 1) groupsOf[g % circles]?.push(firstGroup + g);
  for (let c = 0; c < circles; c += 1) {
    const first = firstUser + c * GROUP_SIZE;
    workload.conversations.push({ kind: 'group', users: Array.from({ length: GROUP_SIZE }, (_, i) => first + i) });
    const inFlight = Math.max(1, Math.round(IN_FLIGHT / circles / 2));
    for (const user of [first, first + 1]) workload.senders.push({ user, conversation: c, inFlight });
  }
  return { label: `${count.toLocaleString('en-US')} groups of 10`, workload, groupsOf };
}

/** One group of `size`, ten of them speak with four in flight each. */
export function oneGroup(size: number, group: number): Scale {
  const users = Array.from({ length: size }, (_, i) => i);
  const senders = users.slice(0, 10).map((user) => ({ user, conversation: 0, inFlight: 4 }));
  const workload: Workload = { name: `members-${size}`, about: '', conversations: [{ kind: 'group', users }], senders };
  return { label: `one group of ${size.toLocaleString('en-US')}`, workload, groupsOf: [[group]] };
}

async function insert(url: string, into: string, rows: readonly string[]): Promise<void> {
  await withConnection(url, async (connection) => {
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE)
      await connection.query(`INSERT INTO ${into} VALUES ${rows.slice(at, at + ROWS_AT_ONCE).join()}`);
  });
}

/** Makes the groups in the database, before anybody of them logs in: one by one would take longer than all the rest. */
export async function makeScale(url: string, { workload, groupsOf }: Scale, accounts: readonly Account[]) {
  const groups: string[] = [];
  const members: string[] = [];
  for (const [c, { users }] of workload.conversations.entries()) {
    for (const id of groupsOf[c] as number[]) {
      groups.push(`(${id}, ${90_000_000 + id}, 'bench ${id}', 0, '', 0, ${users.length}, 0)`);
      for (const user of users) members.push(`(${id}, ${(accounts[user] as Account).id}, 0, 0, 0, 0)`);
    }
  }
  const columns = 'id, groupNumber, groupName, state, announcement, joinPolicy, memberCount, createTime';
  await insert(url, `group_chat (${columns})`, groups);
  await insert(url, 'group_chat_member (groupId, userId, rights, mutedUntil, readSeq, joinTime)', members);
}

/** Its people, connected to the gateways in turn. */
export function stageOf({ workload, groupsOf }: Scale, urls: readonly string[], accounts: readonly Account[]): Stage {
  const places = new Map<number, Place>();
  for (const [c, { users }] of workload.conversations.entries()) {
    const ids = groupsOf[c] as number[];
    const groups: Threads = { ids, indexOf: new Map(ids.map((id, i) => [id, i])) };
    const place: Place = { sendHead: '', groups, fits: ({ groupId = 0 }) => groups.indexOf.has(groupId) };
    for (const user of users) places.set(user, place);
  }
  return {
    async connect(user, events) {
      const member = new TeahouseMember(accounts[user] as Account, places.get(user), events);
      await member.open(urls[user % urls.length] as string);
      return member;
    },
  };
}
