import { ChatError, type GroupWhole, type Member } from '@teahouse/client';
import { shallowReactive } from 'vue';
import { groupTold, patch } from './chats';
import { ask, login, onClient, onLeave } from './login';
import { learn } from './people';
import type { Chat, Person } from './types';

/** The whole of the groups that were looked at, by id. */
const groups = shallowReactive(new Map<number, GroupWhole>());
/** Who asks to join, by group id; only of groups one runs. */
const requests = shallowReactive(new Map<number, readonly Person[]>());

export const groupOf = (id: number): GroupWhole | undefined => groups.get(id);
export const requestsOf = (id: number): readonly Person[] => requests.get(id) ?? [];

/** Reads the whole of a group. Rejects with ChatError. */
export async function readGroup(groupId: number): Promise<GroupWhole> {
  const { group } = await ask('groupInfo', { groupId });
  groups.set(groupId, group);
  groupTold(group);
  return group;
}

export async function readRequests(groupId: number): Promise<void> {
  const told = (await ask('listJoinRequests', { groupId })).requests;
  requests.set(
    groupId,
    told.map(({ userId, ...rest }) => ({ id: userId, ...rest })),
  );
}

export async function answerRequest(groupId: number, person: Person, accept: boolean): Promise<void> {
  await ask('answerJoinRequest', { groupId, userId: person.id, accept });
  requests.set(
    groupId,
    requestsOf(groupId).filter(({ id }) => id !== person.id),
  );
}

/** Finds somebody by the exact name. @throws ChatError NOT_FOUND */
export async function personNamed(username: string): Promise<Person> {
  const person = (await ask('findUser', { username: username.trim() })).users[0];
  if (!person) throw new ChatError('NOT_FOUND');
  learn(person);
  return person;
}

/** Applies a notice to what is known of its group. */
export function applyNotice(chat: Chat, from: number, notice: NonNullable<Chat['last']>['notice']): void {
  if (!notice || !('groupId' in chat.place)) return;
  const me = login.user?.id;
  const mine = (notice.userId ?? notice.by ?? from) === me;
  const change: Partial<Chat> = {};
  if (notice.event === 'rights' && mine && notice.rights) change.rights = notice.rights;
  if (notice.event === 'owner') {
    if (notice.userId === me) change.rights = 'owner';
    else if (chat.rights === 'owner') change.rights = 'admin';
  }
  if (notice.event === 'muted' && mine) change.mutedUntil = notice.mutedUntil;
  if (notice.event === 'unmuted' && mine) change.mutedUntil = undefined;
  if (notice.event === 'state' && notice.state) change.state = notice.state;
  if (notice.event === 'dissolved') change.state = 'dissolved';
  if (notice.event === 'updated' && notice.groupName !== undefined) change.name = notice.groupName;
  if (Object.keys(change).length > 0) patch(chat.place, change);
  const whole = groups.get(chat.place.groupId);
  if (!whole) return;
  const { groupName, announcement, joinPolicy } = notice;
  groups.set(whole.id, {
    ...whole,
    ...(change.state ? { state: change.state } : {}),
    ...(notice.event === 'updated' && groupName !== undefined ? { groupName } : {}),
    ...(notice.event === 'updated' && announcement !== undefined ? { announcement } : {}),
    ...(notice.event === 'updated' && joinPolicy !== undefined ? { joinPolicy } : {}),
  });
}

onClient((client) => {
  client.on('groupChanged', ({ group }) => groups.set(group.id, { ...groups.get(group.id), ...group }));
  client.on('joinRequest', ({ groupId, user }) => {
    requests.set(groupId, [...requestsOf(groupId).filter(({ id }) => id !== user.id), user]);
  });
});

onLeave(() => {
  groups.clear();
  requests.clear();
});

/** The notice is about a member other than by a name: lists of members show it at once. */
export function changedMember(member: Member, notice: NonNullable<Chat['last']>['notice']): Member | undefined {
  if (!notice) return member;
  const { event, userId, by } = notice;
  if (event === 'owner' && member.userId === by && member.rights === 'owner') return { ...member, rights: 'admin' };
  if (member.userId !== (userId ?? by)) return member;
  const { mutedUntil: _, ...unmuted } = member;
  switch (event) {
    case 'left':
    case 'removed':
    case 'banned':
      return undefined;
    case 'muted':
      return notice.mutedUntil === undefined ? member : { ...member, mutedUntil: notice.mutedUntil };
    case 'unmuted':
      return unmuted;
    case 'rights':
      return notice.rights ? { ...member, rights: notice.rights } : member;
    case 'owner':
      return { ...member, rights: 'owner' };
    default:
      return member;
  }
}
