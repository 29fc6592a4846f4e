import { limits, memberRights, TeahouseError } from '@teahouse/contracts';
import { changeGroup } from './change.js';
import { Policy, Rights, State, wordOf } from './numbers.js';
import { tellAdmins } from './requests.js';
import { mustLive, mustRank, mustRead, noGroup, standing } from './rules.js';
import type { Answer, Ask, Service } from './service.js';
import { enrolled, enrolledByName } from './session.js';
import { mutedUntil } from './shapes.js';
import { clearOwner, idOfNumber, isBanned, keepRequest, membersAfter, readGroup, readMember } from './store.js';

export async function joinGroup(service: Service, request: Ask<'joinGroup'>): Promise<Answer<'joinGroup'>> {
  // Joining is what everybody does alike: the system's admin is nobody special here.
  const caller = { ...request.caller, role: 'user' as const };
  const groupId = await namedGroup(service, request);
  await enrolled(service, [caller.userId]);
  const { status, isNew } = await changeGroup(service, caller, groupId, async (change, { member, group }) => {
    if (!member && (await isBanned(change.manager, groupId, caller.userId)))
      throw new TeahouseError('FORBIDDEN', 'You are banned from this group.');
    mustLive(group);
    if (member) return { status: 'joined' as const, isNew: false };
    if (group.joinPolicy === Policy.approval) {
      return { status: 'requested' as const, isNew: await keepRequest(change.manager, groupId, caller.userId) };
    }
    await change.enter(caller.userId, Rights.member, 'joined');
    return { status: 'joined' as const, isNew: true };
  });
  if (status === 'requested' && isNew) await tellAdmins(service, groupId, caller.userId);
  return { groupId, status };
}

async function namedGroup({ database }: Service, { groupId, groupNumber }: Ask<'joinGroup'>): Promise<number> {
  if (groupId !== undefined && groupNumber === undefined) return groupId;
  if (groupId !== undefined || groupNumber === undefined)
    throw new TeahouseError('BAD_REQUEST', 'Give either groupId or groupNumber.');
  const found = await database.read((manager) => idOfNumber(manager, groupNumber));
  if (found === undefined) throw noGroup();
  return found;
}

export async function inviteMember(
  service: Service,
  { caller, groupId, userId }: Ask<'inviteMember'>,
): Promise<Answer<'inviteMember'>> {
  // Strangers do not learn from the answer who has an account.
  const seen = standing(await service.database.read((manager) => readGroup(manager, groupId, caller.userId)), caller);
  mustRank(seen, seen.group.joinPolicy === Policy.open ? 'member' : 'admin');
  await enrolledByName(service, userId);
  return changeGroup(service, caller, groupId, async (change, mine) => {
    const rank = mustRank(mine, mine.group.joinPolicy === Policy.open ? 'member' : 'admin');
    if (await readMember(change.manager, groupId, userId)) return {};
    if (await isBanned(change.manager, groupId, userId))
      throw new TeahouseError('FORBIDDEN', 'This user is banned from the group.');
    await change.enter(userId, Rights.member, 'joined');
    if (rank !== 'member') change.audit('inviteMember', userId);
    return {};
  });
}

export async function leaveGroup(
  service: Service,
  { caller, groupId }: Ask<'leaveGroup'>,
): Promise<Answer<'leaveGroup'>> {
  return changeGroup(service, caller, groupId, async (change, { member, group }) => {
    if (!member) throw new TeahouseError('NOT_A_MEMBER');
    if (member.rights === Rights.owner) {
      // Out of a dissolved group everybody may go, its owner too: else it stayed in their list for ever.
      if (group.state !== State.dissolved)
        throw new TeahouseError('FORBIDDEN', 'The owner must hand the group over or dissolve it first.');
      await clearOwner(change.manager, groupId);
    }
    await change.leave(member, 'left');
    return {};
  });
}

export async function listMembers(
  service: Service,
  { caller, groupId, after, limit }: Ask<'listMembers'>,
): Promise<Answer<'listMembers'>> {
  const { database, people } = service;
  const size = limit ?? limits.members;
  const rows = await database.read(async (manager) => {
    mustRead(standing(await readGroup(manager, groupId, caller.userId), caller));
    return membersAfter(manager, groupId, after ?? 0, size + 1);
  });
  const page = rows.slice(0, size);
  const names = await people.named(page.map(({ userId }) => userId));
  const members = page.map((row, index) => ({
    userId: row.userId,
    username: names[index]?.username ?? `user${row.userId}`,
    nickname: names[index]?.nickname ?? `user${row.userId}`,
    rights: wordOf(memberRights, row.rights),
    ...mutedUntil(row),
  }));
  return { members, more: rows.length > size };
}
