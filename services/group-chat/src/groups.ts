import { joinPolicies, limits, memberRights, officialGroup, TeahouseError } from '@teahouse/contracts';
import { changeGroup, makeGroup } from './change.js';
import { retireDissolved } from './dissolving.js';
import { GroupChat, GroupDissolving, GroupJoinRequest } from './entities.js';
import { Policy, State, wordOf } from './numbers.js';
import { mustRank, mustRead, noGroup, standing } from './rules.js';
import type { Answer, Ask, Service } from './service.js';
import { enrolled } from './session.js';
import { groupWhole, mutedUntil, numberOf } from './shapes.js';
import { findGroups, membersAmong, readGroup } from './store.js';

export async function createGroup(
  service: Service,
  { caller, groupName, joinPolicy }: Ask<'createGroup'>,
): Promise<Answer<'createGroup'>> {
  await enrolled(service, [caller.userId]);
  const group = await makeGroup(service, caller, { groupName, joinPolicy: Policy[joinPolicy ?? 'open'] });
  return { groupId: group.id, groupNumber: numberOf(group) };
}

export async function findGroup(
  { database }: Service,
  { groupNumber, text }: Ask<'findGroup'>,
): Promise<Answer<'findGroup'>> {
  if ((groupNumber === undefined) === (text === undefined))
    throw new TeahouseError('BAD_REQUEST', 'Give either groupNumber or text.');
  const found = await database.read((manager) =>
    findGroups(manager, groupNumber === undefined ? { text: text ?? '' } : { groupNumber }),
  );
  return {
    groups: found.slice(0, limits.findGroup).map((group) => ({
      id: group.id,
      groupNumber: numberOf(group),
      groupName: group.groupName,
      joinPolicy: wordOf(joinPolicies, group.joinPolicy),
      memberCount: group.memberCount,
    })),
  };
}

export async function groupInfo(
  { database }: Service,
  { caller, groupId }: Ask<'groupInfo'>,
): Promise<Answer<'groupInfo'>> {
  const mine = standing(await database.read((manager) => readGroup(manager, groupId, caller.userId)), caller);
  mustRead(mine);
  return { group: groupWhole(mine.group, mine.member) };
}

/** For hubs, which know who may hear what. The group is read first: who is none of the members left after `seq` or before. */
export async function whole({ database }: Service, { groupId, userIds }: Ask<'whole'>): Promise<Answer<'whole'>> {
  const { group, members } = await database.read(async (manager) => {
    const group = await manager.findOneBy(GroupChat, { id: groupId });
    if (!group) throw noGroup();
    return { group, members: await membersAmong(manager, groupId, userIds) };
  });
  const standings = members.map((member) => ({
    userId: member.userId,
    rights: wordOf(memberRights, member.rights),
    readSeq: member.readSeq,
    ...mutedUntil(member),
  }));
  return { seq: group.lastSeq, group: groupWhole(group), members: standings };
}

export async function setGroupState(
  service: Service,
  { caller, groupId, state }: Ask<'setGroupState'>,
): Promise<Answer<'setGroupState'>> {
  return changeGroup(service, caller, groupId, async (change, mine) => {
    mustRank(mine, 'admin');
    if (change.group.state === State[state]) return {};
    await change.set({ state: State[state] });
    change.note({ event: 'state', state });
    change.audit('setGroupState', undefined, { state });
    return {};
  });
}

export async function updateGroup(service: Service, request: Ask<'updateGroup'>): Promise<Answer<'updateGroup'>> {
  const { caller, groupId, groupName, announcement, joinPolicy } = request;
  if (groupName === undefined && announcement === undefined && joinPolicy === undefined) {
    throw new TeahouseError('BAD_REQUEST', 'Give at least one of groupName, announcement and joinPolicy.');
  }
  return changeGroup(service, caller, groupId, async (change, mine) => {
    mustRank(mine, 'admin');
    const { group } = change;
    // Only what differs, so that the notice tells what changed.
    const rename = groupName !== undefined && groupName !== group.groupName;
    const announce = announcement !== undefined && announcement !== group.announcement;
    const open = joinPolicy !== undefined && Policy[joinPolicy] !== group.joinPolicy;
    if (!rename && !announce && !open) return {};
    await change.set({
      ...(rename ? { groupName } : {}),
      ...(announce ? { announcement } : {}),
      ...(open ? { joinPolicy: Policy[joinPolicy] } : {}),
    });
    const told = { ...(rename ? { groupName } : {}), ...(open ? { joinPolicy } : {}) };
    change.note({ event: 'updated', ...told, ...(announce ? { announcement } : {}) });
    change.audit('updateGroup', undefined, told);
    return {};
  });
}

export async function dissolveGroup(
  service: Service,
  { caller, groupId }: Ask<'dissolveGroup'>,
): Promise<Answer<'dissolveGroup'>> {
  await changeGroup(service, caller, groupId, async (change, mine) => {
    mustRank(mine, 'owner');
    mustNotBeOfficial(groupId);
    await change.set({ state: State.dissolved });
    await change.manager.delete(GroupJoinRequest, { groupId });
    await change.manager.insert(GroupDissolving, { groupId, afterUserId: 0 });
    change.note({ event: 'dissolved' });
    change.audit('dissolveGroup');
  });
  await retireDissolved(service, 1);
  return {};
}

/** Everybody is a member of the official group and sends go there by default: it has no owner and no end. */
export function mustNotBeOfficial(groupId: number): void {
  if (groupId === officialGroup.id) throw new TeahouseError('FORBIDDEN', 'The official group has no owner and no end.');
}
