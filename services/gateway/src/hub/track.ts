import { type GroupWhole, limits, type MembershipChange, type RunHeader } from '@teahouse/contracts';

/** A ready `groupChanged`: the group after the message `seq`. */
export interface Whole {
  readonly seq: number;
  readonly frame: Uint8Array;
}

/** Messages `first`, `first + 1`, … of one conversation as ready client frames. */
export interface Run {
  readonly first: number;
  readonly frames: readonly Uint8Array[];
  /** for each frame the connection that sent it, or '' */
  readonly senders: readonly string[];
  readonly changes?: readonly MembershipChange[] | undefined;
  /** of the group after the last of these messages, or after a later one; told where they changed it */
  readonly whole?: Whole | undefined;
  /** the group as those who come in with these messages may see it, by user id; known of what was fetched */
  readonly entrants?: ReadonlyMap<number, GroupWhole>;
}

export const lastOf = (run: Run): number => run.first + run.frames.length - 1;

/** What an event says. */
export function runOf({ first, senders, changes, whole }: RunHeader, all: readonly Uint8Array[]): Run {
  if (whole === undefined) return { first, frames: all, senders, changes };
  const frames = all.slice(0, -1);
  const frame = all.at(-1) as Uint8Array;
  return { first, frames, senders, changes, whole: { seq: first + frames.length - 1, frame } };
}

/** An event that arrives a little before the one it follows is no loss: two instances may have published them. */
const momentMs = 40;
const retryMs = 500;
/** Frames held back while a hole is being filled; beyond it they are dropped and fetched again afterwards. */
const heldFrames = 2 * limits.repair;

/**
 * The place in one conversation up to which this gateway has delivered, in order and without a hole. Runs that come
 * too early wait, missing ones are fetched, doubles are dropped. Subclasses say how to fetch and to deliver.
 */
export abstract class Track {
  /** the last seq delivered */
  position: number;
  /** the newest seq heard of */
  head: number;
  /** the hub's clock when head last moved; for the heads of a heartbeat */
  movedTick = 0;
  #early: Run[] | undefined;
  #held = 0;
  #timer: NodeJS.Timeout | undefined;
  #repairing = false;
  /** seqs beyond the position that a connection sent, so that a repair does not echo them */
  #acked: Map<number, string> | undefined;
  closed = false;

  constructor(position: number) {
    this.position = position;
    this.head = position;
  }

  /** Messages after a seq, at most 200. */
  protected abstract fetch(afterSeq: number): Promise<Run>;
  /** The next messages for everybody who is in the conversation. */
  protected abstract deliver(run: Run): void;
  /**
   * Too much is missing. Finds out what must be known before anything beyond seq is delivered; nothing is, until then.
   * @returns what tells the clients to ask history up to seq; called when the position has moved there
   */
  protected abstract passOver(seq: number): Promise<() => void>;
  protected abstract failed(error: unknown): void;
  protected abstract tick(): number;

  /** A run, from the bus or from an answer. */
  accept(run: Run): void {
    const last = lastOf(run);
    if (last > this.head) this.#moveHead(last);
    if (last <= this.position) return;
    if (run.first <= this.position + 1) {
      this.#pass(run);
      if (this.#early !== undefined) this.#passEarly();
      return;
    }
    // Whoever sent these is told by acks, as where they come in time.
    run.senders.forEach((sender, index) => {
      if (sender !== '') this.acked(run.first + index, sender);
    });
    if (this.#held + run.frames.length <= heldFrames) {
      this.#early ??= [];
      this.#early.push(run);
      this.#held += run.frames.length;
    }
    this.#checkSoon(momentMs);
  }

  /** The conversation is known to have reached seq. */
  learn(seq: number): void {
    if (seq > this.head) this.#moveHead(seq);
    if (this.head > this.position) this.#checkSoon(momentMs);
  }

  /** A connection was told its own message's seq. */
  acked(seq: number, connectionId: string): void {
    if (seq <= this.position) return;
    this.#acked ??= new Map();
    if (this.#acked.size < limits.repair) this.#acked.set(seq, connectionId);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.#timer);
    this.#early = undefined;
  }

  #moveHead(seq: number): void {
    this.head = seq;
    this.movedTick = this.tick();
  }

  /** Delivers a run that begins at or before the next seq. */
  #pass(run: Run): void {
    const drop = this.position + 1 - run.first;
    const rest =
      drop === 0
        ? run
        : {
            ...run,
            first: run.first + drop,
            frames: run.frames.slice(drop),
            senders: run.senders.slice(drop),
            changes: run.changes?.filter((change) => change.seq > this.position),
          };
    this.position = lastOf(rest);
    this.deliver(this.#acked === undefined ? rest : this.#withoutEchoes(rest));
  }

  #withoutEchoes(run: Run): Run {
    const acked = this.#acked as Map<number, string>;
    const senders = run.frames.map((_, index) => run.senders[index] || acked.get(run.first + index) || '');
    for (const seq of acked.keys()) if (seq <= this.position) acked.delete(seq);
    if (acked.size === 0) this.#acked = undefined;
    return { ...run, senders };
  }

  #passEarly(): void {
    const early = (this.#early ?? []).sort((a, b) => a.first - b.first);
    this.#early = undefined;
    this.#held = 0;
    const later: Run[] = [];
    for (const run of early) {
      if (lastOf(run) <= this.position) continue;
      if (run.first <= this.position + 1) this.#pass(run);
      else later.push(run);
    }
    if (later.length === 0) return;
    this.#early = later;
    this.#held = later.reduce((sum, run) => sum + run.frames.length, 0);
  }

  #checkSoon(delayMs: number): void {
    if (this.#timer !== undefined || this.#repairing || this.closed) return;
    const since = this.position;
    // A process that was held up runs its timers before it reads what came meanwhile.
    this.#timer = setTimeout(() => setImmediate(() => this.#check(since)), delayMs);
  }

  /** @param since where it stood when this was to be looked at: what is missing beyond that is another hole, with a time of its own */
  #check(since: number): void {
    this.#timer = undefined;
    if (this.closed || this.position >= this.head) return;
    if (this.position > since) {
      this.#checkSoon(momentMs);
      return;
    }
    this.#repairing = true;
    this.#repair().then(
      () => this.#repaired(momentMs),
      (error: unknown) => {
        this.failed(error);
        this.#repaired(retryMs);
      },
    );
  }

  #repaired(pauseMs: number): void {
    this.#repairing = false;
    if (this.position < this.head) this.#checkSoon(pauseMs);
  }

  async #repair(): Promise<void> {
    while (!this.closed && this.position < this.head) {
      const next =
        this.#early?.reduce((least, run) => Math.min(least, run.first), Number.POSITIVE_INFINITY) ??
        Number.POSITIVE_INFINITY;
      const target = Math.min(this.head, next - 1);
      if (target - this.position > limits.repair) {
        const tell = await this.passOver(target);
        if (this.closed) return;
        if (this.position >= target) continue;
        this.position = target;
        tell();
      } else {
        const run = await this.fetch(this.position);
        if (this.closed) return;
        // What was told as a head is committed, so an empty page means a database that lags; ask again later.
        if (run.frames.length === 0) throw new Error('a page of missing messages was empty');
        if (run.first > this.position + 1) throw new Error('a page of missing messages has a hole');
        if (lastOf(run) > this.position) this.#pass(run);
      }
      this.#passEarly();
    }
  }
}
