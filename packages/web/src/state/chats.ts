import { type GroupWhole, keyOf, type Place, type ReadyFrame, type ReceivedMessage } from '@teahouse/client';
import { computed, shallowReactive } from 'vue';
import { onClient, onLeave, theClient } from './login';
import { learn, nameOf, wonder } from './people';
import type { Chat } from './types';

/** The conversations, by key; a changed one is a new object. As many as the server tells of: 1,000 groups, and people. */
export const chats = shallowReactive(new Map<string, Chat>());

/** So many conversations have their newest message read at login; the others get it when something is said or they are opened. */
const previews = 60;
const previewsAtOnce = 3;

/** Newest first; one whose newest message is not known stands behind, in the server's order. */
export const orderedChats = computed(() => {
  const time = (chat: Chat) => chat.last?.createTime ?? '';
  return [...chats.values()].sort((a, b) => (time(a) < time(b) ? 1 : time(a) > time(b) ? -1 : 0));
});

export const unreadOf = ({ lastSeq, readSeq }: Chat): number => Math.max(0, lastSeq - readSeq);

export const unreadInAll = computed(() => orderedChats.value.reduce((sum, chat) => sum + unreadOf(chat), 0));

export function titleOf(chat: Chat): string {
  return 'with' in chat.place ? nameOf(chat.place.with) : chat.name;
}

/** Changes what is known of a conversation, made where it is new. */
export function patch(place: Place, change: Partial<Chat>): Chat {
  const key = keyOf(place);
  const known: Chat = chats.get(key) ?? {
    key,
    place,
    name: '',
    lastSeq: 0,
    readSeq: 0,
    last: undefined,
    rights: 'member',
    state: 'normal',
    mutedUntil: undefined,
  };
  const chat = { ...known, ...change };
  chats.set(key, chat);
  return chat;
}

export function forget(key: string): void {
  chats.delete(key);
}

/** A message that was delivered: the list shows it, and one's own sends count as read. */
export function heard(place: Place, message: ReceivedMessage, isOwn: boolean): Chat {
  const known = chats.get(keyOf(place));
  const seq = Math.max(known?.lastSeq ?? 0, message.seq);
  const isNewest = message.seq >= (known?.last?.seq ?? 0);
  return patch(place, {
    lastSeq: seq,
    ...(isNewest ? { last: message } : {}),
    ...(isOwn ? { readSeq: Math.max(known?.readSeq ?? 0, message.seq) } : {}),
  });
}

export function markedRead(key: string, seq: number): void {
  const chat = chats.get(key);
  if (chat && seq > chat.readSeq) patch(chat.place, { readSeq: seq });
}

/** The message `seq` of a conversation was recalled. */
export function recalledInList(key: string, seq: number): void {
  const chat = chats.get(key);
  if (chat?.last?.seq === seq) patch(chat.place, { last: { ...chat.last, content: '', recalled: true } });
}

/** What is told of a group, to its members or to oneself alone. */
export function groupTold(group: GroupWhole | ReadyFrame['groups'][number]): void {
  const known = chats.get(keyOf({ groupId: group.id }));
  const { groupName, state, rights, lastSeq, readSeq } = group;
  patch(
    { groupId: group.id },
    {
      name: groupName,
      state,
      ...(rights === undefined ? {} : { rights }),
      ...('announcement' in group && rights !== undefined ? { mutedUntil: group.mutedUntil } : {}),
      ...(lastSeq === undefined ? {} : { lastSeq: Math.max(known?.lastSeq ?? 0, lastSeq) }),
      ...(readSeq === undefined ? {} : { readSeq: Math.max(known?.readSeq ?? 0, readSeq) }),
    },
  );
}

function groupsTold(groups: ReadyFrame['groups']): void {
  const present = new Set(groups.map(({ id }) => keyOf({ groupId: id })));
  for (const [key, { place }] of chats) if ('groupId' in place && !present.has(key)) forget(key);
  for (const group of groups) groupTold(group);
}

function peopleTold(conversations: ReadyFrame['conversations']): void {
  for (const { userId, username, nickname, lastSeq, readSeq } of conversations) {
    learn({ id: userId, username, nickname });
    const known = chats.get(keyOf({ with: userId }));
    const told = { lastSeq: Math.max(known?.lastSeq ?? 0, lastSeq), readSeq: Math.max(known?.readSeq ?? 0, readSeq) };
    patch({ with: userId }, told);
  }
}

/** Reads the newest message of those conversations that have none here, a few at a time. */
async function readPreviews(): Promise<void> {
  const missing = [...chats.values()].filter(({ last, lastSeq }) => lastSeq > (last?.seq ?? 0)).slice(0, previews);
  const worker = async () => {
    for (let chat = missing.shift(); chat; chat = missing.shift()) {
      const { place, key } = chat;
      const { messages } = await theClient().history({ ...place, limit: 1 });
      const last = messages.at(-1);
      if (!last || last.seq <= (chats.get(key)?.last?.seq ?? 0)) continue;
      wonder(last.from, place);
      patch(place, { last });
    }
  };
  await Promise.all(Array.from({ length: previewsAtOnce }, worker));
}

onClient((client) => {
  const previewed = () => void readPreviews().catch(() => {}); // A list without its second line still works.
  client.on('ready', (ready) => {
    if (!ready.unavailable?.includes('groups')) groupsTold(ready.groups);
    if (!ready.unavailable?.includes('conversations')) peopleTold(ready.conversations);
    previewed();
  });
  client.on('groups', ({ groups }) => {
    groupsTold(groups);
    previewed();
  });
  client.on('conversations', ({ conversations }) => {
    peopleTold(conversations);
    previewed();
  });
  client.on('groupChanged', ({ group }) => groupTold(group));
});

onLeave(() => chats.clear());
