import type { Bus } from '@teahouse/bus';
import { subjects } from '@teahouse/contracts';

/** What has gathered is told this often; a lost telling costs nobody anything. */
const tellMs = 1000;
/** Those who stay connected are told this often, so that a killed gateway leaves times that are not much older. */
const refreshMs = 60_000;
/** Users of one publish: about 30 KB. */
const page = 1000;

/** Tells auth when users were last connected. */
export class Seen {
  readonly #bus: Bus;
  readonly #times = new Map<number, number>();
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** @param connected gives all users who are connected now */
  start(connected: () => Iterable<number>): void {
    this.#timers.push(setInterval(() => this.#tell(), tellMs));
    this.#timers.push(
      setInterval(() => {
        for (const userId of connected()) this.note(userId);
      }, refreshMs),
    );
  }

  note(userId: number): void {
    this.#times.set(userId, Date.now());
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#tell();
  }

  /** What cannot be told while the bus is away is dropped: the next refresh tells it again. */
  #tell(): void {
    const users = [...this.#times];
    this.#times.clear();
    for (let at = 0; at < users.length; at += page) {
      this.#bus.publish(subjects.seen, Buffer.from(JSON.stringify({ users: users.slice(at, at + page) })));
    }
  }
}
