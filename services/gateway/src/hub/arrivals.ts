import type { ConversationSummary, GroupAtLogin, GroupSummary } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import { isOutdated, placeInConversations, type TimedList } from './conversation-list.js';
import { Missed, type MissedHost } from './missed.js';
import type { HubSocket, Person, RoomOfPerson, Seat } from './people.js';
import type { ConversationList, Reads } from './reads.js';
import type { Room } from './room.js';
import type { Track } from './track.js';

/** How often lists that a service owed are asked again, and how many users at once. */
const owedMs = 500;
const owedAtOnce = 50;
/** A list that went stale while it was read is read again this often at most. */
const readings = 3;
/** Ids of one comparison with the services. */
const pageSize = 1000;

/** What `ready` tells. */
export interface Lists {
  groups: GroupSummary[];
  conversations: ConversationSummary[];
  moreConversations?: true;
  unavailable?: ('groups' | 'conversations')[];
}

/** The groups of a person, and the person's version when they were asked for. */
interface GroupList {
  readonly groups: GroupAtLogin[];
  readonly version: number;
}

/** What arrivals need of the hub. */
export interface ArrivalsHost extends MissedHost {
  arrive(userId: number): Person;
  release(person: Person): void;
  /** @param toldTick what moved after it by the hub's clock is named by the first heartbeat */
  seat(person: Person, socket: HubSocket, toldTick: number): void;
  /** Moves with every message heard of. */
  readonly clock: number;
  room(groupId: number, position: number): { room: Room; fresh: boolean };
  /** Whether more was told of one of these groups than this list knows. */
  isBehind(groups: readonly GroupAtLogin[]): boolean;
  /** Reads the lists of these people again and tells their clients. */
  retell(people: readonly Person[]): void;
  conversation(person: Person, peer: number, position: number): Track;
}

/** How sockets come into their rooms: at login, when a service that was missing is back, after the bus was gone. */
export class Arrivals {
  readonly #hub: ArrivalsHost;
  readonly #reads: Reads;
  readonly #log: Log;
  readonly #missed: Missed;
  readonly #arriving = new Set<HubSocket>();
  readonly #owed = new Map<HubSocket, { groups: boolean; conversations: boolean }>();
  readonly #stale = new Set<Person>();
  #fresh: Room[] = [];
  #owedTimer: NodeJS.Timeout | undefined;
  #resyncing = false;
  #closed = false;

  constructor(hub: ArrivalsHost, reads: Reads, log: Log) {
    this.#hub = hub;
    this.#reads = reads;
    this.#log = log;
    this.#missed = new Missed(hub, reads);
  }

  async enter(socket: HubSocket, onReady: (lists: Lists) => void): Promise<void> {
    this.#arriving.add(socket);
    const person = this.#hub.arrive(socket.userId);
    const tick = this.#hub.clock;
    let [groups, conversations] = await Promise.all([this.#readGroups(person), this.#readConversations(person)]);
    // The other list may have taken longer, and what changed meanwhile would be told, or placed, by the old one.
    [groups, conversations] = await Promise.all([
      groups !== undefined && this.#isStale(person, groups) ? this.#readGroups(person) : groups,
      conversations !== undefined && isOutdated(conversations, person)
        ? this.#readConversations(person)
        : conversations,
    ]);
    person.arriving -= 1;
    if (!this.#arriving.delete(socket) || this.#closed) {
      this.#hub.release(person);
      return;
    }
    const unavailable: Lists['unavailable'] = [];
    if (groups === undefined) unavailable.push('groups');
    if (conversations === undefined) unavailable.push('conversations');
    const lists: Lists = {
      groups: groups === undefined ? [] : this.#placeInRooms(person, groups.groups, person.seats),
      ...this.#placeInConversations(person, conversations ?? { conversations: [], more: false }),
      ...(unavailable.length > 0 ? { unavailable } : {}),
    };
    // What moved at each reading, or has no room in the list, is named by the first heartbeat.
    this.#hub.seat(person, socket, tick);
    onReady(lists);
    if (unavailable.length > 0) this.#owe(socket, groups === undefined, conversations === undefined);
    if (groups !== undefined && this.#isStale(person, groups)) this.#hub.retell([person]);
  }

  cancel(socket: HubSocket): void {
    this.#arriving.delete(socket);
    this.#owed.delete(socket);
  }

  /** A room that was just opened may have moved between the read of its head and our subscription. */
  checkHead(room: Room): void {
    if (this.#fresh.push(room) > 1) return;
    setImmediate(() => {
      const rooms = this.#fresh;
      this.#fresh = [];
      this.#compareRooms(rooms);
    });
  }

  /** Reads the memberships of these people again; changes of them may have been missed. */
  resync(people: Iterable<Person>): void {
    for (const person of people) this.#stale.add(person);
    if (this.#resyncing || this.#stale.size === 0) return;
    this.#resyncing = true;
    void this.#resyncAll().finally(() => {
      this.#resyncing = false;
    });
  }

  compareAll(rooms: readonly Room[], people: readonly Person[], since: number): void {
    this.#compareRooms(rooms);
    this.#missed.find(people, since);
    this.resync(people);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#owedTimer);
    this.#missed.close();
    this.#owed.clear();
    this.#stale.clear();
  }

  /** The user's groups, or undefined where group-chat does not answer. */
  async #readGroups(person: Person): Promise<GroupList | undefined> {
    try {
      for (let reading = 1; ; reading += 1) {
        const { version } = person;
        const list = { groups: await this.#reads.groups(person.userId), version };
        if (!this.#isStale(person, list) || reading === readings) return list;
      }
    } catch (error) {
      this.#log.debug({ err: error }, 'groups are unavailable at login');
      return undefined;
    }
  }

  /** The person came or went since it was read, or others were told of a change that it does not know. */
  #isStale(person: Person, { groups, version }: GroupList): boolean {
    return person.version !== version || this.#hub.isBehind(groups);
  }

  async #readConversations(person: Person): Promise<TimedList | undefined> {
    try {
      for (let reading = 1; ; reading += 1) {
        const tick = this.#hub.clock;
        const list = { ...(await this.#reads.conversations(person.userId)), tick };
        if (!isOutdated(list, person) || reading === readings) return list;
      }
    } catch (error) {
      this.#log.debug({ err: error }, 'conversations are unavailable at login');
      return undefined;
    }
  }

  /**
   * Enters and leaves rooms until they are those of the list; tells the list with the positions of the rooms.
   * @param others seats that are not told this list
   */
  #placeInRooms(person: Person, groups: readonly GroupAtLogin[], others: readonly Seat[]): GroupSummary[] {
    const listed = new Set<RoomOfPerson>();
    let entered = false;
    const told = groups.map(({ memberCount, ...group }) => {
      const { room, fresh } = this.#hub.room(group.id, group.lastSeq);
      if (fresh) this.checkHead(room);
      entered ||= !person.rooms.has(room);
      const lastSeq = room.place(person, group.lastSeq);
      room.counted(memberCount, group.lastSeq);
      listed.add(room);
      return { ...group, lastSeq };
    });
    for (const room of [...person.rooms]) if (!listed.has(room)) room.remove(person);
    if (entered && others.length > 0) this.#hub.retell([person]);
    return told;
  }

  #placeInConversations(person: Person, list: ConversationList): ReturnType<typeof placeInConversations> {
    return placeInConversations(person, list, (peer, position) => this.#hub.conversation(person, peer, position));
  }

  #owe(socket: HubSocket, groups: boolean, conversations: boolean): void {
    this.#owed.set(socket, { groups, conversations });
    if (this.#owedTimer === undefined) this.#payLater();
  }

  #payLater(): void {
    this.#owedTimer = setTimeout(() => {
      void this.#pay().finally(() => {
        this.#owedTimer = undefined;
        if (this.#owed.size > 0 && !this.#closed) this.#payLater();
      });
    }, owedMs);
  }

  /** Asks again for the lists owed, some users at once, until one answer is missing still. */
  async #pay(): Promise<void> {
    const waiting = [...this.#owed];
    let served = true;
    for (let at = 0; at < waiting.length && served && !this.#closed; at += owedAtOnce) {
      const results = await Promise.all(
        waiting.slice(at, at + owedAtOnce).map(([socket, owed]) => this.#payOne(socket, owed)),
      );
      served = results.some((paid) => paid);
    }
  }

  /** True where at least one list came. */
  async #payOne(socket: HubSocket, owed: { groups: boolean; conversations: boolean }): Promise<boolean> {
    const person = this.#hub.person(socket.userId);
    if (person === undefined) return true;
    const [groups, conversations] = await Promise.all([
      owed.groups ? this.#readGroups(person) : undefined,
      owed.conversations ? this.#readConversations(person) : undefined,
    ]);
    if (this.#owed.get(socket) !== owed) return true;
    // A list that went stale while the other one was read is owed still.
    if (groups !== undefined && !this.#isStale(person, groups)) {
      owed.groups = false;
      const others = person.seats.filter(
        (seat) => seat.socket !== socket && this.#owed.get(seat.socket)?.groups !== true,
      );
      socket.outbox.send(JSON.stringify({ type: 'groups', groups: this.#placeInRooms(person, groups.groups, others) }));
    }
    if (conversations !== undefined) {
      owed.conversations = false;
      socket.outbox.send(
        JSON.stringify({ type: 'conversations', ...this.#placeInConversations(person, conversations) }),
      );
    }
    if (!owed.groups && !owed.conversations) this.#owed.delete(socket);
    return groups !== undefined || conversations !== undefined;
  }

  async #resyncAll(): Promise<void> {
    while (this.#stale.size > 0 && !this.#closed) {
      const people = [...this.#stale].slice(0, owedAtOnce);
      const done = await Promise.all(people.map((person) => this.#resyncOne(person)));
      if (!done.some((one) => one)) await new Promise((resolve) => setTimeout(resolve, owedMs));
    }
  }

  async #resyncOne(person: Person): Promise<boolean> {
    if (this.#hub.person(person.userId) !== person) {
      this.#stale.delete(person);
      return true;
    }
    const groups = await this.#readGroups(person);
    if (groups === undefined || this.#hub.person(person.userId) !== person) return groups !== undefined;
    if (this.#isStale(person, groups)) return false;
    this.#stale.delete(person);
    const before = [...person.rooms]
      .map((room) => room.groupId)
      .sort()
      .join();
    const told = this.#placeInRooms(person, groups.groups, []);
    const after = told
      .map((group) => group.id)
      .sort()
      .join();
    if (before !== after || person.untold)
      for (const { socket } of person.seats) socket.outbox.send(JSON.stringify({ type: 'groups', groups: told }));
    person.untold = false;
    return true;
  }

  #compareRooms(rooms: readonly Room[]): void {
    for (let at = 0; at < rooms.length; at += pageSize) {
      const page = new Map(rooms.slice(at, at + pageSize).map((room) => [room.groupId, room]));
      this.#reads.groupHeads([...page.keys()]).then(
        (heads) => {
          for (const [groupId, seq] of heads) page.get(groupId)?.learn(seq);
        },
        // The sweep of heads that group-chat publishes every 2 s finds what this missed.
        (error: unknown) => this.#log.debug({ err: error }, 'heads of rooms are unavailable'),
      );
    }
  }
}
