import type { Bus } from '@teahouse/bus';
import { iso, type MembershipEntry, officialGroup, views } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import { LateView } from '../views.js';

/** What happens to a user within so long is one push, or none. */
const gatherMs = 500;
/** Presence is what is dropped first: frames queued in one go, and users whose groups are looked up in one go. */
const framesAtOnce = 10_000;
const lookUpsAtOnce = 200;
/** Users whose news wait; those beyond are dropped. */
const waiting = 10_000;

interface News {
  readonly was: boolean;
  online: boolean;
  time: number | undefined;
  groups: readonly number[] | undefined;
}

/** Queues a frame for everybody here who shares one of the groups with the user. Returns for how many. */
export type Tell = (userId: number, groups: readonly number[], frame: object) => number;

/** The `presence` frames that clients get unasked. */
export class Pushes {
  readonly #tell: Tell;
  readonly #log: Log;
  readonly #memberships: LateView<MembershipEntry>;
  readonly #news = new Map<number, News>();
  #flushedAt = 0;
  /** Counted since the start, for /metrics. */
  dropped = 0;

  constructor(options: { bus: Bus; log: Log; tell: Tell }) {
    this.#tell = options.tell;
    this.#log = options.log;
    this.#memberships = new LateView(options.bus, views.memberships, options.log);
  }

  /** The user came or went. Without groups they are looked up: the gateway that knew them is gone. */
  note(userId: number, online: boolean, time: number | undefined, groups: readonly number[] | undefined): void {
    if (this.#news.size === 0) this.#flushedAt = performance.now();
    const news = this.#news.get(userId);
    if (news !== undefined) Object.assign(news, { online, time, groups });
    else if (this.#news.size < waiting) this.#news.set(userId, { was: !online, online, time, groups });
    else this.dropped += 1;
  }

  /** The user, who is online, is in these groups as well. */
  also(userId: number, groups: readonly number[]): void {
    const news = this.#news.get(userId);
    if (news === undefined) this.note(userId, true, undefined, groups);
    else if (news.online) Object.assign(news, { was: false, groups: news.groups && [...news.groups, ...groups] });
  }

  tick(now: number): void {
    if (this.#news.size === 0 || now - this.#flushedAt < gatherMs) return;
    this.#flushedAt = now;
    const changed = [...this.#news].filter(([, news]) => news.online !== news.was);
    this.#news.clear();
    let frames = 0;
    const unknown: [number, News][] = [];
    for (const [userId, news] of changed) {
      if (news.groups === undefined && unknown.length < lookUpsAtOnce) unknown.push([userId, news]);
      else if (news.groups === undefined || frames >= framesAtOnce) this.dropped += 1;
      else frames += this.#push(userId, news, news.groups);
    }
    if (unknown.length > 0) void this.#lookUp(unknown);
  }

  close(): void {
    this.#news.clear();
    this.#memberships.close();
  }

  #push(userId: number, { online, time }: News, groups: readonly number[]): number {
    if (groups.length === 0) return 0;
    const lastOnlineTime = time === undefined ? {} : { lastOnlineTime: iso(time) };
    return this.#tell(userId, groups, { type: 'presence', userId, online, ...lastOnlineTime });
  }

  /** Never rejects. Where the view cannot be read nobody is told. */
  async #lookUp(unknown: readonly [number, News][]): Promise<void> {
    try {
      const entries = await Promise.all(unknown.map(([userId]) => this.#memberships.get(String(userId))));
      let frames = 0;
      unknown.forEach(([userId, news], index) => {
        const groups = entries[index]?.groups ?? [officialGroup.id];
        if (frames >= framesAtOnce) this.dropped += 1;
        else frames += this.#push(userId, news, groups);
      });
    } catch (err) {
      this.dropped += unknown.length;
      this.#log.debug({ err }, 'nobody is told who went: memberships cannot be looked up');
    }
  }
}
