import { type Caller, iso } from '@teahouse/contracts';
import { type Change, changeGroup } from './change.js';
import { GroupBan, type GroupChatMember, GroupJoinRequest } from './entities.js';
import { mustNotBeOfficial } from './groups.js';
import { Rights } from './numbers.js';
import { mustOutrank, mustRank, noMember, standing } from './rules.js';
import type { Answer, Ask, Service } from './service.js';
import { mustExist } from './session.js';
import { isBanned, readGroup, readMember } from './store.js';

/* What owner and admins do to members. Asked again for what is so already, a verb answers as before and says nothing. */

export async function removeMember(
  service: Service,
  { caller, groupId, userId }: Ask<'removeMember'>,
): Promise<Answer<'removeMember'>> {
  return changeGroup(service, caller, groupId, async (change, mine) => {
    const rank = mustRank(mine, 'admin');
    const target = await targetOf(change, userId);
    mustOutrank(rank, target);
    await change.leave(target, 'removed');
    change.audit('removeMember', userId);
    return {};
  });
}

/** Also one who is no member can be banned, and does not come in then. */
export async function banMember(
  service: Service,
  { caller, groupId, userId }: Ask<'banMember'>,
): Promise<Answer<'banMember'>> {
  await somebody(service, caller, groupId, userId);
  return changeGroup(service, caller, groupId, async (change, mine) => {
    const rank = mustRank(mine, 'admin');
    const target = await readMember(change.manager, groupId, userId);
    if (target) mustOutrank(rank, target);
    else if (await isBanned(change.manager, groupId, userId)) return {};
    await change.manager.insert(GroupBan, { groupId, userId });
    await change.manager.delete(GroupJoinRequest, { groupId, userId });
    if (target) await change.leave(target, 'banned');
    else change.note({ event: 'banned', userId });
    change.audit('banMember', userId);
    return {};
  });
}

export async function unbanMember(
  service: Service,
  { caller, groupId, userId }: Ask<'unbanMember'>,
): Promise<Answer<'unbanMember'>> {
  await somebody(service, caller, groupId, userId);
  return changeGroup(service, caller, groupId, async (change, mine) => {
    mustRank(mine, 'admin');
    const { affected } = await change.manager.delete(GroupBan, { groupId, userId });
    if (affected !== 0) change.audit('unbanMember', userId);
    return {};
  });
}

export async function muteMember(
  service: Service,
  { caller, groupId, userId, seconds }: Ask<'muteMember'>,
): Promise<Answer<'muteMember'>> {
  return changeGroup(service, caller, groupId, async (change, mine) => {
    const rank = mustRank(mine, 'admin');
    const target = await targetOf(change, userId);
    mustOutrank(rank, target);
    const now = Date.now();
    if (seconds === 0 && target.mutedUntil <= now) return {};
    const mutedUntil = seconds === 0 ? 0 : now + seconds * 1000;
    await change.setMember(target, { mutedUntil });
    const until = seconds === 0 ? {} : { mutedUntil: iso(mutedUntil) };
    change.note({ event: seconds === 0 ? 'unmuted' : 'muted', userId, ...until });
    change.audit('muteMember', userId, until);
    return {};
  });
}

export async function setRights(
  service: Service,
  { caller, groupId, userId, rights }: Ask<'setRights'>,
): Promise<Answer<'setRights'>> {
  return changeGroup(service, caller, groupId, async (change, mine) => {
    const rank = mustRank(mine, 'owner');
    const target = await targetOf(change, userId);
    mustOutrank(rank, target);
    if (target.rights === Rights[rights]) return {};
    await change.setMember(target, { rights: Rights[rights] });
    change.note({ event: 'rights', userId, rights });
    change.audit('setRights', userId, { rights });
    return {};
  });
}

export async function transferOwner(
  service: Service,
  { caller, groupId, userId }: Ask<'transferOwner'>,
): Promise<Answer<'transferOwner'>> {
  return changeGroup(service, caller, groupId, async (change, mine) => {
    mustRank(mine, 'owner');
    mustNotBeOfficial(groupId);
    const target = await targetOf(change, userId);
    if (target.rights === Rights.owner) return {};
    const { ownerId } = change.group;
    const owner = ownerId === null ? null : await readMember(change.manager, groupId, ownerId);
    if (owner) await change.setMember(owner, { rights: Rights.admin });
    // Nobody could end the mute of an owner.
    if (target.mutedUntil > Date.now()) change.note({ event: 'unmuted', userId });
    await change.setMember(target, { rights: Rights.owner, mutedUntil: 0 });
    await change.set({ ownerId: userId });
    change.note({ event: 'owner', userId });
    change.audit('transferOwner', userId);
    return {};
  });
}

/** NOT_FOUND where there is no such account, for those who may ask: strangers do not learn from the answer who has one. */
async function somebody(service: Service, caller: Caller, groupId: number, userId: number): Promise<void> {
  mustRank(
    standing(await service.database.read((manager) => readGroup(manager, groupId, caller.userId)), caller),
    'admin',
  );
  await mustExist(service, userId);
}

async function targetOf(change: Change, userId: number): Promise<GroupChatMember> {
  const target = await readMember(change.manager, change.group.id, userId);
  if (!target) throw noMember();
  return target;
}
