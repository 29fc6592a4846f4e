import type { officialGroup } from '@teahouse/contracts';
import { Connection, type ConnectionOptions } from './connection.js';
import { randomId } from './credentials.js';
import { Emitter } from './emitter.js';
import { ChatError } from './errors.js';
import type { ChatEvents, ConnectionState } from './events.js';
import { Feed, type FeedOptions } from './feed.js';
import {
  type Fields,
  keyOf,
  type Place,
  placeOf,
  type ReadyFrame,
  type ReceivedMessage,
  type Reply,
  type RequestType,
  type Stored,
} from './frames.js';
import { Inbox } from './inbox.js';
import { Operations } from './operations.js';
import { Outbox } from './outbox.js';
import type { Outgoing, SendOptions } from './outgoing.js';
import { type WaitOptions, within } from './signals.js';
import { Threads } from './threads.js';

export type ChatClientOptions = ConnectionOptions;

const officialGroupId: (typeof officialGroup)['id'] = 1;
/** The server answers within two seconds, be it with UNAVAILABLE. */
const answerMs = 10_000;
const pageSize = 200;

/**
 * A user's connection to a Teahouse server, kept up until it is closed: it comes back by itself, sends again what was not
 * acknowledged, and reads what was missed, so that every message is delivered once and in order in its conversation.
 */
export class ChatClient extends Operations {
  readonly #groupId: number;
  readonly #emitter = new Emitter<ChatEvents>((error) => this.#failed(error));
  readonly #threads = new Threads({
    deliver: (message) => this.#deliver(message),
    history: (place, afterSeq) => this.history({ ...place, afterSeq, limit: pageSize }),
    behind: (missing) => this.#emitter.emit('behind', missing),
    failed: (error) => this.#failed(error),
  });
  readonly #inbox = new Inbox(this.#threads, this.#emitter, {
    conversations: (before) => this.listConversations({ before }),
    failed: (error) => this.#failed(error),
  });
  readonly #outbox = new Outbox({
    send: (message) => this.#sendNow(message),
    changed: (message) => this.#emitter.emit('outgoing', message),
  });
  readonly #feeds = new Map<Feed, string>();
  readonly #connection: Connection;
  #ready: ReadyFrame | undefined;

  constructor(options: ChatClientOptions) {
    super();
    this.#groupId = options.groupId ?? officialGroupId;
    this.#connection = new Connection(options, {
      state: (state) => this.#entered(state),
      ready: (frame) => {
        this.#ready = frame;
        this.#inbox.ready(frame);
      },
      frame: (frame) => this.#inbox.frame(frame),
      waiting: (plan) => this.#emitter.emit('waiting', plan),
      stopped: (error) => this.#stopped(error),
      failed: (error) => this.#failed(error),
    });
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** Who is logged in. @throws ChatError before the first `ready` */
  get user(): ReadyFrame['user'] {
    if (this.#ready === undefined) throw new ChatError('UNAUTHENTICATED');
    return this.#ready.user;
  }

  /** How many messages are known of and not yet delivered, because they are being read from history. */
  get behind(): number {
    return this.#threads.behind;
  }

  /** Listens to an event of `ChatEvents`. @returns a function that ends the listening */
  on<K extends keyof ChatEvents>(type: K, listener: (value: ChatEvents[K]) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  off<K extends keyof ChatEvents>(type: K, listener: (value: ChatEvents[K]) => void): void {
    this.#emitter.off(type, listener);
  }

  /** The next event of a kind. Rejects with ChatError CLOSED when the client closes before, and by signal or time. */
  once<K extends keyof ChatEvents>(type: K, options: WaitOptions = {}): Promise<ChatEvents[K]> {
    const offs: (() => void)[] = [];
    const event = new Promise<ChatEvents[K]>((resolve, reject) => {
      offs.push(this.on(type, resolve));
      if (type === 'closed') return;
      offs.push(this.on('closed', ({ error }) => reject(error ?? new ChatError('CLOSED'))));
      if (this.state === 'closed') reject(new ChatError('CLOSED'));
    });
    return within(event, options).finally(() => {
      for (const off of offs) off();
    });
  }

  /**
   * Connects, and tries again as long as that makes sense.
   * @returns the first `ready`; rejects with ChatError when the login is refused, with TIMEOUT after `timeoutMs`
   * (30 s unless told), or by signal; the client is closed then
   */
  async connect(options: WaitOptions | number = {}): Promise<ReadyFrame> {
    if (this.state !== 'idle') throw new ChatError('CONFLICT', 'A client connects once.');
    const wait = typeof options === 'number' ? { timeoutMs: options } : { timeoutMs: 30_000, ...options };
    const ready = this.once('ready', wait);
    this.#connection.start();
    try {
      return await ready;
    } catch (error) {
      this.#connection.stop(error instanceof ChatError ? error : undefined);
      throw error;
    }
  }

  /**
   * Sends to a group, across as many connections as it takes.
   * @returns the ack once the message is stored; rejects with ChatError where it is refused, OUTBOX_FULL or CLOSED
   */
  sendToGroup(content: string, groupId = this.#groupId, clientId?: string): Promise<Stored> {
    return this.send({ groupId }, content, { clientId });
  }

  /** Sends to one person; as `sendToGroup`. */
  sendToUser(userId: number, content: string, clientId?: string): Promise<Stored> {
    return this.send({ with: userId }, content, { clientId });
  }

  /** Sends to a conversation; as `sendToGroup`. Rejects with the signal's reason where that is aborted before the ack. */
  async send(place: Place, content: string, { clientId = randomId(), signal }: SendOptions = {}): Promise<Stored> {
    signal?.throwIfAborted();
    const { done } = this.#outbox.add(place, content, clientId);
    if (signal === undefined) return await done;
    try {
      return await within(done, { signal });
    } catch (error) {
      if (signal.aborted) this.#outbox.discard(clientId);
      throw error;
    }
  }

  /**
   * Sends as `send` does, for who shows messages on their way: the event `outgoing` tells how it went on.
   * @throws ChatError OUTBOX_FULL, CLOSED, BAD_REQUEST where it is too long
   */
  post(place: Place, content: string, clientId = randomId()): Outgoing {
    return this.#outbox.add(place, content, clientId).message;
  }

  /** One's own messages that are on their way or failed, of one conversation or of all, in the order handed over. */
  outgoing(place?: Place): Outgoing[] {
    return this.#outbox.list(place);
  }

  /** Sends a failed message again, with the same clientId. @returns whether there was one */
  retry(clientId: string): boolean {
    return this.#outbox.retry(clientId);
  }

  /** Lets go of a message that failed, or was never on a wire. @returns whether there was one */
  discard(clientId: string): boolean {
    return this.#outbox.discard(clientId);
  }

  /**
   * The messages of a conversation, each once and in order: `for await (const message of client.messages({ groupId }))`.
   * Listens from this call on; `from` begins with history. See `Feed` for what happens to slow readers.
   */
  messages(place: Place, options: FeedOptions = {}): Feed {
    const feed = new Feed(
      {
        history: (afterSeq) => this.history({ ...place, afterSeq, limit: pageSize }),
        whenReady: async () => this.state === 'ready' || (await this.once('ready')),
        ended: () => this.#feeds.delete(feed),
      },
      options,
    );
    this.#feeds.set(feed, keyOf(place));
    if (this.state === 'closed') feed.end(undefined);
    return feed;
  }

  /** Asks for what the protocol offers; rejects with ChatError, DISCONNECTED at once where there is no connection. */
  async request<T extends RequestType>(
    type: T,
    fields: Fields<T>,
    options: WaitOptions | number = {},
  ): Promise<Reply<T>> {
    const { timeoutMs = answerMs, signal } = typeof options === 'number' ? { timeoutMs: options } : options;
    signal?.throwIfAborted();
    const answer = this.#connection.request(type, fields, timeoutMs);
    const { type: _, ref: __, ...reply } = await within(answer, { signal });
    return reply as Reply<T>;
  }

  /** Tells the others that the user is writing; lost without a connection. */
  typing(place: Place): void {
    this.#connection.tell('typing', place);
  }

  /** To be called when the network is back: tries at once what would wait. In a browser the client notices by itself. */
  wake(): void {
    this.#connection.wake();
  }

  /** Ends everything; what was not acknowledged rejects with CLOSED. */
  close(): void {
    this.#connection.stop(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #entered(state: ConnectionState): void {
    if (state === 'waiting' || state === 'closed') {
      this.#threads.offline();
      this.#outbox.offline();
    }
    this.#emitter.emit('state', state);
    if (this.state === 'ready' && this.#ready !== undefined) this.#emitter.emit('ready', this.#ready);
    if (this.state === 'ready') this.#outbox.online();
  }

  #stopped(error: ChatError | undefined): void {
    this.#outbox.close();
    for (const feed of this.#feeds.keys()) feed.end(error);
    this.#emitter.emit('closed', error === undefined ? {} : { error });
  }

  #deliver(message: ReceivedMessage): void {
    const here = message.from === this.#threads.me && this.#outbox.has(message.clientId);
    const told = here ? { ...message, sentHere: true as const } : message;
    if (told.type === 'groupMessage') this.#emitter.emit('groupMessage', told);
    else this.#emitter.emit('privateMessage', told);
    if (this.#feeds.size === 0) return;
    const key = keyOf(placeOf(told, this.#threads.me));
    for (const [feed, at] of this.#feeds) if (at === key) feed.push(told);
  }

  async #sendNow({ place, content, clientId }: Outgoing): Promise<Stored> {
    const group = 'groupId' in place;
    const type = group ? 'groupMessage' : 'privateMessage';
    const target = group ? { groupId: place.groupId } : { to: place.with };
    const ack = await this.#connection.request(type, { ...target, content, clientId }, answerMs);
    const { id, seq, createTime } = ack as unknown as Stored;
    const own = { ...target, id, seq, from: this.#threads.me, content, kind: 'normal', createTime, clientId };
    this.#threads.message({ ...own, type, sentHere: true } as ReceivedMessage);
    return { id, seq, createTime, ...(ack.duplicate === true ? { duplicate: true } : {}) };
  }

  /** What no promise reports: nobody listening, it goes to the console rather than nowhere. */
  #failed(error: unknown): void {
    if (error instanceof ChatError && error.retryable) return;
    if (this.#emitter.emit('error', error) === 0) console.error(error);
  }
}
