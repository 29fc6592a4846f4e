/**
 * The port through which services talk. Two adapters give it, NATS and in-process, and one suite of tests holds for both.
 *
 * Subjects are tokens joined by dots, `*` stands for one token and `>` for all that follow. A payload handed to a handler
 * or a listener belongs to the bus: read it at once or copy it, and never write into it.
 */

/** The part of a logger that the bus uses; pino fits. */
export interface BusLog {
  info(fields: object, sentence: string): void;
  warn(fields: object, sentence: string): void;
  error(fields: object, sentence: string): void;
}

export type BusStatus = 'connected' | 'disconnected';

export interface RequestContext {
  readonly subject: string;
  /** Unix milliseconds after which nobody waits for the answer; 5 s ahead where the caller told none. */
  readonly deadline: number;
}

/** Does one request. A handler that never settles keeps its place for ever: it must hold its own deadlines. */
export type RequestHandler = (payload: Uint8Array, context: RequestContext) => Promise<Uint8Array>;

/** Hears one message, synchronously. */
export type Listener = (payload: Uint8Array, subject: string) => void;

export interface ServeOptions {
  /** Handlers at work at once; 128 unless told. */
  readonly concurrency?: number;
  /** Requests that may wait for a free handler; 1,024 unless told. Beyond it the answer is `UNAVAILABLE`, at once. */
  readonly pending?: number;
  /** Hears what a handler threw that is no TeahouseError. Unless told, it is logged. */
  readonly onError?: (error: unknown) => void;
}

export interface SubscribeOptions {
  /** Of the subscribers in one queue group only one hears a message. */
  readonly queue?: string;
  /** Hears what the listener threw. Unless told, it is logged. */
  readonly onError?: (error: unknown) => void;
}

export interface Subscription {
  /** Nothing more is begun: requests that wait are answered `UNAVAILABLE`, handlers at work still answer. */
  unsubscribe(): void;
  /** Takes nothing new, then waits until everything taken is done. Bounded by 5 s. */
  drain(): Promise<void>;
}

export interface QueueOptions {
  /** Items that the queue holds; beyond it `push` rejects with `UNAVAILABLE`. */
  readonly maxMessages: number;
  /** An item whose batch has not settled after this long is given out again. */
  readonly ackWaitMs: number;
  /** After this long a rejected batch is given out again; 1 s unless told. */
  readonly retryMs?: number;
}

export interface QueueItem {
  readonly payload: Uint8Array;
  /** True where it was given out before: its work may already be done. */
  readonly redelivered: boolean;
}

/** Resolves: all items are done and never come again. Rejects: all of them come again, after `retryMs`. */
export type BatchHandler = (batch: readonly QueueItem[]) => Promise<void>;

export interface ConsumeOptions {
  /** Items handed over at once, at most. Whatever has gathered goes; nothing waits for a batch to fill. */
  readonly batch: number;
  /** Hears what the handler threw, and failures of the queue. Unless told, they are logged. */
  readonly onError?: (error: unknown) => void;
}

/** A durable queue of work: each item is done by one of its consumers, at least once, in no promised order. */
export interface Queue {
  /**
   * Resolves when the storage has the item. An `id` that was pushed within the last two minutes is taken for the same
   * item and not stored again. Rejects with `UNAVAILABLE`: queue full, bus disconnected, or no answer within 5 s (then
   * the item may be stored all the same).
   */
  push(payload: Uint8Array, options?: { readonly id?: string }): Promise<void>;
  /** Starts a consumer: one batch at a time. `stop` waits for the batch at work, at most 5 s. */
  consume(handler: BatchHandler, options: ConsumeOptions): { stop(): Promise<void> };
  /** Items stored and not done, those at work included. */
  size(): Promise<number>;
}

export interface WatchOptions {
  /** Hears what the listener threw, and failures of the watch, which goes on. Unless told, they are logged. */
  readonly onError?: (error: unknown) => void;
}

/**
 * A table of key and JSON value that one service writes and others read. Keys are 1 to 200 of `A-Z a-z 0-9 _ - = / .`,
 * with no dot at either end. What is stored may be lost with the bus's disk: the writer puts it again.
 */
export interface View<T> {
  /** The value, or undefined where there is none. */
  get(key: string): Promise<T | undefined>;
  /** Stores, unless a newer version is there: then false. The same version is stored again. */
  put(key: string, value: T, version: number): Promise<boolean>;
  /** Removes whatever is there. The version is forgotten with it: a late put of an old one would store it again. */
  delete(key: string): Promise<void>;
  /** All keys, in no promised order. */
  keys(): AsyncIterable<string>;
  /**
   * Tells all entries, then every change; undefined is a removal. Resolves when the first have been told; rejects with
   * `UNAVAILABLE` where that takes longer than 10 s. After the bus was away all entries are told again, and removals that
   * were missed: the listener must bear repetition. An entry that ends by its time to live is not told.
   */
  watch(listener: (key: string, value: T | undefined) => void, options?: WatchOptions): Promise<{ stop(): void }>;
}

export interface Bus {
  /**
   * One answer to one request. Rejects with the TeahouseError that the server threw (code and sentence), or `UNAVAILABLE`
   * whose cause is a BusFailure: nobody serves the subject (at once), no answer in time, bus disconnected (at once, also
   * when it happens while the request is under way: it may or may not have been executed).
   * @param options.timeoutMs the server drops the request unexecuted once this has passed; clocks of hosts must agree
   */
  request(subject: string, payload: Uint8Array, options: { readonly timeoutMs: number }): Promise<Uint8Array>;
  /**
   * Serves a subject (wildcards allowed) within a queue group: of many instances one answers. A request whose deadline
   * passed on arrival or while it waited is dropped unexecuted. A TeahouseError answers its code and sentence, anything
   * else `INTERNAL`.
   */
  serve(subject: string, group: string, handler: RequestHandler, options?: ServeOptions): Subscription;
  /**
   * Tells every subscriber, at most once, without waiting; the order of one publisher is kept. Returns false, and drops
   * it, while disconnected or while the way out is full: nothing is ever sent later.
   */
  publish(subject: string, payload: Uint8Array): boolean;
  /** Hears every publish on a subject (wildcards allowed). A listener that throws stays subscribed. */
  subscribe(subject: string, listener: Listener, options?: SubscribeOptions): Subscription;
  /** Opens a durable queue; makes it where it is missing. All who open it must name the same options. */
  queue(name: string, options: QueueOptions): Promise<Queue>;
  /** Opens a view; makes it where it is missing. With `ttlMs` an entry ends that long after its last put. */
  view<T>(name: string, options?: { readonly ttlMs?: number }): Promise<View<T>>;
  readonly connected: boolean;
  /** Tells of every change of `connected`. Returns the way to stop it. */
  onStatus(listener: (status: BusStatus) => void): () => void;
  /** A round trip: what was subscribed and published before is known to the server. For tests, start and shutdown only. */
  flush(): Promise<void>;
  /** Takes nothing new, lets handlers at work finish and answer, then leaves the bus. Bounded by 5 s; never rejects. */
  close(): Promise<void>;
}
