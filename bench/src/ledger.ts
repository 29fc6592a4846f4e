/** Spreads a position over 32 bits, so that the xor of many tells which ones they were. */
function mix(seq: number): number {
  let x = Math.imul(seq ^ (seq >>> 16), 0x45d9f3b);
  x = Math.imul(x ^ (x >>> 15), 0x27d4eb2d);
  return x ^ (x >>> 13);
}

/** More groups than one connection talks in. */
const THREADS = 16_384;

/** Sums are kept modulo this, so that they are exact however large the positions are; a position is below 2^38. */
const SUM_END = 2 ** 52;

/** Which positions were seen, in a count, a sum and an xor: equal tallies mean the same set, each once. */
export class Tally {
  count = 0;
  private sum = 0;
  private xor = 0;

  add(seq: number, thread = 0): void {
    const place = seq * THREADS + thread;
    this.count += 1;
    this.sum += place;
    if (this.sum >= SUM_END) this.sum -= SUM_END;
    this.xor ^= mix(place);
  }

  /** Whether this tally is `all` without `own`. */
  isRest(all: Tally, own: Tally): boolean {
    const sum = (all.sum - own.sum + SUM_END) % SUM_END;
    return this.count === all.count - own.count && this.sum === sum && this.xor === (all.xor ^ own.xor);
  }
}

/** What one connection heard, and what it sent and saw acked. */
export class ConnectionLedger {
  readonly heard = new Tally();
  readonly acked = new Tally();
  /** Deliveries whose position was not above the one before. */
  disordered = 0;
  /** Sampled deliveries whose content or place was wrong. */
  damaged = 0;
  private readonly last: number[] = [];

  hear(seq: number, verified: boolean, thread = 0): void {
    this.heard.add(seq, thread);
    if (seq <= (this.last[thread] ?? -1)) this.disordered += 1;
    this.last[thread] = seq;
    if (!verified) this.damaged += 1;
  }
}

/** The outcome of comparing every connection with what its conversation's senders had acked. */
export interface Verdict {
  /** Acked messages and the deliveries that they owed. */
  acked: number;
  owed: number;
  heard: number;
  /** Connections that did not hear exactly the acked messages of the others, each once. */
  wrongConnections: number;
  disordered: number;
  damaged: number;
}

/** Compares the ledgers of each conversation's connections with each other. */
export function judge(conversations: readonly (readonly ConnectionLedger[])[], acks: readonly Tally[]): Verdict {
  const verdict: Verdict = { acked: 0, owed: 0, heard: 0, wrongConnections: 0, disordered: 0, damaged: 0 };
  for (const [i, ledgers] of conversations.entries()) {
    const all = acks[i] as Tally;
    verdict.acked += all.count;
    verdict.owed += all.count * (ledgers.length - 1);
    for (const ledger of ledgers) {
      verdict.heard += ledger.heard.count;
      verdict.disordered += ledger.disordered;
      verdict.damaged += ledger.damaged;
      if (!ledger.heard.isRest(all, ledger.acked)) verdict.wrongConnections += 1;
    }
  }
  return verdict;
}
