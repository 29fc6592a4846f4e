import type { Place, ReadyFrame } from '@teahouse/client';
import { shallowReactive } from 'vue';
import { words } from '../words';
import { ask, login, onClient, onLeave } from './login';
import type { Person } from './types';

/** Everybody heard of, by id. A few dozen bytes each; forgotten at logout. */
const people = shallowReactive(new Map<number, Person>());
/** Whom one has blocked. */
export const blocked = shallowReactive(new Map<number, Person>());

const mostAtOnce = 200;
const lookupsAtOnce = 4;
const mostWaiting = 500;
/** Lookups that wait, by user id, with the conversation that the user spoke in. */
const wanted = new Map<number, Place>();
const tried = new Set<number>();
let running = 0;
/** The official group's id, where one is in it: so is nearly everybody. */
let official = 0;
const officialNumber = 10_000;

export function personOf(id: number): Person | undefined {
  return people.get(id);
}

export function nameOf(id: number): string {
  return people.get(id)?.nickname ?? words.value.talk.user(id);
}

/** Adds to what is known; what is not told now stays. */
export function learn(person: Partial<Person> & { readonly id: number }): void {
  const known = people.get(person.id);
  const nickname = person.nickname ?? known?.nickname;
  if (nickname === undefined) return;
  people.set(person.id, { ...known, ...person, nickname });
}

/** Asks who somebody is that spoke, or is spoken to; whoever is neither there nor in the official group stays a number. */
export function wonder(id: number, place: Place): void {
  if (people.has(id) || tried.has(id) || wanted.size >= mostWaiting) return;
  tried.add(id);
  wanted.set(id, place);
  for (; running < lookupsAtOnce && wanted.size > running; running++) void lookUp();
}

async function lookUp(): Promise<void> {
  try {
    for (const [id, place] of wanted) {
      wanted.delete(id);
      if (people.has(id)) continue;
      if ('groupId' in place) await lookUpMember(id, place.groupId);
      if (!people.has(id) && official > 0) await lookUpMember(id, official);
      if (!people.has(id) && 'with' in place) await lookUpNewest();
    }
  } catch {
    // The number stands in for the name; they are asked for again after the next login.
    tried.clear();
  } finally {
    running -= 1;
  }
}

async function lookUpMember(id: number, groupId: number): Promise<void> {
  const { members } = await ask('listMembers', { groupId, after: id - 1, limit: 1 });
  const member = members[0];
  if (member?.userId === id) learn({ ...member, id });
}

/** Whoever has just written in private is among the newest conversations. */
async function lookUpNewest(): Promise<void> {
  const { conversations } = await ask('listConversations', { limit: 20 });
  for (const { userId, username, nickname } of conversations) learn({ id: userId, username, nickname });
}

/** Asks who of these is online. What presence frames tell afterwards is newer. */
export async function askPresence(ids: readonly number[]): Promise<void> {
  for (let start = 0; start < ids.length; start += mostAtOnce) {
    const userIds = ids.slice(start, start + mostAtOnce);
    const online = new Set((await ask('presence', { userIds })).online);
    for (const id of userIds) learn({ id, online: online.has(id) });
  }
}

export async function block(person: Person): Promise<void> {
  await ask('blockUser', { userId: person.id });
  blocked.set(person.id, person);
}

export async function unblock(id: number): Promise<void> {
  await ask('unblockUser', { userId: id });
  blocked.delete(id);
}

onClient((client) => {
  client.on('presence', ({ userId, online, lastOnlineTime }) =>
    learn({ id: userId, online, ...(lastOnlineTime === undefined ? {} : { lastOnlineTime }) }),
  );
  const groupsTold = ({ groups }: Pick<ReadyFrame, 'groups'>) => {
    official = groups.find(({ groupNumber }) => groupNumber === officialNumber)?.id ?? 0;
  };
  client.on('groups', groupsTold);
  client.on('ready', ({ user, groups, conversations, unavailable }) => {
    tried.clear();
    groupsTold({ groups });
    learn({ ...user, online: true });
    askPresence(conversations.map(({ userId }) => userId)).catch(() => {}); // Then nothing is said of it.
    if (unavailable?.includes('conversations')) return;
    client
      .request('listBlocked', {})
      .then(({ users }) => {
        blocked.clear();
        for (const person of users) blocked.set(person.id, person);
      })
      .catch(() => {}); // A send to a blocked person says so as well.
  });
  client.on('state', (state) => {
    // What one does not hear of, one does not know.
    if (state !== 'ready') for (const person of people.values()) people.set(person.id, unseen(person));
  });
});

function unseen(person: Person): Person {
  const { online: _, ...rest } = person;
  return rest;
}

onLeave(() => {
  people.clear();
  blocked.clear();
  wanted.clear();
  tried.clear();
});

export const isMe = (id: number): boolean => id === login.user?.id;
