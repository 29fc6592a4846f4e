import { ChatError } from './errors.js';
import type { Fields, ReadyFrame } from './frames.js';
import { Pending } from './pending.js';
import type { Ending } from './policy.js';
import type { OpenSocket, SocketLike } from './transport.js';

export interface LinkHost {
  /** Logged in; comes once, before `frame`. */
  ready(frame: ReadyFrame): void;
  /** Every other frame but answers to requests. */
  frame(frame: { readonly type: string; readonly [field: string]: unknown }): void;
  /** The connection is over; called once. */
  ended(ending: Ending): void;
}

/** Milliseconds from the first byte to `ready`; the server gives up after ten seconds as well. */
const loginMs = 15_000;
/** A heartbeat that nothing answered for so long: the connection is dead, whatever the operating system thinks. */
const silenceMs = 10_000;
/** The same where there is reason to doubt: the machine slept, or the network changed. */
const doubtMs = 4_000;
/** A tick of the heartbeat that comes so late comes after a sleep, or in a tab whose timers the browser slows down. */
const sleptMs = 5_000;
/** A longer frame would end the connection. */
const longestFrame = 64 * 1024;
const utf8 = new TextEncoder();

/** One connection, from its opening to its end. It never comes back; the client makes the next one. */
export class Link {
  readonly #host: LinkHost;
  readonly #socket: SocketLike;
  readonly #pending = new Pending();
  #loginTimer: ReturnType<typeof setTimeout>;
  #heartbeatTimer: ReturnType<typeof setInterval> | undefined;
  /** When a heartbeat that was sent must have been answered by any frame; 0: none is open. */
  #answerBy = 0;
  #tickedAt = 0;
  #ready = false;
  #ended = false;
  #refusal: ChatError | undefined;
  #reconnectWithinMs: number | undefined;

  /** @throws where the address is no use */
  constructor(open: OpenSocket, url: string, init: Fields<'init'>, host: LinkHost) {
    this.#host = host;
    const socket = open(url);
    this.#socket = socket;
    this.#loginTimer = setTimeout(() => this.#end(1006, 'no login in time'), loginMs);
    socket.onopen = () => this.#write({ type: 'init', ...init });
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#end(event.code, event.reason);
    socket.onerror = () => {}; // What went wrong shows as the close that follows.
  }

  get ready(): boolean {
    return this.#ready && !this.#ended;
  }

  /** @returns the `ack`; rejects with ChatError, DISCONNECTED when the connection ends first */
  request(type: string, fields: object, timeoutMs: number): Promise<Record<string, unknown>> {
    if (!this.ready) return Promise.reject(new ChatError('DISCONNECTED'));
    if (isTooLong(JSON.stringify({ ...fields, type })))
      return Promise.reject(new ChatError('BAD_REQUEST', 'The request is too long.'));
    return this.#pending.request(timeoutMs, (ref) => this.#write({ ...fields, type, ref }));
  }

  /** Sends a frame that nothing answers. */
  tell(type: string, fields: object): void {
    if (this.ready) this.#write({ ...fields, type });
  }

  /** Asks for a sign of life now, and does not wait long for it. */
  probe(): void {
    if (this.ready) this.#ask(doubtMs);
  }

  close(): void {
    this.#end(1000, 'closed here');
  }

  #write(frame: object): void {
    try {
      this.#socket.send(JSON.stringify(frame));
    } catch {
      // A socket that is closing throws; its end has been or will be told by onclose.
    }
  }

  #receive(data: unknown): void {
    if (this.#ended) return;
    const frame = parse(data);
    if (frame === undefined) {
      this.#end(4400, 'the server sent what is no frame');
      return;
    }
    this.#answerBy = 0;
    if ((frame.type === 'ack' || frame.type === 'error') && this.#pending.settle(frame)) return;
    if (frame.type === 'ready') {
      this.#loggedIn(frame as unknown as ReadyFrame);
      return;
    }
    if (frame.type === 'goodbye') this.#reconnectWithinMs = Number(frame.reconnectWithinMs) || 0;
    else if (frame.type === 'error' && !this.#ready) this.#refused(ChatError.from(frame));
    this.#host.frame(frame as { type: string });
  }

  #loggedIn(ready: ReadyFrame): void {
    this.#ready = true;
    clearTimeout(this.#loginTimer);
    this.#tickedAt = Date.now();
    const { heartbeatIntervalMs } = ready;
    this.#heartbeatTimer = setInterval(() => this.#heartbeat(heartbeatIntervalMs), heartbeatIntervalMs);
    this.#host.ready(ready);
  }

  #refused(error: ChatError): void {
    this.#refusal = error;
    // The server leaves the socket open for another try, but we have nothing better to say.
    if (error.code === 'BAD_REQUEST') this.#end(4400, error.message);
  }

  #heartbeat(intervalMs: number): void {
    const now = Date.now();
    const slept = now - this.#tickedAt >= intervalMs + sleptMs;
    this.#tickedAt = now;
    if (slept) {
      // What came meanwhile has not been read yet.
      this.#answerBy = 0;
      this.#ask(doubtMs);
    } else if (this.#answerBy > 0 && now >= this.#answerBy) this.#end(1006, 'the server is silent');
    else this.#ask(silenceMs);
  }

  #ask(withinMs: number): void {
    const answerBy = Date.now() + withinMs;
    if (this.#answerBy === 0 || answerBy < this.#answerBy) this.#answerBy = answerBy;
    this.#write({ type: 'heartbeat' });
  }

  #end(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#loginTimer);
    clearInterval(this.#heartbeatTimer);
    const socket = this.#socket;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    try {
      // Does nothing where the other side closed first. The answer to our close is not waited for.
      socket.close(1000);
    } catch {
      // Not yet open: some sockets throw then; it is let go of all the same.
    }
    this.#pending.failAll(new ChatError('DISCONNECTED'));
    this.#host.ended({ code, reason, refusal: this.#refusal, reconnectWithinMs: this.#reconnectWithinMs });
  }
}

function isTooLong(text: string): boolean {
  // `ref` comes in addition.
  return text.length * 3 > longestFrame - 100 && utf8.encode(text).length > longestFrame - 100;
}

function parse(data: unknown): Record<string, unknown> | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(data);
    const isFrame = typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
    return isFrame ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
