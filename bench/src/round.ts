import { build as buildHistogram } from 'hdr-histogram-js';
import type { Member, MemberEvents } from './adapter.js';
import { contentOf } from './content.js';
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
  private lastAcked = -1;
  private readonly sentAt = new Float64Array(REF_RING);
  private readonly round: Round;
  private readonly user: number;
  private readonly acks: Tally;

  constructor(round: Round, user: number, acks: Tally) {
    this.round = round;
    this.user = user;
    this.acks = acks;
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

  acked(ref: number, seq: number): void {
    this.open -= 1;
    this.round.acked(performance.now() - (this.sentAt[ref % REF_RING] as number));
    this.acks.add(seq);
    this.ledger.acked.add(seq);
    if (seq <= this.lastAcked) this.ledger.disordered += 1;
    this.lastAcked = seq;
    if (this.round.sending && !this.round.paced) this.sendNext();
  }

  delivered(seq: number, verified: boolean): void {
    this.round.heard += 1;
    this.ledger.hear(seq, verified);
  }

  failed(reason: string): void {
    this.round.fail(`user ${this.user}: ${reason}`);
  }

  noticed(): void {
    this.round.noticed += 1;
  }
}

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
  readonly latency = buildHistogram({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });

  acked(elapsedMs: number): void {
    this.ackCount += 1;
    if (this.recording) this.latency.recordValue(Math.max(1, Math.round(elapsedMs * 1000)));
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
