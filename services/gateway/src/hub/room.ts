import type { Subscription } from '@teahouse/bus';
import type { GroupWhole, MembershipChange } from '@teahouse/contracts';
import { deliverRun, type Person, pushFrames, type RoomOfPerson } from './people.js';
import { groupChanged, type WholeOfGroup } from './reads.js';
import { lastOf, type Run, Track, type Whole } from './track.js';

/** In place of the seq up to which one hears nothing: it is the next list's. */
const untilTold = Number.POSITIVE_INFINITY;

/** What a room needs of the hub. */
export interface RoomHost {
  /** The next messages; where they changed the group or its members, with its whole, and that of each who comes in here. */
  fetchGroup(groupId: number, afterSeq: number): Promise<Run>;
  fetchWhole(groupId: number, userIds: readonly number[]): Promise<WholeOfGroup>;
  person(userId: number): Person | undefined;
  /** Somebody who was connected before is in the group from now on. */
  cameIn(userId: number, groupId: number): void;
  /** The last listener went. */
  empty(room: Room): void;
  /** Somebody came in, or was put out, whose clients were not told: read their lists again, and tell those. */
  retell(people: readonly Person[]): void;
  tellCatchUp(people: Iterable<Person>, place: { groupId: number } | { with: number }, seq: number): void;
  failed(what: string, error: unknown): void;
  delivered(count: number): void;
  tick(): number;
}

/**
 * A group that has a listener here. People come and go when the notice that says so passes, in `seq` order; the group's
 * whole is told after the notice that it follows from, and never one that is older than what was told.
 */
export class Room extends Track implements RoomOfPerson {
  readonly groupId: number;
  memberCount = Number.POSITIVE_INFINITY;
  /** the seq after which `memberCount` was told */
  #countedSeq = 0;
  /** who hears the group, and after which seq it is known that they may */
  readonly #members = new Map<Person, number>();
  /** members who hear nothing up to a seq: a list tells them of what was there by then */
  readonly #deaf = new Map<Person, number>();
  /** who comes in with a notice that has yet to pass, by its seq, and what they are told before it */
  readonly #coming = new Map<number, { readonly person: Person; readonly frames: readonly Uint8Array[] }>();
  /** a whole that is ahead of the messages; one newer takes its place */
  #ahead: Whole | undefined;
  /** the seq of the newest whole that was told */
  #wholeSeq = 0;
  readonly #host: RoomHost;
  subscription: Subscription | undefined;

  constructor(groupId: number, position: number, host: RoomHost) {
    super(position);
    this.groupId = groupId;
    this.#host = host;
  }

  /** The newest seq after which a whole is known, if only to this room. */
  get wholeSeq(): number {
    return Math.max(this.#wholeSeq, this.#ahead?.seq ?? 0);
  }

  get people(): Iterable<Person> {
    return this.#members.keys();
  }

  /** Whether the person is in the group, or comes in. */
  has(person: Person): boolean {
    return this.#members.has(person) || [...this.#coming.values()].some((one) => one.person === person);
  }

  /** @param since the person is a member after this seq, whatever older notices say */
  add(person: Person, since: number): void {
    const known = this.#members.get(person);
    this.#members.set(person, Math.max(since, known ?? 0));
    person.rooms.add(this);
    if (known === undefined && person.seats.length > 0) this.#host.cameIn(person.userId, this.groupId);
  }

  /**
   * The person is a member by a list that was read when the group had reached `seq`. Who is new here hears nothing up to
   * there, as they may not have been a member all the while that the room lags behind: every client of theirs is to be
   * told the list.
   * @returns the seq after which they hear the group
   */
  place(person: Person, seq: number): number {
    const enters = !this.#members.has(person) && seq > this.position;
    if (enters || this.#deaf.get(person) === untilTold) this.#deaf.set(person, seq);
    this.add(person, seq);
    this.learn(seq);
    return Math.max(this.position, this.#deaf.get(person) ?? 0);
  }

  remove(person: Person): void {
    this.#members.delete(person);
    this.#deaf.delete(person);
    person.rooms.delete(this);
    this.#closeIfEmpty();
  }

  /** The person was told apart, by `frames`, to come in with the notice `seq`. The notice lets them in, unless the room was opened for them. */
  comes(person: Person, seq: number, frames: readonly Uint8Array[], fresh: boolean): void {
    const passed = this.position >= seq;
    if (passed && (this.#wholeSeq > seq || !this.#members.has(person))) {
      // Others were told more than this since then.
      this.#host.retell([person]);
      return;
    }
    // What is told here may follow from the notice that puts the same person out, which has yet to pass, too.
    if (!fresh && !passed) this.#coming.set(seq, { person, frames });
    else pushFrames(frames, [person], undefined);
    if (fresh) this.add(person, seq);
    this.learn(seq);
  }

  /** The person was told apart to go out with the notice `seq`. */
  goes(person: Person, seq: number): void {
    const since = this.#members.get(person);
    if (this.position < seq) this.learn(seq);
    else if (since !== undefined && since < seq) this.remove(person);
  }

  /** So many members after this seq. Who enters the official group at a first login leaves no notice: told anew at each. */
  counted(memberCount: number, seq: number): void {
    if (seq < this.#countedSeq) return;
    this.memberCount = memberCount;
    this.#countedSeq = seq;
  }

  /** One who comes in here without having been told: the run is fetched, and with it what tells them first. */
  override accept(run: Run): void {
    const isUntold = ({ seq, join }: MembershipChange): boolean => {
      const person = join === undefined || seq <= this.position ? undefined : this.#host.person(join);
      return person !== undefined && !this.#coming.has(seq) && (this.#members.get(person) ?? 0) < seq;
    };
    if (run.changes?.some(isUntold)) this.learn(lastOf(run));
    else super.accept(run);
  }

  protected override async fetch(afterSeq: number): Promise<Run> {
    return this.#host.fetchGroup(this.groupId, afterSeq);
  }

  protected override deliver(run: Run): void {
    if (run.changes !== undefined && run.changes.length > 0) this.#deliverChanges(run, run.changes);
    else if (this.#deaf.size > 0) this.#send(run, run.first, lastOf(run));
    else this.#host.delivered(deliverRun(run, this.people));
    if (run.whole !== undefined) this.#tellWhole(run.whole);
    const ahead = this.#ahead;
    if (ahead !== undefined && ahead.seq <= this.position) {
      this.#ahead = undefined;
      this.#tellWhole(ahead);
    }
    this.#forgetPassed();
  }

  /** Notices are among what is skipped: nothing goes on before it is known who is a member still. */
  protected override async passOver(seq: number): Promise<() => void> {
    const coming = [...this.#coming.values()];
    const asked = new Set([...this.#members.keys(), ...coming.map(({ person }) => person)]);
    const userIds = [...asked].map((person) => person.userId);
    const { members, askedAt, ...whole } = await this.#host.fetchWhole(this.groupId, userIds);
    return () => {
      const gone: Person[] = [];
      for (const person of asked) {
        const since = this.#members.get(person);
        if (members.has(person.userId)) {
          const told = coming.findLast((one) => one.person === person);
          if (told !== undefined && !this.#deaf.has(person)) pushFrames(told.frames, [person], undefined);
          if (told !== undefined) this.add(person, seq);
        } else if (since !== undefined && since > askedAt) {
          this.#tellByList(person);
        } else if (since !== undefined) {
          person.version += 1;
          gone.push(person);
          this.remove(person);
        }
      }
      this.#host.retell(gone);
      this.counted(whole.group.memberCount, whole.seq);
      this.#host.tellCatchUp(this.#hearing(seq), { groupId: this.groupId }, seq);
      this.#tellWhole({ seq: whole.seq, frame: groupChanged(whole.group) });
      this.#forgetPassed();
    };
  }

  protected override failed(error: unknown): void {
    this.#host.failed(`repair of group ${this.groupId}`, error);
  }

  protected override tick(): number {
    return this.#host.tick();
  }

  #deliverChanges(run: Run, changes: readonly MembershipChange[]): void {
    let from = run.first;
    for (const change of changes) {
      // Who comes in hears the notice that says so, who goes out hears it last.
      const last = change.join === undefined ? change.seq : change.seq - 1;
      this.#send(run, from, last);
      from = last + 1;
      this.#apply(change, run.entrants);
    }
    this.#send(run, from, lastOf(run));
  }

  #forgetPassed(): void {
    for (const seq of this.#coming.keys()) if (seq <= this.position) this.#coming.delete(seq);
    for (const [person, until] of this.#deaf) if (until <= this.position) this.#deaf.delete(person);
    this.#closeIfEmpty();
  }

  isDeaf(person: Person): boolean {
    return this.#deaf.has(person);
  }

  /** Those to whom this seq is news. */
  #hearing(seq: number): Iterable<Person> {
    if (this.#deaf.size === 0) return this.people;
    return [...this.people].filter((person) => (this.#deaf.get(person) ?? -1) < seq);
  }

  #send(run: Run, from: number, to: number): void {
    if (to < from) return;
    // Up to where the next of the deaf begins to hear.
    let last = to;
    for (const until of this.#deaf.values()) if (until >= from && until < last) last = until;
    const start = from - run.first;
    const end = last - run.first + 1;
    const part = { first: from, frames: run.frames.slice(start, end), senders: run.senders.slice(start, end) };
    this.#host.delivered(deliverRun(part, this.#hearing(from)));
    this.#send(run, last + 1, to);
  }

  #apply(change: MembershipChange, entrants: Run['entrants']): void {
    const { seq, join } = change;
    const userId = join ?? change.leave;
    if (seq > this.#countedSeq) this.counted(this.memberCount + (join === undefined ? -1 : 1), seq);
    const person = userId === undefined ? undefined : this.#host.person(userId);
    if (person === undefined) return;
    person.version += 1;
    if ((this.#deaf.get(person) ?? -1) >= seq) return;
    const since = this.#members.get(person);
    if (join === undefined) {
      if (since === undefined) return;
      if (since < seq) this.remove(person);
      else this.#tellByList(person);
      return;
    }
    const coming = this.#coming.get(seq);
    if (coming?.person === person) pushFrames(coming.frames, [person], undefined);
    if (since !== undefined && since >= seq) return;
    if (since === undefined && coming?.person !== person) this.#welcome(person, seq, entrants?.get(person.userId));
    this.add(person, seq);
  }

  /** Out now, and in again by what a list said of a later moment: they hear nothing until they are told a new list. */
  #tellByList(person: Person): void {
    this.#deaf.set(person, untilTold);
    this.#host.retell([person]);
  }

  /** For one who comes in by a notice that overtook what was to tell of it. */
  #welcome(person: Person, seq: number, whole: GroupWhole | undefined): void {
    if (whole === undefined) this.#host.retell([person]);
    else pushFrames([groupChanged({ ...whole, lastSeq: seq - 1 })], [person], undefined);
  }

  #tellWhole(whole: Whole): void {
    if (whole.seq <= this.#wholeSeq) return;
    if (whole.seq > this.position) {
      if (whole.seq > (this.#ahead?.seq ?? 0)) this.#ahead = whole;
      this.learn(whole.seq);
      return;
    }
    this.#wholeSeq = whole.seq;
    pushFrames([whole.frame], this.#hearing(whole.seq), undefined);
  }

  #closeIfEmpty(): void {
    if (this.#members.size === 0 && this.#coming.size === 0 && !this.closed) this.#host.empty(this);
  }
}
