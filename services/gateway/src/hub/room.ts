import type { MembershipChange } from '@teahouse/contracts';
import { deliverRun, type Person, type RoomOfPerson } from './people.js';
import { lastOf, type Run, Track } from './track.js';

/** What a room needs of the hub. */
export interface RoomHost {
  fetchGroup(groupId: number, afterSeq: number): Promise<Run>;
  person(userId: number): Person | undefined;
  /** The last listener went. */
  empty(room: Room): void;
  /** Messages were skipped, and with them changes of membership: read the lists of these people again. */
  resync(people: Iterable<Person>): void;
  tellCatchUp(people: Iterable<Person>, place: { groupId: number } | { with: number }, seq: number): void;
  failed(what: string, error: unknown): void;
  delivered(count: number): void;
  tick(): number;
}

/** A group that has a listener here. People come and go when the notice that says so passes, in `seq` order. */
export class Room extends Track implements RoomOfPerson {
  readonly groupId: number;
  readonly people = new Set<Person>();
  memberCount = Number.POSITIVE_INFINITY;
  /** the seq after which `memberCount` was told */
  #countedSeq = 0;
  readonly #host: RoomHost;
  unsubscribe: () => void = () => {};

  constructor(groupId: number, position: number, host: RoomHost) {
    super(position);
    this.groupId = groupId;
    this.#host = host;
  }

  add(person: Person): void {
    this.people.add(person);
    person.rooms.add(this);
  }

  remove(person: Person): void {
    this.people.delete(person);
    person.rooms.delete(this);
    if (this.people.size === 0) this.#host.empty(this);
  }

  /** So many members after this seq. Who enters the official group at a first login leaves no notice: told anew at each. */
  counted(memberCount: number, seq: number): void {
    if (seq < this.#countedSeq) return;
    this.memberCount = memberCount;
    this.#countedSeq = seq;
  }

  protected override fetch(afterSeq: number): Promise<Run> {
    return this.#host.fetchGroup(this.groupId, afterSeq);
  }

  protected override deliver(run: Run): void {
    if (run.changes === undefined || run.changes.length === 0) {
      this.#host.delivered(deliverRun(run, this.people));
      return;
    }
    let from = run.first;
    for (const change of run.changes) {
      // Who comes in hears the notice that says so, who goes out hears it last.
      if (change.join !== undefined) {
        this.#send(run, from, change.seq - 1);
        from = change.seq;
        this.#apply(change);
      } else {
        this.#send(run, from, change.seq);
        from = change.seq + 1;
        this.#apply(change);
      }
    }
    this.#send(run, from, lastOf(run));
  }

  protected override passOver(seq: number): void {
    this.#host.tellCatchUp(this.people, { groupId: this.groupId }, seq);
    this.#host.resync([...this.people]);
  }

  protected override failed(error: unknown): void {
    this.#host.failed(`repair of group ${this.groupId}`, error);
  }

  protected override tick(): number {
    return this.#host.tick();
  }

  #send(run: Run, from: number, to: number): void {
    if (to < from) return;
    const start = from - run.first;
    const end = to - run.first + 1;
    const part = { first: from, frames: run.frames.slice(start, end), senders: run.senders.slice(start, end) };
    this.#host.delivered(deliverRun(part, this.people));
  }

  #apply(change: MembershipChange): void {
    const userId = change.join ?? change.leave;
    if (change.seq > this.#countedSeq)
      this.counted(this.memberCount + (change.join === undefined ? -1 : 1), change.seq);
    const person = userId === undefined ? undefined : this.#host.person(userId);
    if (person === undefined) return;
    person.version += 1;
    if (change.join !== undefined) this.add(person);
    else this.remove(person);
  }
}
