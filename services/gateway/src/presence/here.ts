import type { PresenceEvent } from '@teahouse/contracts';

/** For so long a user without a connection counts as online still: a page that is loaded again must not flicker. */
const lingerMs = 2_000;
/** What happened within so long is told together. */
const tellMs = 250;
const beatMs = 5_000;
/** The whole list is told this often at most, however many ask. */
const listMs = 1_000;
/** Numbers in one event, so that it stays well under 256 KiB. */
const eventNumbers = 10_000;
/** Groups named in one telling; whoever comes or goes beyond that is not pushed to clients, only counted. */
const tellGroups = 20_000;

export interface HereHost {
  say(event: PresenceEvent): void;
  came(userId: number, groups: readonly number[]): void;
  went(userId: number, time: number, groups: readonly number[]): void;
  also(userId: number, groups: readonly number[]): void;
}

interface Leaving {
  readonly at: number;
  /** unix milliseconds */
  readonly time: number;
  readonly groups: readonly number[];
}

/** Who is online at this gateway, and the telling of it. Times are those of `performance.now()` unless said otherwise. */
export class Here {
  readonly #from: string;
  readonly #host: HereHost;
  readonly #users = new Set<number>();
  /** without a connection since; oldest first */
  readonly #leaving = new Map<number, Leaving>();
  readonly #came = new Map<number, readonly number[]>();
  readonly #went = new Map<number, Leaving>();
  /** groups that users came into while they were online */
  readonly #also = new Map<number, number[]>();
  #alsoGroups = 0;
  #n = 0;
  #toldAt = 0;
  #beatAt = Number.NEGATIVE_INFINITY;
  #listAt = Number.NEGATIVE_INFINITY;
  #listAsked = false;

  constructor(from: string, host: HereHost) {
    this.#from = from;
    this.#host = host;
  }

  /** The user has a connection now. */
  arrive(userId: number, groups: () => readonly number[]): void {
    if (this.#leaving.delete(userId) || this.#users.has(userId)) return;
    this.#users.add(userId);
    const names = groups();
    if (!this.#went.delete(userId)) this.#came.set(userId, names);
    this.#host.came(userId, names);
  }

  /** The user is in one more group. Where many come into many at once not all of them are told of it. */
  cameInto(userId: number, groupId: number): void {
    if (!this.#users.has(userId)) return;
    this.#host.also(userId, [groupId]);
    if (this.#alsoGroups >= tellGroups) return;
    this.#alsoGroups += 1;
    const groups = this.#also.get(userId);
    if (groups === undefined) this.#also.set(userId, [groupId]);
    else groups.push(groupId);
  }

  /** The user's last connection is gone. */
  leave(userId: number, groups: readonly number[], now: number): void {
    if (this.#users.has(userId) && !this.#leaving.has(userId))
      this.#leaving.set(userId, { at: now, time: Date.now(), groups });
  }

  askList(): void {
    this.#listAsked = true;
  }

  /** Says what is due. */
  tick(now: number): void {
    for (const [userId, leaving] of this.#leaving) {
      if (now - leaving.at < lingerMs) break;
      this.#leaving.delete(userId);
      this.#users.delete(userId);
      this.#also.delete(userId);
      if (!this.#came.delete(userId)) this.#went.set(userId, leaving);
      this.#host.went(userId, leaving.time, leaving.groups);
    }
    if (now - this.#toldAt >= tellMs) this.#tell(now);
    if (this.#listAsked && now - this.#listAt >= listMs) this.#tellList(now);
    if (now - this.#beatAt >= beatMs) this.beat(now);
  }

  beat(now: number, bye = false): void {
    this.#tell(now);
    this.#beatAt = now;
    const { size } = this.#users;
    const beat = { kind: 'beat', from: this.#from, n: this.#n, users: size, ...(bye ? { bye } : {}) } as const;
    this.#host.say(beat);
  }

  #tell(now: number): void {
    this.#toldAt = now;
    if (this.#came.size === 0 && this.#went.size === 0 && this.#also.size === 0) return;
    let left = tellGroups;
    const few = (groups: readonly number[]): number[] => {
      if (groups.length > left) return [];
      left -= groups.length;
      return [...groups];
    };
    let came: [number, number[]][] = [];
    let went: [number, number[], number][] = [];
    let numbers = 0;
    const next = (more: number) => {
      if (numbers > 0 && numbers + more > eventNumbers) {
        this.#sayNext({ kind: 'change', came, went });
        came = [];
        went = [];
        numbers = 0;
      }
      numbers += more;
    };
    for (const [userId, groups] of [...this.#came, ...this.#also]) {
      const names = few(groups);
      next(names.length + 1);
      came.push([userId, names]);
    }
    for (const [userId, { groups, time }] of this.#went) {
      const names = few(groups);
      next(names.length + 2);
      went.push([userId, names, time]);
    }
    this.#came.clear();
    this.#also.clear();
    this.#alsoGroups = 0;
    this.#went.clear();
    this.#sayNext({ kind: 'change', came, went });
  }

  /** In one go, so that nothing comes between the parts. */
  #tellList(now: number): void {
    this.#tell(now);
    this.#listAsked = false;
    this.#listAt = now;
    const all = [...this.#users];
    for (let at = 0; at === 0 || at < all.length; at += eventNumbers) {
      const users = all.slice(at, at + eventNumbers);
      this.#sayNext({ kind: 'page', first: at === 0, last: at + eventNumbers >= all.length, users });
    }
  }

  /** Counts, too, what nobody heard: the others see the gap. */
  #sayNext(
    event:
      | { kind: 'change'; came: [number, number[]][]; went: [number, number[], number][] }
      | { kind: 'page'; first: boolean; last: boolean; users: number[] },
  ): void {
    this.#n += 1;
    this.#host.say({ ...event, from: this.#from, n: this.#n });
  }
}
