import { TeahouseError } from '@teahouse/contracts';
import type { Answer, Ask, Service } from './service.js';
import { groupAtLogin, groupSummary } from './shapes.js';
import { enrol, groupsOfUser, isKnown } from './store.js';

/** The first login makes a member of the official group; later ones change nothing, also after leaving it. */
export async function session(service: Service, { userId }: Ask<'session'>): Promise<Answer<'session'>> {
  const read = () => service.database.read((manager) => groupsOfUser(manager, userId));
  const groups = await read();
  if (groups.length > 0) return { groups: groups.map(groupAtLogin) };
  await enrolled(service, userId);
  return { groups: (await read()).map(groupAtLogin) };
}

export async function listGroups({ database }: Service, { caller }: Ask<'listGroups'>): Promise<Answer<'listGroups'>> {
  const groups = await database.read((manager) => groupsOfUser(manager, caller.userId));
  return { groups: groups.map(groupSummary) };
}

/** Sees to it that the service knows this user, who is somebody: they act, or they were found. */
export async function enrolled({ database, memberships }: Service, userId: number): Promise<void> {
  if (await database.read((manager) => isKnown(manager, userId))) return;
  await database.transaction((manager) => enrol(manager, userId));
  await memberships.tell([userId]);
}

/** As `enrolled` for somebody whom the caller names. NOT_FOUND where there is no such account. */
export async function enrolledByName(service: Service, userId: number): Promise<void> {
  await mustExist(service, userId);
  await enrolled(service, userId);
}

/** NOT_FOUND where nobody has this id. */
export async function mustExist({ database, people }: Service, userId: number): Promise<void> {
  if (await database.read((manager) => isKnown(manager, userId))) return;
  if (!(await people.exists(userId))) throw new TeahouseError('NOT_FOUND', 'There is no such user.');
}
