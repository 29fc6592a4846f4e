import { firstGroupNumber, limits, officialGroup, TeahouseError } from '@teahouse/contracts';
import { list } from '@teahouse/service-kit/database';
import { type EntityManager, In, LessThanOrEqual } from 'typeorm';
import {
  GroupBan,
  GroupChat,
  GroupChatMember,
  GroupDissolving,
  GroupJoinRequest,
  GroupMute,
  GroupUser,
} from './entities.js';
import { Policy, Rights, State } from './numbers.js';

/* The SQL of groups and members. Everything takes the manager of the caller's connection or transaction. */

/** A group as its row says, and the member row of one user, if there is one. */
export interface GroupAndMember {
  readonly group: GroupChat | null;
  readonly member: GroupChatMember | null;
}

/** A group in the list of one user. */
export type GroupOfUser = Pick<GroupChat, 'id' | 'groupName' | 'state' | 'lastSeq' | 'memberCount'> &
  Pick<GroupChatMember, 'rights' | 'readSeq'> & { groupNumber: number };

/** SQLite has no row locks; its transactions run one at a time. */
const forUpdate = (manager: EntityManager) =>
  manager.dataSource.options.type === 'better-sqlite3' ? {} : { lock: { mode: 'pessimistic_write' as const } };

/** In one statement, and none that TypeORM composes each time: every page of history begins with it. */
export async function readGroup(manager: EntityManager, groupId: number, userId: number): Promise<GroupAndMember> {
  const [row] = await manager.query<(GroupChat & (GroupChatMember | Record<keyof GroupChatMember, null>))[]>(
    `SELECT g.*, m.groupId, m.userId, m.rights, m.mutedUntil, m.readSeq, m.joinTime
     FROM group_chat g LEFT JOIN group_chat_member m ON m.groupId = g.id AND m.userId = ? WHERE g.id = ?`,
    [userId, groupId],
  );
  if (!row) return { group: null, member: null };
  return { group: row, member: row.userId === null ? null : row };
}

/** As `readGroup`, after locking the group's row: until the commit nobody else changes the group or stores a message in it. */
export async function lockGroup(manager: EntityManager, groupId: number, userId: number): Promise<GroupAndMember> {
  const group = await manager.findOne(GroupChat, { where: { id: groupId }, ...forUpdate(manager) });
  return { group, member: group && (await readMember(manager, groupId, userId)) };
}

export function readMember(manager: EntityManager, groupId: number, userId: number): Promise<GroupChatMember | null> {
  return manager.findOneBy(GroupChatMember, { groupId, userId });
}

/** A user's row, locked; null for one who was never in any group. */
export function lockUser(manager: EntityManager, userId: number): Promise<GroupUser | null> {
  return manager.findOne(GroupUser, { where: { userId }, ...forUpdate(manager) });
}

/** A dissolved group whose members are not all told yet, locked; another instance at work on it is waited for. */
export async function lockDissolving(manager: EntityManager): Promise<GroupDissolving | null> {
  return manager.findOne(GroupDissolving, { where: {}, order: { groupId: 'ASC' }, ...forUpdate(manager) });
}

/** Counts a user in or out of a group. The new version makes what the view tells of them newer than what it told. */
export async function countMembership(manager: EntityManager, userId: number, by: 1 | -1): Promise<void> {
  await manager.query(
    'UPDATE group_user SET groupCount = groupCount + ?, membershipVersion = membershipVersion + 1, changedAt = ? WHERE userId = ?',
    [by, Date.now(), userId],
  );
}

/** A new group without members. Its number follows from its id, so that no two are alike whoever makes one meanwhile. */
export async function insertGroup(
  manager: EntityManager,
  fields: Pick<GroupChat, 'groupName' | 'joinPolicy' | 'ownerId'>,
): Promise<GroupChat> {
  const group = {
    ...fields,
    groupNumber: null,
    state: State.normal,
    announcement: '',
    memberCount: 0,
    createTime: Date.now(),
    lastSeq: 0,
    movedAt: 0,
    movedSecond: 0,
    archivedThroughSeq: 0,
    hotFromSeq: 1,
    evictableSince: Number.MAX_SAFE_INTEGER,
  };
  // A copy, as TypeORM writes into what it inserts.
  const inserted = await manager.insert(GroupChat, { ...group });
  const id = Number(inserted.identifiers[0]?.id);
  const groupNumber = firstGroupNumber + id - officialGroup.id - 1;
  await manager.update(GroupChat, { id }, { groupNumber });
  return { ...group, id, groupNumber };
}

/** All groups of a user by id, dissolved ones included. */
export function groupsOfUser(manager: EntityManager, userId: number): Promise<GroupOfUser[]> {
  return manager.query<GroupOfUser[]>(
    `SELECT g.id, g.groupNumber, g.groupName, g.state, g.lastSeq, g.memberCount, m.rights, m.readSeq
     FROM group_chat_member m JOIN group_chat g ON g.id = m.groupId WHERE m.userId = ? ORDER BY g.id`,
    [userId],
  );
}

/** As `groupsOfUser` for several users, by user and then by group, so many rows at most. */
export function groupsOfUsers(
  manager: EntityManager,
  userIds: readonly number[],
  rows: number,
): Promise<(GroupOfUser & { userId: number })[]> {
  const wanted = list(userIds);
  return manager.query<(GroupOfUser & { userId: number })[]>(
    `SELECT m.userId, g.id, g.groupNumber, g.groupName, g.state, g.lastSeq, g.memberCount, m.rights, m.readSeq
     FROM group_chat_member m JOIN group_chat g ON g.id = m.groupId
     WHERE m.userId IN ${wanted.sql} ORDER BY m.userId, g.id LIMIT ${rows}`,
    [...wanted.params],
  );
}

export async function idOfNumber(manager: EntityManager, groupNumber: number): Promise<number | undefined> {
  return (await manager.findOne(GroupChat, { select: { id: true }, where: { groupNumber } }))?.id;
}

/** Groups that are not dissolved by number, or by a part of the name without `invite` groups. Reads the whole table for a name. */
export function findGroups(
  manager: EntityManager,
  by: { groupNumber: number } | { text: string },
): Promise<GroupChat[]> {
  const query = manager
    .createQueryBuilder(GroupChat, 'g')
    .where('g.state <> :dissolved', { dissolved: State.dissolved });
  if ('groupNumber' in by) return query.andWhere('g.groupNumber = :groupNumber', by).getMany();
  const pattern = `%${by.text.replaceAll(/[!%_]/g, '!$&')}%`;
  return query
    .andWhere('g.joinPolicy <> :invite', { invite: Policy.invite })
    .andWhere("g.groupName LIKE :pattern ESCAPE '!'", { pattern })
    .orderBy('g.memberCount', 'DESC')
    .addOrderBy('g.id')
    .limit(limits.findGroup)
    .getMany();
}

/** Takes the owner out of a group's row. Plain SQL, as libsql takes a lone NULL among what is bound for an object. */
export async function clearOwner(manager: EntityManager, groupId: number): Promise<void> {
  await manager.query('UPDATE group_chat SET ownerId = NULL WHERE id = ?', [groupId]);
}

/** Members by user id, `limit` at most, those after `afterUserId`. */
export function membersAfter(
  manager: EntityManager,
  groupId: number,
  afterUserId: number,
  limit: number,
): Promise<GroupChatMember[]> {
  return manager
    .createQueryBuilder(GroupChatMember, 'm')
    .where('m.groupId = :groupId AND m.userId > :afterUserId', { groupId, afterUserId })
    .orderBy('m.userId')
    .limit(limit)
    .getMany();
}

/** Those of these users who are members. */
export async function membersAmong(
  manager: EntityManager,
  groupId: number,
  userIds: readonly number[],
): Promise<GroupChatMember[]> {
  return userIds.length === 0 ? [] : manager.findBy(GroupChatMember, { groupId, userId: In([...userIds]) });
}

/** The owner and the admins of a group, `limit` at most. */
export async function adminsOf(manager: EntityManager, groupId: number, limit: number): Promise<number[]> {
  const rows = await manager.find(GroupChatMember, {
    select: { userId: true },
    where: { groupId, rights: In([Rights.owner, Rights.admin]) },
    take: limit,
  });
  return rows.map(({ userId }) => userId);
}

/** The newest `seq` of each of these groups that exists. */
export async function headsOf(manager: EntityManager, groupIds: readonly number[]): Promise<[number, number][]> {
  if (groupIds.length === 0) return [];
  const wanted = list(groupIds);
  const rows = await manager.query<{ id: number; lastSeq: number }[]>(
    `SELECT id, lastSeq FROM group_chat WHERE id IN ${wanted.sql}`,
    [...wanted.params],
  );
  return rows.map(({ id, lastSeq }) => [id, lastSeq]);
}

/** Moves a member's read mark forward, never back. */
export async function moveReadMark(
  manager: EntityManager,
  groupId: number,
  userId: number,
  seq: number,
): Promise<void> {
  await manager
    .createQueryBuilder()
    .update(GroupChatMember)
    .set({ readSeq: seq })
    .where('groupId = :groupId AND userId = :userId AND readSeq < :seq', { groupId, userId, seq })
    .execute();
}

export function isBanned(manager: EntityManager, groupId: number, userId: number): Promise<boolean> {
  return manager.existsBy(GroupBan, { groupId, userId });
}

/** People who may wait to join one group, so that their list is one payload. */
export const maxRequests = 500;

/** Notes that a user asks to join; false where the user asked before. CONFLICT where too many wait. */
export async function keepRequest(manager: EntityManager, groupId: number, userId: number): Promise<boolean> {
  if (await manager.existsBy(GroupJoinRequest, { groupId, userId })) return false;
  if ((await manager.countBy(GroupJoinRequest, { groupId })) >= maxRequests) {
    throw new TeahouseError('CONFLICT', 'Too many people are waiting to join this group.');
  }
  await manager.insert(GroupJoinRequest, { groupId, userId, createTime: Date.now() });
  return true;
}

/** Who asks to join, oldest first. */
export function joinRequests(manager: EntityManager, groupId: number, limit: number): Promise<GroupJoinRequest[]> {
  return manager.find(GroupJoinRequest, {
    where: { groupId },
    order: { createTime: 'ASC', userId: 'ASC' },
    take: limit,
  });
}

/** The mute that a former member took along, which is forgotten here; 0 for none. */
export async function takeMute(manager: EntityManager, groupId: number, userId: number): Promise<number> {
  const mute = await manager.findOneBy(GroupMute, { groupId, userId });
  if (!mute) return 0;
  await manager.delete(GroupMute, { groupId, userId });
  return mute.mutedUntil;
}

/** Remembers the mute of one who goes out, and forgets the ended ones of the group. */
export async function keepMute(manager: EntityManager, member: GroupChatMember, now: number): Promise<void> {
  await manager.delete(GroupMute, { groupId: member.groupId, mutedUntil: LessThanOrEqual(now) });
  if (member.mutedUntil > now) {
    await manager.insert(GroupMute, { groupId: member.groupId, userId: member.userId, mutedUntil: member.mutedUntil });
  }
}

/** Whether the user has ever been in a group. */
export function isKnown(manager: EntityManager, userId: number): Promise<boolean> {
  return manager.existsBy(GroupUser, { userId });
}

/** Which of these users have ever been in a group. */
export async function knownAmong(manager: EntityManager, userIds: readonly number[]): Promise<Set<number>> {
  const rows = await manager.find(GroupUser, { select: { userId: true }, where: { userId: In([...userIds]) } });
  return new Set(rows.map(({ userId }) => userId));
}

/**
 * Makes new users members of the official group, but those banned there. No notice tells of it: everybody is a member.
 * Locks the official group first, as every change of a group does, so that two first logins at once make one member.
 */
export async function enrol(manager: EntityManager, userIds: readonly number[]): Promise<void> {
  const groupId = officialGroup.id;
  const group = await manager.findOne(GroupChat, { where: { id: groupId }, ...forUpdate(manager) });
  if (!group) return;
  const known = await knownAmong(manager, userIds);
  const fresh = userIds.filter((userId) => !known.has(userId));
  if (fresh.length === 0) return;
  const there = { where: { groupId, userId: In(fresh) }, select: { userId: true } } as const;
  const barred = new Set([
    ...(await manager.find(GroupChatMember, there)).map(({ userId }) => userId),
    ...(await manager.find(GroupBan, there)).map(({ userId }) => userId),
  ]);
  const joining = fresh.filter((userId) => !barred.has(userId));
  const changedAt = Date.now();
  const users = fresh.map((userId) => ({
    userId,
    membershipVersion: barred.has(userId) ? 1 : 0,
    changedAt,
    groupCount: barred.has(userId) ? 0 : 1,
  }));
  await manager.insert(GroupUser, users);
  if (joining.length === 0) return;
  const member = { groupId, rights: Rights.member, mutedUntil: 0, readSeq: group.lastSeq, joinTime: changedAt };
  await manager.insert(
    GroupChatMember,
    joining.map((userId) => ({ ...member, userId })),
  );
  await manager.increment(GroupChat, { id: groupId }, 'memberCount', joining.length);
}
