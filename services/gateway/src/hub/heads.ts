import type { Person } from './people.js';

/** The newest seqs of conversations, by group id and by the other user's. */
export interface Heads {
  readonly groups: Record<string, number>;
  readonly users: Record<string, number>;
}

/** What moved for this person after the tick of the hub's clock; nothing: undefined. */
export function headsSince(person: Person, tick: number): Heads | undefined {
  const groups: Heads['groups'] = {};
  const users: Heads['users'] = {};
  let moved = false;
  for (const room of person.rooms) {
    // A list is on its way to who is deaf, and says where they begin.
    if (room.movedTick <= tick || room.isDeaf(person)) continue;
    groups[room.groupId] = room.head;
    moved = true;
  }
  for (const [peer, conversation] of person.conversations) {
    if (typeof conversation === 'number' || conversation.movedTick <= tick) continue;
    users[peer] = conversation.head;
    moved = true;
  }
  return moved ? { groups, users } : undefined;
}
