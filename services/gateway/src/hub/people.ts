import type { Subscription } from '@teahouse/bus';
import type { Outbox } from '../outbox.js';
import { wrapAll } from '../wire.js';
import type { Run, Track } from './track.js';

/** One logged-in connection as the hub sees it. */
export interface HubSocket {
  readonly id: string;
  readonly userId: number;
  readonly outbox: Outbox;
}

/** A socket that hears messages, and up to where the hub's clock its heads were told. */
export interface Seat {
  readonly socket: HubSocket;
  toldTick: number;
}

/** A room as the people in it see it. */
export interface RoomOfPerson {
  readonly groupId: number;
  readonly position: number;
  readonly head: number;
  readonly movedTick: number;
  /** Infinity where nobody has told it yet */
  readonly memberCount: number;
  /** Hears nothing for now: a list tells them of the room. */
  isDeaf(person: Person): boolean;
  remove(person: Person): void;
}

/** One user with at least one connection here. */
export class Person {
  readonly userId: number;
  /** when the first connection came: private messages before it are history, not news */
  since = Date.now();
  /** a new array at each change: a seat may go while one is told something */
  seats: readonly Seat[] = [];
  readonly rooms = new Set<RoomOfPerson>();
  /** private conversations by the other user's id: a bare position until something happens in one */
  readonly conversations = new Map<number, number | Track>();
  /** moves with every change of membership told by group-chat; a list read before is stale then */
  version = 0;
  /** connections that are not seated yet but count, so that the subscription stays */
  arriving = 0;
  /** came into a group, or was put out, without a word to the clients, who are told the whole list next */
  untold = false;
  subscription: Subscription | undefined;

  constructor(userId: number) {
    this.userId = userId;
  }
}

/** Wraps a run once and queues it for every seat but those that sent the frames. */
export function deliverRun(run: Run, people: Iterable<Person>): number {
  let ready: ReturnType<typeof wrapAll> | undefined;
  const own = run.senders.some((sender) => sender !== '') ? framesBySender(run.senders) : undefined;
  let deliveries = 0;
  for (const person of people) {
    for (const { socket } of person.seats) {
      const skipped = own?.get(socket.id);
      // One of the two people of a private conversation, mostly.
      if (skipped?.length === run.frames.length) continue;
      ready ??= wrapAll(run.frames);
      const { wrapped, ends } = ready;
      if (skipped === undefined) {
        socket.outbox.push(wrapped);
        deliveries += ends.length;
      } else {
        deliveries += pushOthers(socket.outbox, wrapped, ends, skipped);
      }
    }
  }
  return deliveries;
}

/** Queues frames without a place in a conversation for every seat but one. */
export function pushFrames(frames: readonly Uint8Array[], people: Iterable<Person>, except: string | undefined): void {
  const { wrapped } = wrapAll(frames);
  for (const person of people) {
    for (const { socket } of person.seats) if (socket.id !== except) socket.outbox.push(wrapped);
  }
}

function framesBySender(senders: readonly string[]): Map<string, number[]> {
  const own = new Map<string, number[]>();
  senders.forEach((sender, index) => {
    if (sender === '') return;
    const indexes = own.get(sender);
    if (indexes === undefined) own.set(sender, [index]);
    else indexes.push(index);
  });
  return own;
}

/** The stretches between the skipped frames (ascending). Returns how many frames went out. */
function pushOthers(outbox: Outbox, wrapped: Buffer, ends: readonly number[], skipped: readonly number[]): number {
  let start = 0;
  for (const index of skipped) {
    const end = index === 0 ? 0 : (ends[index - 1] as number);
    if (end > start) outbox.push(wrapped.subarray(start, end));
    start = ends[index] as number;
  }
  if (start < wrapped.length) outbox.push(wrapped.subarray(start));
  return ends.length - skipped.length;
}
