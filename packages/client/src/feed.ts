import { ChatError } from './errors.js';
import type { ReceivedMessage } from './frames.js';
import type { Page } from './operations.js';
import { pause, within } from './signals.js';

export interface FeedOptions {
  /** The first `seq` to be told: 1 begins with the whole history. Unless told, only what comes from now on. */
  readonly from?: number | undefined;
  /** Ends the iteration by throwing the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface FeedHost {
  history(afterSeq: number): Promise<Page>;
  /** Resolves when there is a connection; rejects when there will be none. */
  whenReady(): Promise<unknown>;
  /** Called once, when the iteration is over. */
  ended(feed: Feed): void;
}

/** Messages that wait for a slow reader; beyond it they are let go of and read from history when their turn comes. */
const mostWaiting = 500;
const pauseMs = 500;

/**
 * The messages of one conversation as an async iterator, each once and in order: from history first where that was asked
 * for, then as they come. A reader may be as slow as it likes: at most 500 messages wait for it here, the rest in history.
 * Ends with `close`, throws what makes reading impossible.
 */
export class Feed implements AsyncIterableIterator<ReceivedMessage> {
  readonly #host: FeedHost;
  readonly #signal: AbortSignal | undefined;
  readonly #waiting: ReceivedMessage[] = [];
  /** `seq` of the last message told; undefined until the first where only new ones are wanted. */
  #position: number | undefined;
  /** There is, or may be, more in history than waits here. */
  #behind: boolean;
  readonly #end = new AbortController();
  #error: unknown;
  #wake = () => {};
  #turn: Promise<unknown> = Promise.resolve();

  constructor(host: FeedHost, { from, signal }: FeedOptions) {
    this.#host = host;
    this.#signal = signal;
    this.#position = from === undefined ? undefined : from - 1;
    this.#behind = from !== undefined;
    signal?.addEventListener('abort', this.#aborted);
    if (signal?.aborted) this.#aborted();
  }

  get #over(): boolean {
    return this.#end.signal.aborted;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** A message was delivered; history may have told it before. */
  push(message: ReceivedMessage): void {
    this.#position ??= message.seq - 1;
    if (this.#over || message.seq <= (this.#waiting.at(-1)?.seq ?? this.#position)) return;
    if (this.#waiting.length >= mostWaiting) this.#behind = true;
    if (!this.#behind) this.#waiting.push(message);
    this.#wake();
  }

  /** Calls may overlap; they are answered in their order. */
  next(): Promise<IteratorResult<ReceivedMessage, undefined>> {
    const result = this.#turn.then(() => this.#next());
    this.#turn = result.catch(() => {});
    return result;
  }

  async #next(): Promise<IteratorResult<ReceivedMessage, undefined>> {
    while (!this.#over) {
      const message = this.#waiting.shift();
      if (message) {
        this.#position = message.seq;
        return { done: false, value: message };
      }
      if (this.#behind) await this.#read();
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) throw error;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<ReceivedMessage, undefined>> {
    this.end(undefined);
    return { done: true, value: undefined };
  }

  end(error: unknown): void {
    if (this.#over) return;
    this.#end.abort();
    this.#error = error;
    this.#waiting.length = 0;
    this.#signal?.removeEventListener('abort', this.#aborted);
    this.#host.ended(this);
    this.#wake();
  }

  readonly #aborted = (): void => this.end(this.#signal?.reason);

  /** Reads the next page. What is delivered meanwhile waits; what was not taken before that began is in history. */
  async #read(): Promise<void> {
    try {
      await within(this.#host.whenReady(), { signal: this.#signal });
      this.#behind = false;
      const page = await within(this.#host.history(this.#position ?? 0), { signal: this.#signal });
      if (!this.#over) this.#append(page);
    } catch (error) {
      if (this.#over) return;
      this.#behind = true;
      this.#waiting.length = 0;
      if (!(error instanceof ChatError) || !error.retryable) this.end(error);
      else await pause(Math.max(error.retryAfterMs ?? 0, pauseMs), this.#end.signal);
    }
  }

  /** A page comes before what waits; where they do not touch, what waits is let go of and read later. */
  #append({ messages, more }: Page): void {
    const last = messages.at(-1)?.seq ?? this.#position ?? 0;
    const later = this.#waiting.filter(({ seq }) => seq > last);
    const apart = more && messages.length > 0 && later[0]?.seq !== last + 1;
    this.#behind ||= apart;
    this.#waiting.splice(0, this.#waiting.length, ...messages, ...(apart ? [] : later));
  }
}
