import { TeahouseError } from '@teahouse/contracts';
import { changeGroup } from './change.js';
import { GroupJoinRequest } from './entities.js';
import { Rights } from './numbers.js';
import { pushToUser } from './publish.js';
import { mustRank, standing } from './rules.js';
import type { Answer, Ask, Service } from './service.js';
import { adminsOf, joinRequests, maxRequests, readGroup } from './store.js';

/** Admins of one group who are told of a request at once; the others find it in the list. */
const adminsTold = 100;

export async function listJoinRequests(
  { database, people }: Service,
  { caller, groupId }: Ask<'listJoinRequests'>,
): Promise<Answer<'listJoinRequests'>> {
  const rows = await database.read(async (manager) => {
    mustRank(standing(await readGroup(manager, groupId, caller.userId), caller), 'admin');
    return joinRequests(manager, groupId, maxRequests);
  });
  const names = await people.named(rows.map(({ userId }) => userId));
  return { requests: names.map(({ id, username, nickname }) => ({ userId: id, username, nickname })) };
}

export async function answerJoinRequest(
  service: Service,
  request: Ask<'answerJoinRequest'>,
): Promise<Answer<'answerJoinRequest'>> {
  const { caller, groupId, userId, accept } = request;
  await changeGroup(service, caller, groupId, async (change, mine) => {
    mustRank(mine, 'admin');
    const { manager } = change;
    if (!(await manager.existsBy(GroupJoinRequest, { groupId, userId }))) {
      throw new TeahouseError('NOT_FOUND', 'This user does not ask to join.');
    }
    if (!accept) await manager.delete(GroupJoinRequest, { groupId, userId });
    // Nobody is a member and asks, as whoever comes in asks no more.
    else await change.enter(userId, Rights.member, 'joined');
    change.audit('answerJoinRequest', userId, { accept });
  });
  pushToUser(service.bus, userId, { type: 'joinAnswer', groupId, accepted: accept });
  return {};
}

/** Tells the owner and admins who asks to join. Never rejects: the request stands in the list whoever was told of it. */
export async function tellAdmins(
  { database, bus, people, log }: Service,
  groupId: number,
  userId: number,
): Promise<void> {
  try {
    const admins = await database.read((manager) => adminsOf(manager, groupId, adminsTold));
    const [user] = await people.named([userId]);
    if (!user) return;
    for (const admin of admins) pushToUser(bus, admin, { type: 'joinRequest', groupId, user });
  } catch (error) {
    log.warn({ err: error }, 'admins are not told of a join request');
  }
}
