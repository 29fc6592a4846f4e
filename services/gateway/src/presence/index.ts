import type { Bus } from '@teahouse/bus';
import { PresenceEvent, subjects } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import { Compile } from 'typebox/compile';
import { Here, type HereHost } from './here.js';
import { Peers, type PeersHost } from './peers.js';
import { Pushes, type Tell } from './pushes.js';

const tickMs = 125;
/** A tick so late: this process stood still, and what the others said meanwhile is still to be read. */
const stoodStillMs = 3_000;
/** Longer than between two signs of life: whoever has not been heard after this is not there. */
const aloneMs = 6_000;

const eventShape = Compile(PresenceEvent);

export interface PresenceOptions {
  readonly bus: Bus;
  readonly log: Log;
  /** Names this gateway among all. */
  readonly instance: string;
  /** The groups of a user connected here that are small enough for pushes. */
  readonly groupsOf: (userId: number) => readonly number[];
  readonly tell: Tell;
}

/**
 * Who is online, at whichever gateway. Each gateway tells the others who came and went and gives a sign of life every 5 s;
 * each keeps a list of every other one, asks for all of it after a gap, and forgets the list of one that fell silent.
 * While the bus is away the others count as they were.
 */
export class Presence implements HereHost, PeersHost {
  readonly #bus: Bus;
  readonly #instance: string;
  readonly #groupsOf: (userId: number) => readonly number[];
  readonly #here: Here;
  readonly #peers = new Peers(this);
  readonly #pushes: Pushes;
  /** at how many gateways a user is online */
  readonly #online = new Map<number, number>();
  readonly #ends: (() => void)[] = [];
  #tickedAt = performance.now();
  /** since when whatever the others say is heard */
  #hearingSince = performance.now();
  #closing = false;

  constructor(options: PresenceOptions) {
    this.#bus = options.bus;
    this.#instance = options.instance;
    this.#groupsOf = options.groupsOf;
    this.#here = new Here(options.instance, this);
    this.#pushes = new Pushes(options);
  }

  /** Begins to listen and to tell, and asks the others for their lists. */
  start(): void {
    const subscription = this.#bus.subscribe(subjects.presence, (payload) => this.#hear(payload));
    const timer = setInterval(() => this.#tick(), tickMs);
    const status = this.#bus.onStatus((now) => {
      if (now === 'connected') this.#greet();
    });
    this.#ends.push(
      () => subscription.unsubscribe(),
      () => clearInterval(timer),
      status,
    );
    this.#greet();
  }

  /** Whether no other gateway is there, as far as can be known: one that has just begun may not have been heard yet. */
  get alone(): boolean {
    const now = performance.now();
    return this.#peers.none && now - this.#hearingSince > aloneMs && now - this.#tickedAt < stoodStillMs;
  }

  isOnline(userId: number): boolean {
    return this.#online.has(userId);
  }

  /** The user has a connection here that is ready. */
  arrived(userId: number): void {
    this.#here.arrive(userId, () => this.#groupsOf(userId));
  }

  /** A user with a connection here is in one more group, whose members may not have heard that the user is online. */
  cameInto(userId: number, groupId: number): void {
    this.#here.cameInto(userId, groupId);
  }

  /** The user's last connection here is gone; the groups are still known to `groupsOf`. */
  left(userId: number): void {
    if (!this.#closing) this.#here.leave(userId, this.#groupsOf(userId), performance.now());
  }

  get stats(): { online: number; gateways: number; pushesDropped: number } {
    const { size: gateways } = this.#peers;
    return { online: this.#online.size, gateways: gateways + 1, pushesDropped: this.#pushes.dropped };
  }

  /** From now on nobody goes offline here: the clients are sent to other gateways. */
  closing(): void {
    this.#closing = true;
  }

  /** Takes leave of the others, who give the clients some seconds to come back before they count as offline. */
  close(): void {
    this.#here.beat(performance.now(), true);
    for (const end of this.#ends) end();
    this.#pushes.close();
  }

  // What here and the others mean for everybody.

  /** What nobody hears, as the bus is away, shows to the others as a gap. */
  say(event: PresenceEvent): void {
    this.#bus.publish(subjects.presence, Buffer.from(JSON.stringify(event)));
  }

  ask(of: string): void {
    this.say({ kind: 'ask', of });
  }

  came(userId: number, groups?: readonly number[]): void {
    const places = this.#online.get(userId) ?? 0;
    this.#online.set(userId, places + 1);
    if (places === 0) this.#pushes.note(userId, true, undefined, groups);
  }

  also(userId: number, groups: readonly number[]): void {
    if (this.#online.has(userId)) this.#pushes.also(userId, groups);
  }

  went(userId: number, time: number, groups?: readonly number[]): void {
    const places = this.#online.get(userId) ?? 0;
    if (places > 1) {
      this.#online.set(userId, places - 1);
    } else if (this.#online.delete(userId)) {
      this.#pushes.note(userId, false, time, groups);
    }
  }

  #greet(): void {
    const now = performance.now();
    this.#hearAnew(now);
    this.#here.beat(now);
    this.say({ kind: 'ask' });
  }

  #hearAnew(now: number): void {
    this.#peers.excuse(now);
    this.#hearingSince = now;
  }

  #tick(): void {
    const now = performance.now();
    if (!this.#bus.connected || now - this.#tickedAt > stoodStillMs) this.#hearAnew(now);
    this.#tickedAt = now;
    this.#peers.check(now);
    this.#here.tick(now);
    this.#pushes.tick(now);
  }

  #hear(payload: Uint8Array): void {
    const event: unknown = JSON.parse(Buffer.from(payload).toString());
    if (!eventShape.Check(event)) {
      // Whoever says it is there all the same.
      this.#hearingSince = performance.now();
      throw new Error('an event of presence has not its shape');
    }
    if (event.kind === 'ask') {
      if (event.of === undefined || event.of === this.#instance) this.#here.askList();
      return;
    }
    if (event.from === this.#instance) return;
    const now = performance.now();
    if (event.kind === 'change') this.#peers.change(event, now);
    else if (event.kind === 'page') this.#peers.page(event, now);
    else this.#peers.beat(event, now);
  }
}
