import { limits } from '@teahouse/contracts';
import type { Backlog } from './backlog.js';
import type { Connection } from './connection.js';
import type { Presence } from './presence/index.js';
import type { Seen } from './seen.js';
import type { Registry } from './surroundings.js';

/** Time for the frames in flight, and then for the closing handshakes, when the gateway stops. */
const drainMs = 2000;
const farewellMs = 1000;

/** All connections of this gateway: who belongs to whom, who has been silent for too long, how they all end. */
export class Connections implements Registry<Connection> {
  readonly #maxPerUser: number;
  readonly #seen: Seen;
  readonly #presence: Presence;
  readonly #backlog: Backlog;
  /** From the opening of the socket to its very end: while a socket is closing it holds memory, too. */
  readonly #all = new Set<Connection>();
  readonly #byUser = new Map<number, Connection[]>();
  readonly #sweep: NodeJS.Timeout;
  #emptied: (() => void) | undefined;

  constructor(options: {
    maxPerUser: number;
    heartbeatTimeoutMs: number;
    seen: Seen;
    presence: Presence;
    backlog: Backlog;
  }) {
    this.#maxPerUser = options.maxPerUser;
    this.#seen = options.seen;
    this.#presence = options.presence;
    this.#backlog = options.backlog;
    const everyMs = Math.max(50, Math.min(1000, options.heartbeatTimeoutMs / 4, limits.initMs / 4));
    this.#sweep = setInterval(() => this.#checkTimes(), everyMs);
  }

  get sockets(): number {
    return this.#all.size;
  }

  add(connection: Connection): void {
    this.#all.add(connection);
  }

  gone(connection: Connection): void {
    this.#all.delete(connection);
    if (this.#all.size === 0) this.#emptied?.();
  }

  /** Closes what came from an ended login. */
  endLogin(userId: number, loginId: string): void {
    for (const connection of [...(this.#byUser.get(userId) ?? [])]) {
      if (connection.loginId === loginId) connection.close('unauthenticated');
    }
  }

  admit(connection: Connection): boolean {
    const own = this.#byUser.get(connection.userId);
    if (own === undefined) this.#byUser.set(connection.userId, [connection]);
    else if (own.length >= this.#maxPerUser) return false;
    else own.push(connection);
    return true;
  }

  ready(connection: Connection): void {
    this.#seen.note(connection.userId);
    this.#presence.arrived(connection.userId);
  }

  left(connection: Connection): void {
    const own = this.#byUser.get(connection.userId);
    const at = own?.indexOf(connection) ?? -1;
    if (own === undefined || at < 0) return;
    own.splice(at, 1);
    if (own.length > 0) return;
    this.#byUser.delete(connection.userId);
    this.#seen.note(connection.userId);
    this.#presence.left(connection.userId);
  }

  /** Everybody who is connected. */
  users(): Iterable<number> {
    return this.#byUser.keys();
  }

  /**
   * Says goodbye, answers what is in flight, closes with 1012, and cuts off who does not answer that. Takes 3 s at most.
   * The delay told to clients grows with their number, so that they do not all come back at once.
   */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    const reconnectWithinMs = Math.min(5000, Math.max(500, this.#all.size));
    for (const connection of this.#all) connection.goodbye(reconnectWithinMs);
    await this.#drained();
    for (const connection of this.#all) connection.close('restarting');
    if (this.#all.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, farewellMs);
      this.#emptied = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    for (const connection of this.#all) connection.terminate();
  }

  async #drained(): Promise<void> {
    const end = performance.now() + drainMs;
    const busy = () => [...this.#all].some((connection) => connection.inFlight > 0);
    while (busy() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  #checkTimes(): void {
    const now = performance.now();
    for (const connection of this.#all) connection.checkTime(now);
    this.#backlog.check();
  }
}
