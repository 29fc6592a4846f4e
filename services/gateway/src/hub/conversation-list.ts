import type { ConversationSummary } from '@teahouse/contracts';
import type { Person } from './people.js';
import type { ConversationList } from './reads.js';
import type { Track } from './track.js';

/** The conversations of a person, and the hub's clock when they were asked for. */
export interface TimedList extends ConversationList {
  readonly tick: number;
}

/**
 * Something was heard since the list was asked for, in a conversation that it does not tell: one that has just begun, or an
 * old one. Who is not seated yet heard nothing of it, so the list has to tell it.
 */
export function isOutdated({ conversations, tick }: TimedList, person: Person): boolean {
  for (const [peer, state] of person.conversations) {
    if (typeof state === 'number' || state.movedTick <= tick) continue;
    if (!conversations.some(({ userId }) => userId === peer)) return true;
  }
  return false;
}

/**
 * Takes the places of the list where none are known; tells the list with the places that hold.
 * @param follow follows a conversation from a place on
 */
export function placeInConversations(
  person: Person,
  list: ConversationList,
  follow: (peer: number, position: number) => Track,
): { conversations: ConversationSummary[]; moreConversations?: true } {
  const conversations = list.conversations.map((conversation) => {
    const known = person.conversations.get(conversation.userId);
    if (known !== undefined && typeof known !== 'number') {
      known.learn(conversation.lastSeq);
      return { ...conversation, lastSeq: known.position };
    }
    if (known !== undefined && known < conversation.lastSeq) {
      // A first connection was told less; its missing messages come through the repair.
      follow(conversation.userId, known).learn(conversation.lastSeq);
      return { ...conversation, lastSeq: known };
    }
    if (known === undefined) person.conversations.set(conversation.userId, conversation.lastSeq);
    return conversation;
  });
  return { conversations, ...(list.more ? { moreConversations: true as const } : {}) };
}
