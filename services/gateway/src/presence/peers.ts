import type { PresenceBeat, PresenceChange, PresencePage } from '@teahouse/contracts';

/** Without a sign of life for so long a gateway is gone, with all its users: two beats lost, and some time for a busy loop. */
const leaseMs = 13_000;
/** A gateway that said goodbye: its clients are told to come back within 5 s. */
const byeMs = 7_000;
const askMs = 1_000;
/** Gateways followed, and users of one; what is beyond is as if it did not exist. */
const maxPeers = 1_000;
const maxUsers = 1_000_000;

/** What the others' news mean for this gateway. */
export interface PeersHost {
  ask(of: string): void;
  /** One more, or one less, gateway where the user is online. Without groups nobody said which the user is in. */
  came(userId: number, groups?: readonly number[]): void;
  went(userId: number, time: number, groups?: readonly number[]): void;
  /** The user, who is online there already, is in these groups as well. */
  also(userId: number, groups: readonly number[]): void;
}

interface Peer {
  users: Set<number>;
  /** number of the last thing heard */
  n: number;
  /** Nothing was missed, so that `users` is what that gateway means. */
  whole: boolean;
  /** The whole list was never heard: it makes nobody come. */
  fresh: boolean;
  /** a list being told */
  list: Set<number> | undefined;
  askedAt: number;
  heardAt: number;
  /** the same in unix milliseconds */
  heardTime: number;
  left: boolean;
}

/** Who is online at the other gateways, as they tell it. Times are those of `performance.now()` unless said otherwise. */
export class Peers {
  readonly #host: PeersHost;
  readonly #peers = new Map<string, Peer>();

  constructor(host: PeersHost) {
    this.#host = host;
  }

  /** Those that have not said goodbye. */
  get size(): number {
    return [...this.#peers.values()].filter(({ left }) => !left).length;
  }

  /** No other gateway is followed, not even one that said goodbye. */
  get none(): boolean {
    return this.#peers.size === 0;
  }

  change(event: PresenceChange, now: number): void {
    const peer = this.#follow(event, now);
    if (peer === undefined) return;
    peer.list = undefined;
    for (const [userId, groups] of event.came) {
      if (peer.users.has(userId)) this.#host.also(userId, groups);
      else this.#add(peer, userId, groups);
    }
    for (const [userId, groups, time] of event.went)
      if (peer.users.delete(userId)) this.#host.went(userId, time, groups);
    this.#askIfTorn(event.from, peer, now);
  }

  page(event: PresencePage, now: number): void {
    const peer = this.#follow(event, now);
    if (peer === undefined) return;
    if (event.first) peer.list = new Set();
    const { list } = peer;
    // A part that was missed has spoilt the list; after the next beat it is asked for again.
    if (list === undefined) return;
    for (const userId of event.users) if (list.size < maxUsers) list.add(userId);
    if (event.last) this.#takeList(peer, list);
  }

  beat(event: PresenceBeat, now: number): void {
    const peer = this.#peer(event.from, now);
    if (peer === undefined) return;
    peer.heardAt = now;
    peer.heardTime = Date.now();
    peer.left = event.bye === true;
    peer.list = undefined;
    if (event.n !== peer.n || event.users !== peer.users.size) peer.whole = false;
    peer.n = event.n;
    if (!peer.left) this.#askIfTorn(event.from, peer, now);
  }

  /** Forgets those who have not been heard for too long. */
  check(now: number): void {
    for (const [id, peer] of this.#peers) {
      if (now - peer.heardAt <= (peer.left ? byeMs : leaseMs)) continue;
      this.#peers.delete(id);
      for (const userId of peer.users) this.#host.went(userId, peer.heardTime);
    }
  }

  /** Nobody could be heard lately: everybody has their time from now on. */
  excuse(now: number): void {
    for (const peer of this.#peers.values()) peer.heardAt = now;
  }

  #peer(id: string, now: number): Peer | undefined {
    const known = this.#peers.get(id);
    if (known !== undefined || this.#peers.size >= maxPeers) return known;
    const peer: Peer = {
      users: new Set(),
      n: 0,
      whole: true,
      fresh: true,
      list: undefined,
      askedAt: Number.NEGATIVE_INFINITY,
      heardAt: now,
      heardTime: Date.now(),
      left: false,
    };
    this.#peers.set(id, peer);
    return peer;
  }

  /** The peer that said the next thing, or one after a gap. */
  #follow(event: PresenceChange | PresencePage, now: number): Peer | undefined {
    const peer = this.#peer(event.from, now);
    if (peer === undefined) return undefined;
    if (event.n !== peer.n + 1) {
      peer.whole = false;
      peer.list = undefined;
    }
    if (event.n === 1) peer.fresh = false;
    peer.n = event.n;
    return peer;
  }

  #add(peer: Peer, userId: number, groups?: readonly number[]): void {
    if (peer.users.has(userId) || peer.users.size >= maxUsers) return;
    peer.users.add(userId);
    this.#host.came(userId, groups);
  }

  #takeList(peer: Peer, list: Set<number>): void {
    for (const userId of [...peer.users]) {
      if (list.has(userId)) continue;
      peer.users.delete(userId);
      this.#host.went(userId, Date.now());
    }
    for (const userId of list) this.#add(peer, userId, peer.fresh ? [] : undefined);
    peer.list = undefined;
    peer.whole = true;
    peer.fresh = false;
  }

  #askIfTorn(id: string, peer: Peer, now: number): void {
    if (peer.whole || now - peer.askedAt < askMs) return;
    peer.askedAt = now;
    this.#host.ask(id);
  }
}
