import { build as buildHistogram } from 'hdr-histogram-js';
import type { Member, MemberEvents } from './adapter.js';
import { contentOf, originOf } from './content.js';
import { cpuUsed } from './cpu.js';
import { ConnectionLedger, type Tally } from './ledger.js';

/** Send times are kept by `ref` modulo this; no sender may have as many in flight. */
const REF_RING = 256;

/** Counters at one moment; `at` in milliseconds, CPU in microseconds. */
export interface Reading {
  at: number;
  acked: number;
  heard: number;
  server: Record<string, number>;
  generatorUs: number;
}

/** One connection of a round: keeps its sender's loop going and writes down what it hears. */
export class Connection implements MemberEvents {
  ledger = new ConnectionLedger();
  member: Member | undefined;
  private sent = 0;
  private open = 0;
  private readonly lastAcked: number[] = [];
  private readonly sentAt = new Float64Array(REF_RING);
  private readonly round: Round;
  private readonly user: number;
  private readonly acks: Tally;

  constructor(round: Round, user: number, acks: Tally) {
    this.round = round;
    this.user = user;
    this.acks = acks;
    round.add(user, this);
  }

  get inFlight(): number {
    return this.open;
  }

  /** Forgets what connecting made it hear. */
  begin(): void {
    this.ledger = new ConnectionLedger();
  }

  sendNext(): void {
    const ref = this.sent;
    this.sent += 1;
    this.open += 1;
    this.sentAt[ref % REF_RING] = performance.now();
    this.member?.send(ref, contentOf(this.user, ref));
  }

  acked(ref: number, seq: number, thread = 0): void {
    this.open -= 1;
    this.round.acked(this.sinceSent(ref));
    this.acks.add(seq, thread);
    this.ledger.acked.add(seq, thread);
    if (seq <= (this.lastAcked[thread] ?? -1)) this.ledger.disordered += 1;
    this.lastAcked[thread] = seq;
    if (this.round.sending && !this.round.paced) this.sendNext();
  }

  delivered(seq: number, verified: boolean, content?: string, thread?: number): void {
    this.round.heard += 1;
    this.ledger.hear(seq, verified, thread);
    if (content !== undefined) this.round.reached(content);
  }

  /** Milliseconds since the message with this count was sent; only for one of the last 256. */
  sinceSent(count: number): number {
    return performance.now() - (this.sentAt[count % REF_RING] as number);
  }

  failed(reason: string): void {
    this.round.fail(`user ${this.user}: ${reason}`);
  }

  noticed(): void {
    this.round.noticed += 1;
  }
}

const latencies = () =>
  buildHistogram({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 });

const microseconds = (ms: number): number => Math.max(1, Math.round(ms * 1000));

/** The counters that a round's connections share. */
export class Round {
  sending = false;
  /** A clock begins the messages instead of the acks. */
  paced = false;
  recording = false;
  ackCount = 0;
  heard = 0;
  noticed = 0;
  failure: string | undefined;
  /** Microseconds from a send to its ack, and to those of its deliveries that were sampled. */
  readonly ackLatency = latencies();
  readonly deliveryLatency = latencies();
  readonly #connections = new Map<number, Connection>();

  add(user: number, connection: Connection): void {
    this.#connections.set(user, connection);
  }

  acked(elapsedMs: number): void {
    this.ackCount += 1;
    if (this.recording) this.ackLatency.recordValue(microseconds(elapsedMs));
  }

  reached(content: string): void {
    if (!this.recording) return;
    const [sender, count] = originOf(content);
    const elapsedMs = this.#connections.get(sender)?.sinceSent(count);
    if (elapsedMs !== undefined) this.deliveryLatency.recordValue(microseconds(elapsedMs));
  }

  fail(reason: string): void {
    this.failure ??= reason;
    this.sending = false;
  }

  read(pids: Readonly<Record<string, number>>): Reading {
    const { user, system } = process.cpuUsage();
    return {
      at: performance.now(),
      acked: this.ackCount,
      heard: this.heard,
      server: cpuUsed(pids),
      generatorUs: user + system,
    };
  }

  check(): void {
    if (this.failure !== undefined) throw new Error(this.failure);
  }
}
