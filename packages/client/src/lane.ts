import { ChatError } from './errors.js';
import type { Stored } from './frames.js';
import type { Outgoing } from './outgoing.js';

export interface LaneEntry {
  readonly message: Outgoing;
  /** It was on a wire at least once: the server may have it. */
  written: boolean;
  readonly done: Promise<Stored>;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: unknown) => void;
}

export function laneEntry(message: Outgoing): LaneEntry {
  let resolve: LaneEntry['resolve'] = () => {};
  let reject: LaneEntry['reject'] = () => {};
  const done = new Promise<Stored>((onStored, onError) => {
    resolve = onStored;
    reject = onError;
  });
  done.catch(() => {}); // Whoever does not wait for it hears of it as an event.
  return { message, written: false, done, resolve, reject };
}

export interface LaneHost {
  /** Rejects with ChatError, DISCONNECTED when the connection ended before the ack. */
  send(entry: LaneEntry): Promise<Stored>;
  sent(entry: LaneEntry, stored: Stored): void;
  refused(entry: LaneEntry, error: ChatError): void;
  /** Nothing is left to do; the lane is used no more. */
  empty(): void;
}

/** The server knows a clientId for seven days; a message that waited longer could be stored twice. */
const oldestMs = 6 * 24 * 3600 * 1000;
const firstPauseMs = 500;
const longestPauseMs = 5_000;

/**
 * The messages of one conversation. One is under way at a time: so a message whose fate is unknown, because the connection
 * went or the service did not answer, is repeated before the next one goes, and their order holds.
 */
export class Lane {
  readonly #host: LaneHost;
  readonly #entries: LaneEntry[] = [];
  #online: boolean;
  #busy = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = firstPauseMs;

  constructor(host: LaneHost, online: boolean) {
    this.#host = host;
    this.#online = online;
  }

  /** Puts a message behind those that were handed over before it. */
  push(entry: LaneEntry): void {
    const later = this.#entries.findIndex(({ message, written }) => !written && message.since > entry.message.since);
    this.#entries.splice(later < 0 ? this.#entries.length : later, 0, entry);
    this.#go();
  }

  remove(entry: LaneEntry): void {
    const index = this.#entries.indexOf(entry);
    if (index < 0) return;
    this.#entries.splice(index, 1);
    if (index === 0) this.#unwait();
    this.#go();
  }

  online(): void {
    this.#online = true;
    this.#unwait();
    this.#go();
  }

  offline(): void {
    this.#online = false;
    this.#unwait();
  }

  #unwait(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pauseMs = firstPauseMs;
  }

  #go(): void {
    if (this.#busy) return;
    const entry = this.#entries[0];
    if (entry === undefined) {
      this.#host.empty();
      return;
    }
    if (Date.now() - entry.message.since > oldestMs) {
      this.#shift(entry);
      this.#host.refused(entry, new ChatError('TIMEOUT', 'The message waited for too long to be sent safely.'));
      this.#go();
      return;
    }
    if (!this.#online || this.#timer !== undefined) return;
    this.#busy = true;
    entry.written = true;
    this.#host
      .send(entry)
      .then(
        (stored) => this.#settled(entry, () => this.#host.sent(entry, stored)),
        (error: unknown) => this.#failed(entry, error),
      )
      .finally(() => {
        this.#busy = false;
        this.#go();
      });
  }

  #settled(entry: LaneEntry, tell: () => void): void {
    this.#unwait();
    this.#shift(entry);
    tell();
  }

  #failed(entry: LaneEntry, cause: unknown): void {
    const error = cause instanceof ChatError ? cause : new ChatError('INTERNAL', undefined, { cause });
    if (!error.retryable) {
      this.#settled(entry, () => this.#host.refused(entry, error));
      return;
    }
    if (!this.#online) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#go();
      },
      Math.max(error.retryAfterMs ?? 0, this.#pauseMs),
    );
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }

  #shift(entry: LaneEntry): void {
    const index = this.#entries.indexOf(entry);
    if (index >= 0) this.#entries.splice(index, 1);
  }
}
