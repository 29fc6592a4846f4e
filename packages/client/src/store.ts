import type { Place, ReceivedMessage } from './frames.js';

/** A message on its way, or one that was refused, as it is kept. */
export interface KeptOutgoing {
  readonly clientId: string;
  readonly place: Place;
  readonly content: string;
  /** Unix milliseconds when it was handed over, different for each message of a client: they are sent in this order. */
  readonly since: number;
  /** Why it failed: it waits for its user to try again or to discard it. */
  readonly failed?: { readonly code: string; readonly message: string };
}

/**
 * Where a client keeps what it could not yet send, and the newest messages. `indexedDbStore()` for browsers and
 * `memoryStore()` are two; any other that keeps these promises will do. Whatever rejects is told as an `error` event, and
 * the client goes on without.
 */
export interface ChatStore {
  /** Opens what is kept for a user. Several clients, as in several tabs, may have the same user's open at once. */
  open(userId: number): Promise<UserStore>;
}

export interface UserStore {
  /**
   * Messages that nobody is sending or showing any more, because who kept them is gone: they are the caller's from now on,
   * and no second caller gets them. In any order.
   */
  adopt(): Promise<KeptOutgoing[]>;
  /** Keeps a message until `remove`, as it stands now. */
  put(message: KeptOutgoing): Promise<void>;
  remove(clientId: string): Promise<void>;
  /** Keeps messages that were delivered; only the newest of each conversation need be held. */
  keep(place: Place, messages: readonly ReceivedMessage[]): Promise<void>;
  /** The newest messages of a conversation without a hole between them, ascending by `seq`. */
  recent(place: Place): Promise<ReceivedMessage[]>;
  /** Forgets everything about this user, as after a logout. */
  clear(): Promise<void>;
  /** What is still to be sent is up for adoption now. */
  close(): Promise<void>;
}

/** Messages of one conversation that are kept. */
export const mostKept = 200;

/** Adds messages to those kept before: the newest stay, what was recalled goes, and nothing before a hole. */
export function merged(kept: readonly ReceivedMessage[], fresh: readonly ReceivedMessage[]): ReceivedMessage[] {
  const all = new Map([...kept, ...fresh].map((message) => [message.seq, message]));
  for (const { notice } of fresh) {
    const recalled = notice?.event === 'recalled' ? all.get(notice.seq ?? 0) : undefined;
    if (recalled) all.set(recalled.seq, { ...recalled, content: '', recalled: true });
  }
  const newest = [...all.values()].sort((a, b) => a.seq - b.seq).slice(-mostKept);
  const hole = newest.findLastIndex((message, index) => index > 0 && newest[index - 1]?.seq !== message.seq - 1);
  return hole < 0 ? newest : newest.slice(hole);
}
