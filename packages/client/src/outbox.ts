import { ChatError } from './errors.js';
import { keyOf, type Place, type Stored } from './frames.js';
import { Lane, type LaneEntry, type LaneHost, laneEntry } from './lane.js';
import type { Outgoing } from './outgoing.js';
import type { KeptOutgoing } from './store.js';

export interface OutboxHost {
  /** Sends one message; rejects with ChatError, DISCONNECTED when the connection ended before the ack. */
  send(message: Outgoing): Promise<Stored>;
  /** A message has come, or stands otherwise than before. */
  changed(message: Outgoing): void;
}

const most = 1_000;
const mostFailed = 100;
/** The longest content that the server takes; a longer one must not reach it as a frame that ends the connection. */
const longest = 4_096;

/**
 * Messages on their way, until the server has acknowledged or refused them, however many connections that takes; in each
 * conversation in order (see `Lane`). At 1,000 messages the next is refused with OUTBOX_FULL. What was refused stays,
 * to be tried again or discarded; of more than 100 such messages the oldest are discarded.
 */
export class Outbox {
  readonly #host: OutboxHost;
  readonly #lanes = new Map<string, Lane>();
  /** Those on their way and those that failed, in the order in which they came or failed. */
  readonly #entries = new Map<string, LaneEntry>();
  readonly #failed = new Map<string, Outgoing>();
  #online = false;
  #latest = 0;
  #closed = false;

  constructor(host: OutboxHost) {
    this.#host = host;
  }

  /** Whether the message with this clientId is still on its way. */
  has(clientId: string | undefined): boolean {
    return clientId !== undefined && this.#entries.has(clientId);
  }

  /** Those on their way and those that failed, in the order in which they were handed over. */
  list(place?: Place): Outgoing[] {
    const all = [...this.#failed.values(), ...[...this.#entries.values()].map(({ message }) => message)];
    const here = place === undefined ? all : all.filter((message) => keyOf(message.place) === keyOf(place));
    return here.sort((a, b) => a.since - b.since);
  }

  /**
   * Takes a message over; it waits while there is no connection.
   * @returns the entry, whose `done` settles with the ack or what the server refused it for, or CLOSED
   * @throws ChatError CLOSED, OUTBOX_FULL, CONFLICT, BAD_REQUEST
   */
  add(place: Place, content: string, clientId: string, since = this.#now()): LaneEntry {
    if (this.#closed) throw new ChatError('CLOSED');
    if (this.#entries.size >= most) throw new ChatError('OUTBOX_FULL');
    if (this.#entries.has(clientId)) throw new ChatError('CONFLICT', 'A message with this clientId is on its way.');
    if (content.length > longest && [...content].length > longest)
      throw new ChatError('BAD_REQUEST', `A message has ${longest} characters at most.`);
    this.#failed.delete(clientId);
    const entry = laneEntry({ clientId, place, content, since, state: 'sending' });
    this.#entries.set(clientId, entry);
    this.#lane(keyOf(place)).push(entry);
    this.#host.changed(entry.message);
    return entry;
  }

  /**
   * Takes over what an earlier client left; one that is here already stays as it is. Whether they were on a wire is unknown.
   * @returns those that there was no room for
   */
  adopt(messages: readonly KeptOutgoing[]): KeptOutgoing[] {
    const left: KeptOutgoing[] = [];
    for (const message of [...messages].sort((a, b) => a.since - b.since)) {
      const { place, content, clientId, since, failed } = message;
      if (this.#closed || this.has(clientId) || this.#failed.has(clientId)) continue;
      if (failed) {
        this.#keepFailed({ clientId, place, content, since, state: 'failed', error: ChatError.from(failed) });
        continue;
      }
      try {
        this.add(place, content, clientId, since).written = true;
      } catch (error) {
        if (!(error instanceof ChatError)) throw error;
        if (error.code === 'OUTBOX_FULL') left.push(message);
      }
    }
    return left;
  }

  /**
   * Sends a failed message again, behind those that are on their way.
   * @returns whether there was one
   * @throws ChatError OUTBOX_FULL; it stays as it is then
   */
  retry(clientId: string): boolean {
    const failed = this.#failed.get(clientId);
    if (failed === undefined || this.#closed) return false;
    this.add(failed.place, failed.content, clientId);
    return true;
  }

  /** Lets go of a message that failed or was never on a wire. @returns whether there was one */
  discard(clientId: string): boolean {
    const entry = this.#entries.get(clientId);
    if (entry?.written) return false;
    const message = entry?.message ?? this.#failed.get(clientId);
    if (message === undefined) return false;
    this.#failed.delete(clientId);
    if (entry) {
      this.#lanes.get(keyOf(message.place))?.remove(entry);
      this.#entries.delete(clientId);
      entry.reject(new ChatError('CLOSED', 'The message was discarded.'));
    }
    this.#host.changed({ ...message, state: 'discarded' });
    return true;
  }

  online(): void {
    this.#online = true;
    for (const lane of this.#lanes.values()) lane.online();
  }

  offline(): void {
    this.#online = false;
    for (const lane of this.#lanes.values()) lane.offline();
  }

  close(): void {
    this.offline();
    this.#closed = true;
    const entries = [...this.#entries.values()];
    this.#lanes.clear();
    this.#entries.clear();
    this.#failed.clear();
    for (const entry of entries) entry.reject(new ChatError('CLOSED'));
  }

  /** Unix milliseconds, later each time: the order of what is kept is told by nothing else. */
  #now(): number {
    this.#latest = Math.max(this.#latest + 1, Date.now());
    return this.#latest;
  }

  #lane(key: string): Lane {
    const known = this.#lanes.get(key);
    if (known) return known;
    const host: LaneHost = {
      send: (entry) => this.#host.send(entry.message),
      sent: (entry, stored) => this.#sent(entry, stored),
      refused: (entry, error) => this.#refused(entry, error),
      empty: () => this.#lanes.delete(key),
    };
    const lane = new Lane(host, this.#online);
    this.#lanes.set(key, lane);
    return lane;
  }

  #sent(entry: LaneEntry, stored: Stored): void {
    this.#entries.delete(entry.message.clientId);
    entry.resolve(stored);
    this.#host.changed({ ...entry.message, state: 'sent', stored });
  }

  #refused(entry: LaneEntry, error: ChatError): void {
    const message: Outgoing = { ...entry.message, state: 'failed', error };
    this.#entries.delete(message.clientId);
    entry.reject(error);
    this.#keepFailed(message);
  }

  #keepFailed(message: Outgoing): void {
    this.#failed.set(message.clientId, message);
    this.#host.changed(message);
    for (const clientId of this.#failed.keys()) {
      if (this.#failed.size <= mostFailed) return;
      this.discard(clientId);
    }
  }
}
