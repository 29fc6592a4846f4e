import { setTimeout as delay } from 'node:timers/promises';
import type { Crowd } from './crowd.js';
import { judgeWitness, missingOf, type Window } from './judge/deliveries.js';
import { freshLogs, judgeAcks, judgeLog } from './judge/sends.js';
import { headsOf, judgeTables } from './judge/tables.js';
import type { Sent } from './ledger.js';
import { LogReader } from './log-reader.js';
import { Members } from './members.js';
import type { Place } from './message.js';
import type { System } from './system.js';
import { type Violation, violation } from './violation.js';

const most = 5;

/** Compares, while nobody talks, what everybody was told with what history and the tables say. */
export class Auditor {
  readonly #members = new Members();
  readonly #logs = freshLogs(this.#members);
  readonly #checked = new Map<Place, number>();
  readonly #ids = new Map<string, string>();
  readonly #reader: LogReader;

  constructor(
    private readonly system: System,
    private readonly crowd: Crowd,
    private readonly patienceMs: number,
  ) {
    this.#reader = new LogReader(system.socketUrl, crowd.accounts);
  }

  /**
   * Waits until every send has its end and everybody has heard everything, or patience ends; then judges all that happened
   * since the last call.
   * @returns what is wrong, and how long it took until all was well
   */
  async audit(): Promise<{ violations: Violation[]; wellAfterMs: number }> {
    const startedAt = Date.now();
    const deadline = startedAt + this.patienceMs;
    const violations: Violation[] = [];
    const { ledger } = this.crowd;
    while (Date.now() < deadline && (ledger.open.size > 0 || !this.crowd.online)) await delay(25);
    const unanswered = [...ledger.open].map(({ clientId, place }) =>
      violation('lost', `${clientId} to ${place} has no answer after ${this.patienceMs} ms.`),
    );
    violations.push(...few(unanswered));
    const windows = new Map<Place, Window>();
    const settled: Sent[] = [];
    try {
      for (;;) {
        // What is acked while history is read is judged next time.
        settled.push(...ledger.takeSettled());
        violations.push(...(await this.#extend(windows)));
        const missing = this.crowd.witnesses.some(
          (witness) => !witness.gone && missingOf(witness, windows, this.#members, ledger).length > 0,
        );
        if (!missing || Date.now() >= deadline) break;
        await delay(50);
      }
      const wellAfterMs = Date.now() - startedAt;
      violations.push(...few(judgeAcks(settled, this.#logs, this.#ids)));
      for (const witness of this.crowd.witnesses)
        violations.push(...few(judgeWitness(witness, windows, this.#members, ledger)));
      this.crowd.forgetGone();
      violations.push(...(await this.#tables(deadline)));
      for (const text of this.crowd.complaints.splice(0)) violations.push(violation('wrong', text));
      return { violations, wellAfterMs };
    } finally {
      this.#reader.close();
    }
  }

  /** Reads the whole history once more, across the border of hot and archive, and looks for every ack of the run. */
  async auditAll(): Promise<Violation[]> {
    const found: Violation[] = [];
    const logs = freshLogs(new Members());
    try {
      for (const [place, last] of await headsOf(this.system)) {
        const log = await this.#reader.read(place, 0);
        found.push(...judgeLog(place, 0, log, this.crowd.ledger, logs));
        if (log.length !== last) found.push(violation('lost', `History of ${place} has ${log.length} of ${last}.`));
      }
      found.push(...judgeAcks([...this.crowd.ledger.all()], logs, this.#ids));
      return found;
    } finally {
      this.#reader.close();
    }
  }

  async #extend(windows: Map<Place, Window>): Promise<Violation[]> {
    const found: Violation[] = [];
    for (const [place, last] of await headsOf(this.system)) {
      const after = this.#checked.get(place) ?? 0;
      if (last === after) continue;
      const log = await this.#reader.read(place, after);
      found.push(...few(judgeLog(place, after, log, this.crowd.ledger, this.#logs)));
      const window = windows.get(place) ?? { after, last, bySeq: new Map() };
      for (const message of log) {
        window.bySeq.set(message.seq, message);
        this.#ids.set(`${place}:${message.seq}`, message.id);
      }
      window.last = log.at(-1)?.seq ?? after;
      if (window.last < last) found.push(violation('lost', `History of ${place} ends at ${window.last} of ${last}.`));
      windows.set(place, window);
      this.#checked.set(place, Math.max(last, window.last));
    }
    return found;
  }

  /** The archive may be a moment behind, and rows may be on their way out; after `deadline` they may not. */
  async #tables(deadline: number): Promise<Violation[]> {
    for (;;) {
      const found = await judgeTables(this.system);
      if (found.length === 0 || Date.now() >= deadline) return found;
      await delay(100);
    }
  }
}

/** One fault too many shows in thousands of messages: the first few tell enough. */
function few(violations: readonly Violation[]): Violation[] {
  return violations.slice(0, most);
}
