import type { Place } from './message.js';

/** One message that a client meant to send, and what became of it. */
export interface Sent {
  readonly place: Place;
  readonly from: number;
  readonly clientId: string;
  readonly content: string;
  readonly beganAt: number;
  tries: number;
  /** Where it went first, and as the how manieth: what is acked at its first try is stored in this order on each line. */
  line: string;
  turn: number;
  /** The fate: open, acked, refused by a rule, or let go by the client, which leaves it stored once or not at all. */
  fate: 'open' | 'acked' | 'refused' | 'dropped';
  ack?: { readonly id: string; readonly seq: number };
}

/** Remembers every send of a run by its `clientId`, and hands out what is new since the last look. */
export class Ledger {
  readonly #sends = new Map<string, Sent>();
  readonly #open = new Set<Sent>();
  #settled: Sent[] = [];
  #next = 1;
  #turn = 1;
  /** The longest that a message waited for its ack since the last `rest`, milliseconds. */
  longestMs = 0;
  acked = 0;

  begin(place: Place, from: number): Sent {
    const clientId = `f-${this.#next++}`;
    const content = `${clientId} 茶 in ${place} by ${from}`;
    const sent: Sent = {
      place,
      from,
      clientId,
      content,
      beganAt: Date.now(),
      tries: 0,
      line: '',
      turn: 0,
      fate: 'open',
    };
    this.#sends.set(clientId, sent);
    this.#open.add(sent);
    return sent;
  }

  /** It goes out now, on a connection or through a client that keeps the order of what it is given. */
  tried(sent: Sent, line: string): void {
    sent.tries += 1;
    if (sent.tries > 1) return;
    sent.line = line;
    sent.turn = this.#turn++;
  }

  acknowledge(sent: Sent, ack: { id: string; seq: number }): void {
    sent.ack = { id: ack.id, seq: ack.seq };
    this.acked += 1;
    this.longestMs = Math.max(this.longestMs, Date.now() - sent.beganAt);
    this.#settle(sent, 'acked');
  }

  refuse(sent: Sent): void {
    this.#settle(sent, 'refused');
  }

  drop(sent: Sent): void {
    this.#settle(sent, 'dropped');
  }

  #settle(sent: Sent, fate: Sent['fate']): void {
    if (sent.fate !== 'open') return;
    sent.fate = fate;
    this.#open.delete(sent);
    this.#settled.push(sent);
  }

  get open(): ReadonlySet<Sent> {
    return this.#open;
  }

  find(clientId: string): Sent | undefined {
    return this.#sends.get(clientId);
  }

  all(): Iterable<Sent> {
    return this.#sends.values();
  }

  /** What was settled since the last call. */
  takeSettled(): Sent[] {
    const settled = this.#settled;
    this.#settled = [];
    return settled;
  }

  /** Starts a new count of `acked` and `longestMs`. */
  rest(): void {
    this.longestMs = 0;
    this.acked = 0;
  }
}
