import { keyOf, type ReceivedMessage } from './frames.js';
import { type ChatStore, type KeptOutgoing, merged, type UserStore } from './store.js';

interface Kept {
  readonly outgoing: Map<string, KeptOutgoing & { owner: object | undefined }>;
  readonly recent: Map<string, ReceivedMessage[]>;
}

/** Keeps everything as long as the process lives: for tests, and for clients that follow each other in one process. */
export function memoryStore(): ChatStore {
  const users = new Map<number, Kept>();
  return {
    async open(userId) {
      const kept = users.get(userId) ?? { outgoing: new Map(), recent: new Map() };
      users.set(userId, kept);
      return userStore(kept);
    },
  };
}

function userStore({ outgoing, recent }: Kept): UserStore {
  const owner = {};
  return {
    async adopt() {
      const free = [...outgoing.values()].filter((message) => message.owner === undefined);
      for (const message of free) message.owner = owner;
      return free.map(({ owner: _, ...message }) => message);
    },
    async put(message) {
      outgoing.set(message.clientId, { ...message, owner });
    },
    async remove(clientId) {
      outgoing.delete(clientId);
    },
    async keep(place, messages) {
      recent.set(keyOf(place), merged(recent.get(keyOf(place)) ?? [], messages));
    },
    async recent(place) {
      return [...(recent.get(keyOf(place)) ?? [])];
    },
    async clear() {
      outgoing.clear();
      recent.clear();
    },
    async close() {
      for (const message of outgoing.values()) if (message.owner === owner) message.owner = undefined;
    },
  };
}
