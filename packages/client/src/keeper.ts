import { ChatError } from './errors.js';
import { keyOf, type Place, type ReceivedMessage } from './frames.js';
import type { Outgoing } from './outgoing.js';
import { within } from './signals.js';
import { type ChatStore, type KeptOutgoing, mostKept, type UserStore } from './store.js';

export interface KeeperHost {
  /** Messages that an earlier or another client left, unsent or failed. @returns those that there is no room for yet */
  adopted(messages: KeptOutgoing[]): KeptOutgoing[];
  failed(error: unknown): void;
}

/** A store that has not answered by then is left alone from then on. One that shares a busy disk is not broken yet. */
const answerMs = 10_000;
/** What is to be sent waits no longer for what an earlier client left. */
const adoptedMs = 3_000;
/** Delivered messages are gathered for so long, so that a busy conversation is not written once a message. */
const gatherMs = 300;
/** How often it is looked whether another tab has gone and left something unsent. */
const adoptMs = 30_000;

/**
 * Keeps what is on its way, what failed and what was delivered in a store, one write after the other. Works without a store
 * as well, and goes on in memory where one fails.
 */
export class Keeper {
  readonly #store: ChatStore | undefined;
  readonly #host: KeeperHost;
  readonly #gathered = new Map<string, { place: Place; messages: ReceivedMessage[] }>();
  /** Adopted, so that no other tab gets them, but not yet taken. */
  #untaken: KeptOutgoing[] = [];
  #userId: number | undefined;
  #opened: Promise<UserStore> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #adoptTimer: ReturnType<typeof setInterval> | undefined;
  #told = '';
  /** Nothing is kept, or taken over, any more. */
  #forgetting = false;
  #closed = false;

  constructor(store: ChatStore | undefined, host: KeeperHost) {
    this.#store = store;
    this.#host = host;
  }

  get active(): boolean {
    return this.#store !== undefined;
  }

  /** Opens what is kept for this user; more calls do nothing. */
  open(userId: number): void {
    if (this.#store === undefined || this.#opened !== undefined) return;
    this.#userId = userId;
    this.#opened = this.#inTime(this.#store.open(userId));
    this.#opened.catch((error: unknown) => this.#host.failed(error));
  }

  /** Takes over what nobody is sending any more. Never rejects, and resolves in 3 s in any case. */
  async adopt(): Promise<void> {
    await within(this.#adopt(), { timeoutMs: adoptedMs }).catch((error: unknown) => {
      // What comes later is taken over then.
      if (!(error instanceof ChatError) || error.code !== 'TIMEOUT') this.#host.failed(error);
    });
    if (this.#closed || this.#forgetting) return;
    this.#adoptTimer ??= setInterval(() => void this.#adopt(), adoptMs);
  }

  outgoing({ clientId, place, content, since, state, error }: Outgoing): void {
    if (this.#store === undefined || this.#forgetting) return;
    const failed = error && { failed: { code: error.code, message: error.message } };
    if (state === 'sent' || state === 'discarded') void this.#do((store) => store.remove(clientId));
    else void this.#do((store) => store.put({ clientId, place, content, since, ...failed }));
  }

  delivered(place: Place, message: ReceivedMessage): void {
    if (this.#store === undefined || this.#closed || this.#forgetting) return;
    const key = keyOf(place);
    const here = this.#gathered.get(key) ?? { place, messages: [] };
    this.#gathered.set(key, here);
    here.messages.push(message);
    if (here.messages.length >= mostKept) this.#flush();
    else this.#flushTimer ??= setTimeout(() => this.#flush(), gatherMs);
  }

  /** The newest messages of a conversation that are kept, ascending and without a hole; none where nothing is. */
  async recent(place: Place): Promise<ReceivedMessage[]> {
    this.#flush();
    return (await this.#do((store) => store.recent(place))) ?? [];
  }

  /**
   * Forgets what is kept of this user, and keeps nothing from now on; after `close` as well. Rejects where it failed.
   * Does nothing where there is no store, or where nobody has logged in.
   */
  async clear(): Promise<void> {
    const [store, userId] = [this.#store, this.#userId];
    if (store === undefined || userId === undefined) return;
    this.#forgetting = true;
    clearInterval(this.#adoptTimer);
    this.#gathered.clear();
    // What was being written goes first. Ours may be closed, or broken.
    const cleared = this.#turn.then(() => this.#inTime(clear(store, userId)));
    this.#turn = cleared.catch(() => {});
    await cleared;
  }

  /** Writes what is gathered and lets go of the store. Resolves once that is done, however often it is called. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#flush();
      this.#closed = true;
      clearInterval(this.#adoptTimer);
      void this.#do((store) => store.close());
    }
    await this.#turn;
  }

  async #adopt(): Promise<void> {
    const found = await this.#do((store) => store.adopt());
    if (this.#closed || this.#forgetting) return;
    const messages = [...this.#untaken, ...(found ?? [])];
    if (messages.length > 0) this.#untaken = this.#host.adopted(messages);
  }

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    for (const { place, messages } of this.#gathered.values()) void this.#do((store) => store.keep(place, messages));
    this.#gathered.clear();
  }

  /** In its turn. What fails is told, the same not twice in a row: a full disk would be told of with each message. */
  #do<T>(work: (store: UserStore) => Promise<T>): Promise<T | undefined> {
    const result = this.#turn.then(async () => {
      const store = await this.#opened?.catch(() => undefined);
      return store && (await this.#inTime(work(store)));
    });
    const told = result.catch((error: unknown) => {
      if (String(error) !== this.#told) this.#host.failed(error);
      this.#told = String(error);
      return undefined;
    });
    this.#turn = told;
    return told;
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    try {
      return await within(work, { timeoutMs: answerMs });
    } catch (cause) {
      if (!(cause instanceof ChatError) || cause.code !== 'TIMEOUT') throw cause;
      this.#opened = Promise.reject(cause);
      this.#opened.catch(() => {}); // Told here, once.
      throw new ChatError('INTERNAL', 'The store does not answer; nothing is kept from now on.', { cause });
    }
  }
}

async function clear(store: ChatStore, userId: number): Promise<void> {
  const opened = await store.open(userId);
  try {
    await opened.clear();
  } finally {
    await opened.close();
  }
}
