import type { GroupState, JoinPolicy, Member, MemberRights, User } from '@teahouse/client';
import type { Chat } from './types';

/** Who may do what, as the server decides it: so that the page offers nothing that would be refused. */

type Rank = 0 | 1 | 2;

/** The system's admin does in every group what its owner may. */
function rankOf(me: Pick<User, 'role'>, rights: MemberRights): Rank {
  if (me.role === 'admin' || rights === 'owner') return 2;
  return rights === 'admin' ? 1 : 0;
}

interface Standing {
  readonly rights: MemberRights;
  readonly state: GroupState;
}

/** Owner, admins and the system's admin run a group, until it is dissolved. */
export function mayManage(me: User, { rights, state }: Standing): boolean {
  return state !== 'dissolved' && rankOf(me, rights) >= 1;
}

export function mayDissolve(me: User, { rights, state }: Standing): boolean {
  return state !== 'dissolved' && rankOf(me, rights) === 2;
}

export function mayLeave({ rights }: Standing): boolean {
  return rights !== 'owner';
}

export function mayInvite(me: User, standing: Standing, joinPolicy: JoinPolicy): boolean {
  return mayManage(me, standing) || (joinPolicy === 'open' && standing.state !== 'dissolved');
}

export type MemberAction = 'mute' | 'unmute' | 'makeAdmin' | 'makeMember' | 'makeOwner' | 'remove' | 'ban';

/** What one may do with a member: the owner acts on all others, an admin on members, nobody on the owner. */
export function actionsOn(me: User, standing: Standing, member: Member, now: number): MemberAction[] {
  const rank = rankOf(me, standing.rights);
  if (rank === 0 || standing.state === 'dissolved' || member.userId === me.id || member.rights === 'owner') return [];
  if (rank === 1 && member.rights !== 'member') return [];
  const moderation: MemberAction[] = [isMuted(member.mutedUntil, now) ? 'unmute' : 'mute', 'remove', 'ban'];
  if (rank === 1) return moderation;
  return [...moderation, member.rights === 'admin' ? 'makeMember' : 'makeAdmin', 'makeOwner'];
}

export type Silence = 'dissolved' | 'muted' | 'adminsOnly' | 'member';

/** Why one may not speak in a group at present. */
export function silenceOf(chat: Pick<Chat, 'state' | 'rights' | 'mutedUntil'>, now: number): Silence | undefined {
  if (chat.state === 'dissolved' || chat.state === 'muted') return chat.state;
  if (chat.state === 'adminsOnly' && chat.rights === 'member') return 'adminsOnly';
  return isMuted(chat.mutedUntil, now) ? 'member' : undefined;
}

export function isMuted(mutedUntil: string | undefined, now: number): boolean {
  return mutedUntil !== undefined && Date.parse(mutedUntil) > now;
}

const recallMs = 2 * 60 * 1000;

/** One's own message for two minutes; whoever runs the group at any time. */
export function mayRecall(
  me: User,
  chat: Chat,
  message: { readonly from: number; readonly createTime: string },
  now: number,
): boolean {
  if ('groupId' in chat.place && chat.state === 'dissolved') return false;
  if ('groupId' in chat.place && rankOf(me, chat.rights) >= 1) return true;
  return message.from === me.id && now - Date.parse(message.createTime) < recallMs;
}
