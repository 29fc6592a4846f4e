import { type Caller, type ErrorCode, TeahouseError } from '@teahouse/contracts';
import type { GroupChat, GroupChatMember } from './entities.js';
import { Policy, Rights, State } from './numbers.js';
import type { GroupAndMember } from './store.js';

/*
 * Who may do what. The order of refusals is the protocol's: existence, membership, ban, dissolved, rights, state, own mute.
 */

/** What a caller is to a group that they may know of. */
export interface Standing {
  readonly group: GroupChat;
  readonly member: GroupChatMember | null;
  /** The system's admin, who administers every group as its owner may, member or not. */
  readonly isSystemAdmin: boolean;
}

/** NOT_FOUND for a group that is not there, and for an `invite` group that the caller is not in. */
export function standing({ group, member }: GroupAndMember, caller: Caller): Standing {
  const isSystemAdmin = caller.role === 'admin';
  if (!group || (group.joinPolicy === Policy.invite && !member && !isSystemAdmin)) throw noGroup();
  return { group, member, isSystemAdmin };
}

export const noGroup = () => new TeahouseError('NOT_FOUND', 'There is no such group.');
export const noMember = () => new TeahouseError('NOT_FOUND', 'This user is not a member of the group.');

/** Members read, after the end of the group too, and so does the system's admin. */
export function mustRead({ member, isSystemAdmin }: Standing): void {
  if (!member && !isSystemAdmin) throw new TeahouseError('NOT_A_MEMBER');
}

/** What one has to be to change something; each may do what those after it may do. */
export type Rank = 'owner' | 'admin' | 'member';

function rankOf({ member, isSystemAdmin }: Standing): Rank | undefined {
  if (isSystemAdmin || member?.rights === Rights.owner) return 'owner';
  if (!member) return undefined;
  return member.rights === Rights.admin ? 'admin' : 'member';
}

const height = { member: 0, admin: 1, owner: 2 } as const satisfies Record<Rank, number>;

/** Refuses a change to who is not a member, to everybody once the group is dissolved, and to who ranks too low. */
export function mustRank(standing: Standing, needed: Rank): Rank {
  const rank = rankOf(standing);
  if (!rank) throw new TeahouseError('NOT_A_MEMBER');
  mustLive(standing.group);
  if (height[rank] < height[needed]) throw new TeahouseError('FORBIDDEN');
  return rank;
}

export function mustLive(group: GroupChat): void {
  if (group.state === State.dissolved) throw new TeahouseError('GROUP_DISSOLVED');
}

/** The owner acts on all others, an admin on members; nobody acts on the owner. */
export function mustOutrank(rank: Rank, target: GroupChatMember): void {
  if (target.rights === Rights.owner || (rank !== 'owner' && target.rights !== Rights.member))
    throw new TeahouseError('FORBIDDEN');
}

/** Why one may not speak, for sends (inside the transaction that stores them) and for `typing`. */
export function speakingRefusal(
  group: Pick<GroupChat, 'state' | 'joinPolicy'>,
  member: Pick<GroupChatMember, 'rights' | 'mutedUntil'> | undefined,
  now: number,
): ErrorCode | undefined {
  if (!member) return group.joinPolicy === Policy.invite ? 'NOT_FOUND' : 'NOT_A_MEMBER';
  if (group.state === State.dissolved) return 'GROUP_DISSOLVED';
  if (group.state === State.muted) return 'GROUP_MUTED';
  if (group.state === State.adminsOnly && member.rights === Rights.member) return 'GROUP_MUTED';
  return member.mutedUntil > now ? 'MEMBER_MUTED' : undefined;
}
