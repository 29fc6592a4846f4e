import { keyOf, type Place } from '@teahouse/client';
import { shallowReactive } from 'vue';
import { login, onClient, onLeave, theClient } from './login';
import { wonder } from './people';

const heardForMs = 4_000;
const toldEveryMs = 2_000;

/** Who is writing where: key → user ids. Each is forgotten after four seconds. */
const writing = shallowReactive(new Map<string, readonly number[]>());
const timers = new Map<string, ReturnType<typeof setTimeout>>();
let lastTold = 0;

export function writersIn(key: string): readonly number[] {
  return writing.get(key) ?? [];
}

/** Tells the others, at most every two seconds. */
export function tellTyping(place: Place): void {
  const now = Date.now();
  if (now - lastTold < toldEveryMs) return;
  lastTold = now;
  theClient().typing(place);
}

export function stoppedTyping(key: string, userId: number): void {
  const left = writersIn(key).filter((id) => id !== userId);
  if (left.length > 0) writing.set(key, left);
  else writing.delete(key);
  clearTimeout(timers.get(`${key} ${userId}`));
  timers.delete(`${key} ${userId}`);
}

/** One's next word is told at once again. */
export function sentIt(): void {
  lastTold = 0;
}

onClient((client) => {
  client.on('typing', ({ groupId, userId }) => {
    if (userId === login.user?.id) return;
    const place = groupId === undefined ? { with: userId } : { groupId };
    const key = keyOf(place);
    wonder(userId, place);
    stoppedTyping(key, userId);
    writing.set(key, [...writersIn(key), userId]);
    timers.set(
      `${key} ${userId}`,
      setTimeout(() => stoppedTyping(key, userId), heardForMs),
    );
  });
});

onLeave(() => {
  for (const timer of timers.values()) clearTimeout(timer);
  timers.clear();
  writing.clear();
});
