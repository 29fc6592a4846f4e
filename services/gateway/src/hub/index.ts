import type { Bus } from '@teahouse/bus';
import {
  decodeEvent,
  type EventHeader,
  type GroupAtLogin,
  type GroupHeads,
  type PrivateHeads,
  subjects,
} from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import { wrapText } from '../wire.js';
import { Arrivals, type ArrivalsHost, type Lists } from './arrivals.js';
import { type Heads, headsSince } from './heads.js';
import { smallGroupsOf, tellNeighbours } from './neighbours.js';
import { type HubSocket, Person, pushFrames, type Seat } from './people.js';
import { clockSlackMs, Privates, type PrivatesHost } from './privates.js';
import { Reads, type WholeOfGroup } from './reads.js';
import { Room, type RoomHost } from './room.js';
import { type Run, runOf, type Track } from './track.js';

export type { Lists } from './arrivals.js';
export type { HubSocket } from './people.js';

/**
 * Which sockets of this gateway hear what: rooms and people in two maps kept in step, one subscription a group and a
 * user, made on first in and ended on last out. Knows nothing of other gateways; the bus does.
 */
export class Hub implements RoomHost, PrivatesHost, ArrivalsHost {
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #reads: Reads;
  readonly #privates: Privates;
  readonly #arrivals: Arrivals;
  readonly #rooms = new Map<number, Room>();
  readonly #people = new Map<number, Person>();
  readonly #seats = new Map<HubSocket, Seat>();
  readonly #ends: (() => void)[];
  /** Moves with every message heard of; only the hub moves it. */
  clock = 0;
  #disconnectedAt = 0;
  /** Counted since the start, for /metrics. */
  readonly stats = { deliveries: 0, repairs: 0, catchUps: 0 };

  /** Called when somebody who is connected here comes into a group later than at login. */
  readonly cameIn: (userId: number, groupId: number) => void;

  constructor(options: { bus: Bus; log: Log; cameIn: (userId: number, groupId: number) => void }) {
    this.#bus = options.bus;
    this.cameIn = options.cameIn;
    this.#log = options.log;
    this.#reads = new Reads(options.bus);
    this.#privates = new Privates(this, this.#reads);
    this.#arrivals = new Arrivals(this, this.#reads, options.log);
    const groupHeads = options.bus.subscribe(subjects.groupHeads, (payload) => this.#onGroupHeads(payload));
    const privateHeads = options.bus.subscribe(subjects.privateHeads, (payload) => this.#onPrivateHeads(payload));
    const status = options.bus.onStatus((now) => {
      if (now === 'disconnected') this.#disconnectedAt ||= Date.now();
      else this.#reconnected();
    });
    this.#ends = [() => groupHeads.unsubscribe(), () => privateHeads.unsubscribe(), status];
  }

  get size(): { rooms: number; people: number; sockets: number } {
    return { rooms: this.#rooms.size, people: this.#people.size, sockets: this.#seats.size };
  }

  /**
   * Hears the user's events from now on, reads groups and conversations, enters the rooms. Never rejects for a service
   * that is missing: it is named in `unavailable`, and its list follows in a frame of its own. `onReady` is called at
   * the moment the socket hears messages: `ready` must be sent inside it, so that nothing overtakes it.
   */
  enter(socket: HubSocket, onReady: (lists: Lists) => void): Promise<void> {
    return this.#arrivals.enter(socket, onReady);
  }

  leave(socket: HubSocket): void {
    this.#arrivals.cancel(socket);
    const seat = this.#seats.get(socket);
    const person = this.#people.get(socket.userId);
    if (seat === undefined || person === undefined) return;
    this.#seats.delete(socket);
    person.seats = person.seats.filter((one) => one !== seat);
    this.release(person);
  }

  /** The newest seqs that moved since this socket was last told; nothing moved: undefined. */
  headsFor(socket: HubSocket): Heads | undefined {
    const seat = this.#seats.get(socket);
    const person = this.#people.get(socket.userId);
    if (seat === undefined || person === undefined || seat.toldTick === this.clock) return undefined;
    const since = seat.toldTick;
    seat.toldTick = this.clock;
    return headsSince(person, since);
  }

  /** The groups in which presence is pushed of a user who is connected here. */
  smallGroupsOf(userId: number): number[] {
    return smallGroupsOf(this.#people.get(userId));
  }

  /** Queues a frame for all here who share one of these groups with the user. Returns for how many sockets. */
  tellNeighbours(userId: number, groups: readonly number[], frame: object): number {
    return tellNeighbours(this.#rooms, userId, groups, frame);
  }

  /** A connection got the ack of its own message; the same message need not reach it as well. */
  ackedInGroup(groupId: number, seq: number, connectionId: string): void {
    this.#rooms.get(groupId)?.acked(seq, connectionId);
  }

  ackedInPrivate(userId: number, peer: number, seq: number, connectionId: string): void {
    const conversation = this.#people.get(userId)?.conversations.get(peer);
    if (conversation !== undefined && typeof conversation !== 'number') conversation.acked(seq, connectionId);
  }

  /** Messages of a group of which no event tells. */
  hearGroup(groupId: number, run: Run): void {
    this.#rooms.get(groupId)?.accept(run);
  }

  /** Messages between two people of which no event tells. */
  hearPrivate(users: readonly [number, number], run: Run): void {
    for (const userId of users) {
      const person = this.#people.get(userId);
      if (person !== undefined) this.#privates.hear(person, users, run);
    }
  }

  /** The group is known to have reached a seq. */
  learnGroup(groupId: number, seq: number): void {
    this.#rooms.get(groupId)?.learn(seq);
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#arrivals.close();
    for (const room of this.#rooms.values()) this.#closeRoom(room);
    for (const person of this.#people.values()) this.#closePerson(person);
  }

  // What rooms, conversations and arrivals ask of the hub.

  person(userId: number): Person | undefined {
    return this.#people.get(userId);
  }

  /** The person, heard from now on. The caller counts itself in `arriving` and calls `release` in the end. */
  arrive(userId: number): Person {
    let person = this.#people.get(userId);
    if (person === undefined) {
      person = new Person(userId);
      const here = person;
      person.subscription = this.#bus.subscribe(subjects.userAll(userId), (payload) =>
        this.#onUserEvent(here, payload),
      );
      this.#people.set(userId, person);
    }
    person.arriving += 1;
    return person;
  }

  seat(person: Person, socket: HubSocket, toldTick: number): void {
    const seat = { socket, toldTick };
    this.#seats.set(socket, seat);
    person.seats = [...person.seats, seat];
  }

  /** Forgets a person without connections. */
  release(person: Person): void {
    if (person.seats.length > 0 || person.arriving > 0) return;
    this.#closePerson(person);
  }

  /** The room of a group that somebody here is in, listening from now on. `position`: what is already history for them. */
  room(groupId: number, position: number): { room: Room; fresh: boolean } {
    const known = this.#rooms.get(groupId);
    if (known !== undefined) return { room: known, fresh: false };
    const room = new Room(groupId, position, this);
    room.subscription = this.#bus.subscribe(subjects.groupEvent(groupId), (payload) =>
      this.#onGroupEvent(room, payload),
    );
    this.#rooms.set(groupId, room);
    return { room, fresh: true };
  }

  empty(room: Room): void {
    this.#closeRoom(room);
  }

  fetchGroup(groupId: number, afterSeq: number): Promise<Run> {
    this.stats.repairs += 1;
    return this.#reads.groupRun(groupId, afterSeq, (userId) => this.#people.has(userId));
  }

  fetchWhole(groupId: number, userIds: readonly number[]): Promise<WholeOfGroup> {
    return this.#reads.whole(groupId, userIds);
  }

  fetchPrivate(users: [number, number], afterSeq: number): Promise<Run> {
    this.stats.repairs += 1;
    return this.#reads.privateRun(users, afterSeq);
  }

  isBehind(groups: readonly GroupAtLogin[]): boolean {
    return groups.some(({ id, lastSeq }) => (this.#rooms.get(id)?.wholeSeq ?? 0) > lastSeq);
  }

  retell(people: readonly Person[]): void {
    for (const person of people) person.untold = true;
    this.#arrivals.resync(people);
  }

  tellCatchUp(people: Iterable<Person>, place: { groupId: number } | { with: number }, seq: number): void {
    this.stats.catchUps += 1;
    const wrapped = wrapText(JSON.stringify({ type: 'catchUp', ...place, seq }));
    for (const person of people) for (const { socket } of person.seats) socket.outbox.push(wrapped);
  }

  failed(what: string, error: unknown): void {
    this.#log.warn({ err: error }, `${what} failed; what is missing is asked for again`);
  }

  delivered(count: number): void {
    this.stats.deliveries += count;
  }

  tick(): number {
    this.clock += 1;
    return this.clock;
  }

  // What comes from the bus.

  #onGroupEvent(room: Room, payload: Uint8Array): void {
    const { header, frames } = decodeEvent(payload);
    if (header.kind === 'run') room.accept(runOf(header, frames));
    else if (header.kind === 'push') pushFrames(frames, room.people, header.except);
  }

  #onUserEvent(person: Person, payload: Uint8Array): void {
    const { header, frames } = decodeEvent(payload);
    if (header.kind === 'run') this.#privates.hear(person, header.users ?? [0, 0], runOf(header, frames));
    else if (header.kind === 'push') pushFrames(frames, [person], header.except);
    else if (header.kind === 'member') {
      // Of a group that one should not be in any more the notice is found by its room.
      if (header.groups.some((id) => this.#rooms.get(id)?.has(person) !== true)) this.#arrivals.resync([person]);
    } else this.#onMove(person, header, frames);
  }

  /** Came into or went out of a group; told to the user, as nobody here may listen to that group yet. */
  #onMove(person: Person, move: Extract<EventHeader, { kind: 'enter' | 'exit' }>, frames: readonly Uint8Array[]): void {
    person.version += 1;
    if (move.kind === 'enter') {
      const { room, fresh } = this.room(move.groupId, move.seq - 1);
      room.comes(person, move.seq, frames, fresh);
      if (move.memberCount !== undefined) room.counted(move.memberCount, move.seq);
      if (fresh) this.#arrivals.checkHead(room);
    } else this.#rooms.get(move.groupId)?.goes(person, move.seq);
  }

  #onGroupHeads(payload: Uint8Array): void {
    for (const [groupId, seq] of (parse(payload) as GroupHeads).heads) this.learnGroup(groupId, seq);
  }

  #onPrivateHeads(payload: Uint8Array): void {
    this.learnPrivate((parse(payload) as PrivateHeads).heads);
  }

  learnPrivate(heads: readonly [number, number, number][]): void {
    this.#privates.learn(heads);
  }

  conversation(person: Person, peer: number, position: number): Track {
    return this.#privates.open(person, peer, position);
  }

  /** Events published while we were cut off are gone: compare everything with the services. */
  #reconnected(): void {
    const since = (this.#disconnectedAt || Date.now()) - 2 * clockSlackMs;
    this.#disconnectedAt = 0;
    this.#arrivals.compareAll([...this.#rooms.values()], [...this.#people.values()], since);
  }

  #closeRoom(room: Room): void {
    room.close();
    room.subscription?.unsubscribe();
    for (const person of room.people) person.rooms.delete(room);
    if (this.#rooms.get(room.groupId) === room) this.#rooms.delete(room.groupId);
  }

  #closePerson(person: Person): void {
    person.subscription?.unsubscribe();
    if (this.#people.get(person.userId) === person) this.#people.delete(person.userId);
    for (const room of [...person.rooms]) room.remove(person);
    for (const conversation of person.conversations.values())
      if (typeof conversation !== 'number') conversation.close();
  }
}

const parse = (payload: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(payload));
