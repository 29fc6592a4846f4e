import { keyOf, type Place, type ReadyFrame } from '@teahouse/client';
import { shallowReactive } from 'vue';
import { chats, markedRead } from './chats';
import { ask, login, onClient, onLeave } from './login';

/** How far the other person of a private chat has read, as it was told at login and since. */
const theirs = shallowReactive(new Map<string, number>());

const pauseMs = 300;
const waiting = new Map<string, ReturnType<typeof setTimeout>>();

export function readByPeer(key: string): number {
  return theirs.get(key) ?? 0;
}

/** Whoever answers has read what came before. */
export function peerRead(key: string, seq: number): void {
  if (seq > readByPeer(key)) theirs.set(key, seq);
}

/** The user sees a conversation up to its end; told to the server a moment later, once for all that came. */
export function seen(place: Place): void {
  const key = keyOf(place);
  const chat = chats.get(key);
  if (!chat || chat.lastSeq <= chat.readSeq || waiting.has(key)) return;
  waiting.set(
    key,
    setTimeout(() => {
      waiting.delete(key);
      const seq = chats.get(key)?.lastSeq ?? 0;
      if (seq === 0) return;
      ask('markRead', { ...place, seq }).then(
        ({ readSeq }) => markedRead(key, readSeq),
        () => {}, // The next look marks it again.
      );
    }, pauseMs),
  );
}

function told(conversations: ReadyFrame['conversations']): void {
  for (const { userId, peerReadSeq } of conversations) peerRead(keyOf({ with: userId }), peerReadSeq ?? 0);
}

onClient((client) => {
  client.on('ready', ({ conversations }) => told(conversations));
  client.on('conversations', ({ conversations }) => told(conversations));
  client.on('readMarker', ({ groupId, with: peer, userId, seq }) => {
    const key = groupId !== undefined ? keyOf({ groupId }) : keyOf({ with: peer ?? userId });
    if (userId === login.user?.id) markedRead(key, seq);
    else if (groupId === undefined) peerRead(keyOf({ with: userId }), seq);
  });
});

onLeave(() => {
  for (const timer of waiting.values()) clearTimeout(timer);
  waiting.clear();
  theirs.clear();
});
