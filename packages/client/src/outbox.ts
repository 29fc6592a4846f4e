import { ChatError } from './errors.js';
import { keyOf, type Place, type Stored } from './frames.js';

export interface OutgoingMessage {
  readonly place: Place;
  readonly content: string;
  readonly clientId: string;
}

interface Entry extends OutgoingMessage {
  readonly since: number;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: ChatError) => void;
}

interface Lane {
  readonly entries: Entry[];
  busy: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Sends one message; rejects with ChatError. */
export type SendNow = (message: OutgoingMessage) => Promise<Stored>;

const most = 1_000;
/** The server knows a clientId for seven days; a message that waited longer could be stored twice. */
const oldestMs = 6 * 24 * 3600 * 1000;
const firstPauseMs = 500;
const longestPauseMs = 5_000;

/**
 * Messages on their way, until the server has acknowledged or refused them, however many connections that takes. In each
 * conversation one is under way at a time: so a message whose fate is unknown is repeated before the next one goes, and
 * their order holds. At 1,000 messages the next is refused with OUTBOX_FULL.
 */
export class Outbox {
  readonly #send: SendNow;
  readonly #lanes = new Map<string, Lane>();
  readonly #ids = new Set<string>();
  #online = false;
  #closed = false;

  constructor(send: SendNow) {
    this.#send = send;
  }

  /** Whether the message with this clientId is still on its way. */
  has(clientId: string | undefined): boolean {
    return clientId !== undefined && this.#ids.has(clientId);
  }

  /** @returns the ack; rejects with what the server refused it for, OUTBOX_FULL or CLOSED. Waits while there is no connection. */
  add(message: OutgoingMessage): Promise<Stored> {
    if (this.#closed) return Promise.reject(new ChatError('CLOSED'));
    if (this.#ids.size >= most) return Promise.reject(new ChatError('OUTBOX_FULL'));
    if (this.#ids.has(message.clientId)) {
      return Promise.reject(new ChatError('CONFLICT', 'A message with this clientId is on its way.'));
    }
    this.#ids.add(message.clientId);
    const key = keyOf(message.place);
    const lane = this.#lanes.get(key) ?? { entries: [], busy: false, timer: undefined };
    this.#lanes.set(key, lane);
    return new Promise((resolve, reject) => {
      lane.entries.push({ ...message, since: Date.now(), resolve, reject });
      this.#go(key, lane);
    });
  }

  online(): void {
    this.#online = true;
    for (const [key, lane] of this.#lanes) this.#go(key, lane);
  }

  offline(): void {
    this.#online = false;
  }

  close(): void {
    this.#closed = true;
    this.#online = false;
    for (const lane of this.#lanes.values()) {
      clearTimeout(lane.timer);
      for (const entry of lane.entries) entry.reject(new ChatError('CLOSED'));
    }
    this.#lanes.clear();
    this.#ids.clear();
  }

  #go(key: string, lane: Lane): void {
    const entry = lane.entries[0];
    if (entry === undefined) {
      this.#lanes.delete(key);
      return;
    }
    if (!this.#online || lane.busy || lane.timer !== undefined) return;
    if (Date.now() - entry.since > oldestMs) {
      this.#done(lane, entry);
      entry.reject(new ChatError('TIMEOUT', 'The message waited for too long to be sent safely.'));
      this.#go(key, lane);
      return;
    }
    lane.busy = true;
    void this.#deliver(entry, lane).finally(() => {
      lane.busy = false;
      if (!this.#closed) this.#go(key, lane);
    });
  }

  async #deliver(entry: Entry, lane: Lane): Promise<void> {
    for (let pauseMs = firstPauseMs; this.#online; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        const stored = await this.#send(entry);
        this.#done(lane, entry);
        entry.resolve(stored);
        return;
      } catch (error) {
        if (this.#closed) return;
        if (!(error instanceof ChatError) || !error.retryable) {
          this.#done(lane, entry);
          entry.reject(error instanceof ChatError ? error : new ChatError('INTERNAL', undefined, { cause: error }));
          return;
        }
        if (error.code === 'DISCONNECTED') return;
        await this.#pause(lane, error.retryAfterMs ?? pauseMs);
      }
    }
  }

  #pause(lane: Lane, ms: number): Promise<void> {
    return new Promise((resolve) => {
      lane.timer = setTimeout(() => {
        lane.timer = undefined;
        resolve();
      }, ms);
    });
  }

  #done(lane: Lane, entry: Entry): void {
    lane.entries.shift();
    this.#ids.delete(entry.clientId);
  }
}
