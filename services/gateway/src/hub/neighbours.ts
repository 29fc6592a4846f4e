import { limits } from '@teahouse/contracts';
import { wrapText } from '../wire.js';
import type { Person, RoomOfPerson } from './people.js';
import type { Room } from './room.js';

/** The groups of a person in which presence is pushed. */
export function smallGroupsOf(person: Person | undefined): number[] {
  return person === undefined ? [] : [...person.rooms].filter(isSmall).map((room) => room.groupId);
}

const isSmall = (room: RoomOfPerson): boolean => room.memberCount <= limits.presencePushMembers;

/** Queues a frame, once, for everybody else who shares one of these small groups with the user. Returns for how many sockets. */
export function tellNeighbours(
  rooms: ReadonlyMap<number, Room>,
  userId: number,
  groups: readonly number[],
  frame: object,
): number {
  const neighbours = new Set<Person>();
  for (const groupId of groups) {
    const room = rooms.get(groupId);
    if (room === undefined || !isSmall(room)) continue;
    for (const person of room.people) if (person.userId !== userId) neighbours.add(person);
  }
  if (neighbours.size === 0) return 0;
  const wrapped = wrapText(JSON.stringify(frame));
  let told = 0;
  for (const { seats } of neighbours) {
    for (const { socket } of seats) socket.outbox.push(wrapped);
    told += seats.length;
  }
  return told;
}
