import { deliverRun, type Person } from './people.js';
import { type Run, Track } from './track.js';

/** What a conversation needs of the hub. */
export interface ConversationHost {
  fetchPrivate(users: readonly [number, number], afterSeq: number): Promise<Run>;
  tellCatchUp(people: Iterable<Person>, place: { groupId: number } | { with: number }, seq: number): void;
  failed(what: string, error: unknown): void;
  delivered(count: number): void;
  tick(): number;
}

/** What one user, connected here, hears of the private chat with one other. */
export class Conversation extends Track {
  readonly #person: Person;
  readonly #peer: number;
  readonly #host: ConversationHost;

  constructor(person: Person, peer: number, position: number, host: ConversationHost) {
    super(position);
    this.#person = person;
    this.#peer = peer;
    this.#host = host;
  }

  protected override fetch(afterSeq: number): Promise<Run> {
    return this.#host.fetchPrivate(pair(this.#person.userId, this.#peer), afterSeq);
  }

  protected override deliver(run: Run): void {
    this.#host.delivered(deliverRun(run, [this.#person]));
  }

  protected override async passOver(seq: number): Promise<() => void> {
    return () => this.#host.tellCatchUp([this.#person], { with: this.#peer }, seq);
  }

  protected override failed(error: unknown): void {
    this.#host.failed('repair of a private conversation', error);
  }

  protected override tick(): number {
    return this.#host.tick();
  }
}

/** Two user ids, the lower first. */
export const pair = (a: number, b: number): [number, number] => (a < b ? [a, b] : [b, a]);
