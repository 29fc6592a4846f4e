import { ChatError } from './errors.js';
import { keyOf, type Place, placeOf, type ReceivedMessage } from './frames.js';
import { pause } from './signals.js';
import { Thread } from './thread.js';

export interface ThreadsHost {
  deliver(message: ReceivedMessage): void;
  history(place: Place, afterSeq: number): Promise<{ messages: ReceivedMessage[]; more: boolean }>;
  /** So many messages are being read from history; told where it changes. */
  behind(missing: number): void;
  /** Something could not be caught up with. */
  failed(error: unknown): void;
}

/** An ack and the messages before it come on two ways: so long a hole may close by itself. */
const graceMs = 250;
/** Conversations that are being caught up with at once, so that a long list does not run into the rate limit. */
const atOnce = 4;
const longestPauseMs = 5_000;
/** What history answers about a group one was put out of. */
const noLongerOurs = new Set<string>(['NOT_FOUND', 'NOT_A_MEMBER', 'FORBIDDEN']);

/**
 * Delivers each message once and in order in each conversation: live ones, own ones by their ack, and those that were
 * missed, which are read from history. Holds one small entry for each conversation heard of. Who has more conversations
 * than the server tells at once (100) does not get what was said in one of the others, never heard of here, while away.
 */
export class Threads {
  readonly #host: ThreadsHost;
  readonly #threads = new Map<string, Thread>();
  /** Own messages in groups that nobody has told of yet, by place. */
  readonly #early = new Map<
    string,
    { readonly messages: ReceivedMessage[]; readonly timer: ReturnType<typeof setTimeout> }
  >();
  /** Conversations that were forgotten, by place: what they delivered does not come again. */
  readonly #left = new Map<string, Thread>();
  readonly #waiting = new Set<Thread>();
  /** Those that wait or are being read: the reader does not have what they miss. */
  readonly #late = new Set<Thread>();
  #told = 0;
  #active = 0;
  #online = false;
  /** Ends with each connection: what was begun on it is let go. */
  #era = new AbortController();
  /** Whose conversations these are; known from the first `ready`. */
  me = 0;
  /** Some conversations were told of before. */
  #knowsSome = false;
  /** All conversations were told of, so that an unknown one has only just begun. */
  #knowsAll = false;

  constructor(host: ThreadsHost) {
    this.#host = host;
  }

  /** How many messages are being read from history. */
  get behind(): number {
    let missing = 0;
    for (const thread of this.#late) missing += thread.head - thread.position;
    return missing;
  }

  /** Aborted when the present connection ends. */
  get era(): AbortSignal {
    return this.#era.signal;
  }

  online(me: number): void {
    this.me = me;
    this.#online = true;
    this.#era = new AbortController();
    for (const thread of this.#threads.values()) this.#settle(thread, graceMs);
  }

  offline(): void {
    this.#online = false;
    this.#era.abort();
    this.#waiting.clear();
    this.#late.clear();
    this.#active = 0;
    for (const thread of this.#threads.values()) {
      clearTimeout(thread.timer);
      thread.timer = undefined;
      thread.filling = false;
    }
    for (const { messages } of [...this.#early.values()]) for (const message of messages) this.message(message);
    this.#tell();
  }

  /** The whole list of groups: who is in no list any more is forgotten. */
  groups(list: readonly { id: number; lastSeq: number }[]): void {
    const present = new Set(list.map(({ id }) => keyOf({ groupId: id })));
    for (const [key, thread] of this.#threads) {
      if ('groupId' in thread.place && !present.has(key)) this.#forget(thread);
    }
    for (const { id, lastSeq } of list) this.head({ groupId: id }, lastSeq, lastSeq, 0);
    this.#tell();
  }

  /** @returns whether older conversations than these may have moved as well, so that the next page is worth reading */
  conversations(list: readonly { userId: number; lastSeq: number }[], more: boolean): boolean {
    let lastMoved = this.#knowsSome;
    for (const { userId, lastSeq } of list) {
      const known = this.#threads.get(keyOf({ with: userId }));
      // One never heard of may be new or old, and tells nothing, unless all were known.
      if (known !== undefined) lastMoved = known.position < lastSeq;
      else lastMoved ||= this.#knowsAll;
      this.head({ with: userId }, lastSeq, this.#knowsAll ? 0 : lastSeq, 0);
    }
    this.#tell();
    this.#knowsSome = true;
    this.#knowsAll ||= !more;
    return more && lastMoved;
  }

  /**
   * An own message, made from its ack. That may overtake what says that one came into the group, and where it begins: for a
   * moment it waits for that.
   */
  own(message: ReceivedMessage): void {
    const place = placeOf(message, this.me);
    if (this.#isOver(place, message.seq)) return;
    const key = keyOf(place);
    const early = this.#early.get(key);
    if (early !== undefined) early.messages.push(message);
    else if ('with' in place || this.#threads.has(key) || !this.#online) this.message(message);
    else this.#early.set(key, { messages: [message], timer: setTimeout(() => this.message(message), graceMs) });
  }

  /** A message that came by itself. */
  message(message: ReceivedMessage): void {
    const place = placeOf(message, this.me);
    if (this.#isOver(place, message.seq)) return;
    const thread = this.#thread(place, this.#start(place, message.seq - 1));
    this.#take(thread, message);
    this.#settle(thread, graceMs);
  }

  /**
   * The newest message of a conversation has this `seq`.
   * @param start where an unknown conversation begins for us, where that was told
   * @param waitMs how long what is missing may still come by itself
   */
  head(place: Place, seq: number, start?: number, waitMs = graceMs): void {
    // Who is put back at once is told of the very place up to which everything came.
    if (this.#isOver(place, start === undefined ? seq : seq + 1)) return;
    const thread = this.#thread(place, Math.max(0, start ?? this.#start(place, seq - 1)));
    if (seq > thread.head) thread.head = seq;
    this.#settle(thread, waitMs);
  }

  /** Told late of a conversation that was forgotten since. */
  #isOver(place: Place, seq: number): boolean {
    const key = keyOf(place);
    return seq <= (this.#left.get(key)?.position ?? -1) && !this.#threads.has(key);
  }

  /** Where a conversation that nobody told of begins: before everything where all were told, else before what is heard now. */
  #start(place: Place, before: number): number {
    return 'with' in place && this.#knowsAll ? 0 : before;
  }

  #thread(place: Place, position: number): Thread {
    const key = keyOf(place);
    const known = this.#threads.get(key);
    if (known !== undefined) return known;
    const early = this.#early.get(key);
    this.#early.delete(key);
    clearTimeout(early?.timer);
    const left = this.#left.get(key)?.position ?? 0;
    this.#left.delete(key);
    const own = early?.messages.filter(({ seq }) => seq > left) ?? [];
    const thread = new Thread(place, Math.min(Math.max(position, left), ...own.map(({ seq }) => seq - 1)));
    this.#threads.set(key, thread);
    for (const message of own) this.#take(thread, message);
    return thread;
  }

  #forget(thread: Thread): void {
    clearTimeout(thread.timer);
    thread.timer = undefined;
    this.#waiting.delete(thread);
    this.#late.delete(thread);
    const key = keyOf(thread.place);
    // One that was forgotten before may still be told so by what it asked; another has begun since.
    if (this.#threads.get(key) === thread) {
      this.#threads.delete(key);
      this.#left.set(key, thread);
    }
    this.#tell();
  }

  #take(thread: Thread, message: ReceivedMessage): void {
    thread.take(message, this.#delivering(thread));
  }

  #delivering(thread: Thread): (message: ReceivedMessage) => void {
    return (message) => {
      this.#host.deliver(message);
      // Who knows of later ones was put back since, or is told so where those are read.
      if (message.type === 'groupMessage' && endsMembership(message, this.me) && !thread.behind) this.#forget(thread);
    };
  }

  /** Starts or stops the clock after which what is missing is read from history. */
  #settle(thread: Thread, waitMs: number): void {
    if (!thread.behind) {
      clearTimeout(thread.timer);
      thread.timer = undefined;
      if (this.#late.delete(thread)) this.#tell();
    } else if (this.#online && !thread.filling && (thread.timer === undefined || waitMs === 0)) {
      clearTimeout(thread.timer);
      if (waitMs === 0) this.#late.add(thread);
      thread.timer = setTimeout(() => {
        thread.timer = undefined;
        this.#waiting.add(thread);
        this.#late.add(thread);
        this.#tell();
        this.#pump();
      }, waitMs);
    }
  }

  #tell(): void {
    const missing = this.behind;
    if (missing === this.#told) return;
    this.#told = missing;
    this.#host.behind(missing);
  }

  #pump(): void {
    for (const thread of this.#waiting) {
      if (this.#active >= atOnce) return;
      this.#waiting.delete(thread);
      if (!thread.behind || thread.filling) continue;
      const { era } = this;
      thread.filling = true;
      this.#active += 1;
      this.#fill(thread, era)
        .catch((error: unknown) => this.#host.failed(error))
        .finally(() => {
          if (era.aborted) return;
          thread.filling = false;
          this.#active -= 1;
          this.#late.delete(thread);
          this.#tell();
          this.#pump();
        });
    }
  }

  /** Reads on until nothing is missing. A service that is down is asked again; a group one may not read is forgotten. */
  async #fill(thread: Thread, era: AbortSignal): Promise<void> {
    let pauseMs = 500;
    while (!era.aborted && thread.behind && this.#threads.get(keyOf(thread.place)) === thread) {
      const asked = thread.head;
      try {
        const { messages } = await this.#host.history(thread.place, thread.position);
        if (era.aborted) return;
        if (messages.length === 0) thread.giveUp(this.#delivering(thread));
        for (const message of messages) thread.takeOld(message, this.#delivering(thread));
        this.#tell();
      } catch (error) {
        if (era.aborted) return;
        if (!(error instanceof ChatError) || !error.retryable) {
          const noLonger = error instanceof ChatError && noLongerOurs.has(error.code);
          // What was heard since we asked says that we were put back.
          if (noLonger && thread.head > asked) thread.giveUp(this.#delivering(thread));
          else this.#forget(thread);
          if (noLonger) return;
          throw error;
        }
        await pause(Math.max(error.retryAfterMs ?? 0, pauseMs), era);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
  }
}

/** The notice after which a group is no longer heard. */
function endsMembership(message: ReceivedMessage, me: number): boolean {
  const { notice } = message;
  if (notice?.event === 'left') return (notice.userId ?? notice.by) === me;
  return (notice?.event === 'removed' || notice?.event === 'banned') && notice.userId === me;
}
