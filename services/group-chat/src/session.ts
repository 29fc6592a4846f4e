import { TeahouseError } from '@teahouse/contracts';
import type { Answer, Ask, Service } from './service.js';
import { groupAtLogin, groupSummary } from './shapes.js';
import { enrol, type GroupOfUser, groupsOfUser, groupsOfUsers, isKnown, knownAmong } from './store.js';

/** Rows of one answer: with names of the greatest length about 400 KiB, with usual ones 150. */
const rowsAtOnce = 1000;

/** The first login makes a member of the official group; later ones change nothing, also after leaving it. */
export async function sessions(service: Service, { userIds }: Ask<'sessions'>): Promise<Answer<'sessions'>> {
  const lists = await listsOf(service, userIds);
  const without = [...lists].filter(([, groups]) => groups.length === 0).map(([userId]) => userId);
  if (without.length > 0) {
    await enrolled(service, without);
    for (const [userId, groups] of await listsOf(service, without)) lists.set(userId, groups);
  }
  return { sessions: [...lists].map(([userId, groups]) => ({ userId, groups: groups.map(groupAtLogin) })) };
}

/** The groups of these users by user id; without the last of them where there are too many rows for one answer. */
async function listsOf({ database }: Service, userIds: readonly number[]): Promise<Map<number, GroupOfUser[]>> {
  const wanted = [...new Set(userIds)].sort((a, b) => a - b);
  const rows = await database.read((manager) => groupsOfUsers(manager, wanted, rowsAtOnce));
  const lists = new Map<number, GroupOfUser[]>();
  // The list of the last user may have been cut; whoever comes after was not reached.
  const reached = rows.length < rowsAtOnce ? Number.POSITIVE_INFINITY : (rows.at(-1)?.userId as number);
  for (const userId of wanted) if (userId < reached) lists.set(userId, []);
  for (const { userId, ...group } of rows) lists.get(userId)?.push(group);
  const [first] = wanted;
  if (first !== undefined && lists.size === 0)
    lists.set(first, await database.read((manager) => groupsOfUser(manager, first)));
  return lists;
}

export async function listGroups({ database }: Service, { caller }: Ask<'listGroups'>): Promise<Answer<'listGroups'>> {
  const groups = await database.read((manager) => groupsOfUser(manager, caller.userId));
  return { groups: groups.map(groupSummary) };
}

/** Sees to it that the service knows these users, who are somebody: they act, or they were found. */
export async function enrolled({ database, memberships }: Service, userIds: readonly number[]): Promise<void> {
  const known = await database.read((manager) => knownAmong(manager, userIds));
  const fresh = userIds.filter((userId) => !known.has(userId));
  if (fresh.length === 0) return;
  await database.transaction((manager) => enrol(manager, fresh));
  await memberships.tell(fresh);
}

/** As `enrolled` for somebody whom the caller names. NOT_FOUND where there is no such account. */
export async function enrolledByName(service: Service, userId: number): Promise<void> {
  await mustExist(service, userId);
  await enrolled(service, [userId]);
}

/** NOT_FOUND where nobody has this id. */
export async function mustExist({ database, people }: Service, userId: number): Promise<void> {
  if (await database.read((manager) => isKnown(manager, userId))) return;
  if (!(await people.exists(userId))) throw new TeahouseError('NOT_FOUND', 'There is no such user.');
}
