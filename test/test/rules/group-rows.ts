import type { Row } from '@teahouse/service-kit/database';
import type { Sql } from './system.js';

/** All that the tables hold of one group, without ids of messages and without times. */
export interface GroupRows {
  groupName: string;
  announcement: string;
  /** The numbers of the protocol. */
  state: number;
  joinPolicy: number;
  ownerId: number | null;
  lastSeq: number;
  memberCount: number;
  members: Record<number, { rights: number; readSeq: number; muted: boolean }>;
  banned: number[];
  asking: number[];
  /** In the order of `seq`, which counts from 1. */
  messages: Said[];
}

export interface Said {
  from: number;
  kind: 'normal' | 'notice';
  content: string;
  recalled: boolean;
  notice?: Record<string, unknown>;
}

/** A notice without the time in it, which is looked at where it is made. */
export function timeless(notice: Record<string, unknown>): Record<string, unknown> {
  return 'mutedUntil' in notice ? { ...notice, mutedUntil: 'a time' } : notice;
}

/** Reads all groups with an id of `from` or more. */
export async function readGroups(sql: Sql, from: number): Promise<Map<number, GroupRows>> {
  const groups = new Map<number, GroupRows>();
  const now = Date.now();
  for (const row of await sql('SELECT * FROM group_chat WHERE id >= ?', [from])) {
    groups.set(Number(row.id), {
      groupName: String(row.groupName),
      announcement: String(row.announcement),
      state: Number(row.state),
      joinPolicy: Number(row.joinPolicy),
      ownerId: row.ownerId === null ? null : Number(row.ownerId),
      lastSeq: Number(row.lastSeq),
      memberCount: Number(row.memberCount),
      members: {},
      banned: [],
      asking: [],
      messages: [],
    });
  }
  const each = async (table: string, order: string, take: (group: GroupRows, row: Row) => void) => {
    for (const row of await sql(`SELECT * FROM ${table} WHERE groupId >= ? ORDER BY ${order}`, [from])) {
      const group = groups.get(Number(row.groupId));
      if (!group) throw new Error(`${table} tells of a group that is not there: ${row.groupId}`);
      take(group, row);
    }
  };
  await each('group_chat_member', 'userId', ({ members }, { userId, rights, readSeq, mutedUntil }) => {
    members[Number(userId)] = {
      rights: Number(rights),
      readSeq: Number(readSeq),
      muted: Number(mutedUntil) > now,
    };
  });
  await each('group_ban', 'userId', ({ banned }, { userId }) => banned.push(Number(userId)));
  await each('group_join_request', 'userId', ({ asking }, { userId }) => asking.push(Number(userId)));
  await each('group_message', 'groupId, seq', ({ messages }, row) => {
    if (Number(row.seq) !== messages.length + 1) throw new Error(`group ${row.groupId} has a hole before ${row.seq}`);
    messages.push({
      from: Number(row.fromUserId),
      kind: row.kind === 1 ? 'notice' : 'normal',
      content: String(row.content),
      recalled: row.recalled === 1,
      ...(row.notice === null ? {} : { notice: timeless(JSON.parse(String(row.notice)) as Record<string, unknown>) }),
    });
  });
  return groups;
}

/** Writes groups as they are, with ids from `from` on: a thousand of them are there at once. */
export async function writeGroups(sql: Sql, from: number, groups: readonly GroupRows[]): Promise<void> {
  const now = Date.now();
  const long = 10 * 60_000;
  await insert(
    sql,
    'group_chat (id, groupNumber, groupName, ownerId, state, announcement, joinPolicy, memberCount, createTime, lastSeq)',
    groups.map((group, i) => {
      const { groupName, ownerId, state, announcement, joinPolicy, memberCount, lastSeq } = group;
      const id = from + i;
      return [id, 88_888_886 + id, groupName, ownerId, state, announcement, joinPolicy, memberCount, now, lastSeq];
    }),
  );
  const rowsOf = (rows: (group: GroupRows) => unknown[][]) =>
    groups.flatMap((group, i) => rows(group).map((row) => [from + i, ...row]));
  await insert(
    sql,
    'group_chat_member (groupId, userId, rights, readSeq, mutedUntil, joinTime)',
    rowsOf(({ members }) =>
      Object.entries(members).map(([id, { rights, readSeq, muted }]) => [
        Number(id),
        rights,
        readSeq,
        muted ? now + long : 0,
        now,
      ]),
    ),
  );
  await insert(
    sql,
    'group_ban (groupId, userId)',
    rowsOf(({ banned }) => banned.map((id) => [id])),
  );
  await insert(
    sql,
    'group_join_request (groupId, userId, createTime)',
    rowsOf(({ asking }) => asking.map((id) => [id, now])),
  );
  await insert(
    sql,
    'group_message (groupId, seq, id, fromUserId, content, kind, notice, createTime, recalled)',
    rowsOf(({ messages }) =>
      messages.map(({ from: author, kind, content, notice }, i) => [
        i + 1,
        `01890a5d-ac96-774b-bcce-${String(i).padStart(12, '0')}`,
        author,
        content,
        kind === 'notice' ? 1 : 0,
        notice ? JSON.stringify(notice) : null,
        content === 'old' ? now - long : now,
        0,
      ]),
    ),
  );
}

async function insert(sql: Sql, into: string, rows: readonly (readonly unknown[])[]): Promise<void> {
  const atOnce = 100;
  for (let start = 0; start < rows.length; start += atOnce) {
    const some = rows.slice(start, start + atOnce);
    const values = some.map((row) => `(${row.map(() => '?').join()})`).join();
    await sql(`INSERT INTO ${into} VALUES ${values}`, some.flat());
  }
}
