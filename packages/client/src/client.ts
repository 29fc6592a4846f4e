/// <reference lib="esnext.disposable" preserve="true" />
import { Connection, type ConnectionOptions } from './connection.js';
import { Emitter } from './emitter.js';
import { ChatError } from './errors.js';
import type { ChatEvents, ConnectionState } from './events.js';
import type { Feed, FeedOptions } from './feed.js';
import { Feeds } from './feeds.js';
import {
  type Fields,
  type Place,
  placeOf,
  type ReadyFrame,
  type ReceivedMessage,
  type Reply,
  type RequestType,
  type Stored,
} from './frames.js';
import { Inbox } from './inbox.js';
import { Keeper } from './keeper.js';
import { Operations } from './operations.js';
import { Outbox } from './outbox.js';
import { type Outgoing, ownMessage, type SendOptions, sendFrame } from './outgoing.js';
import { randomId } from './random-id.js';
import { type WaitOptions, within } from './signals.js';
import type { ChatStore } from './store.js';
import { Threads } from './threads.js';

export type ChatClientOptions = ConnectionOptions & {
  /** Keeps unsent and recent messages beyond the life of this client; nothing is kept unless told. */
  readonly store?: ChatStore | undefined;
};

const officialGroupId = 1;
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
    changed: (message) => {
      this.#keeper.outgoing(message);
      this.#emitter.emit('outgoing', message);
    },
  });
  readonly #feeds = new Feeds();
  readonly #keeper: Keeper;
  readonly #connection: Connection;
  #ready: ReadyFrame | undefined;

  constructor(options: ChatClientOptions) {
    super();
    this.#groupId = options.groupId ?? officialGroupId;
    this.#keeper = new Keeper(options.store, {
      adopted: (messages) => this.#outbox.adopt(messages),
      failed: (error) => this.#failed(error),
    });
    if ('session' in options) this.#keeper.open(options.session.user.id);
    this.#connection = new Connection(options, {
      state: (state) => this.#entered(state),
      ready: (frame) => {
        this.#ready = frame;
        this.#keeper.open(frame.user.id);
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

  /** Sends a failed message again, with the same clientId. @returns whether there was one @throws ChatError OUTBOX_FULL */
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
    const feed = this.#feeds.open(place, options, {
      history: (afterSeq) => this.history({ ...place, afterSeq, limit: pageSize }),
      whenReady: async () => this.state === 'ready' || (await this.once('ready')),
    });
    if (this.state === 'closed') feed.end(undefined);
    return feed;
  }

  /**
   * The newest messages of a conversation that the store kept, ascending and without a hole: what can be shown before there
   * is a connection. None without a store, or where it is not yet known who is logged in.
   */
  recent(place: Place): Promise<ReceivedMessage[]> {
    return this.#keeper.recent(place);
  }

  /** Forgets what the store keeps of this user, unsent messages too, and keeps no more. Rejects where that failed. */
  forget(): Promise<void> {
    return this.#keeper.clear();
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

  /** Ends everything; what was not acknowledged rejects with CLOSED, and stays in the store where there is one. */
  close(): void {
    this.#connection.stop(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#keeper.close();
  }

  #entered(state: ConnectionState): void {
    if (state === 'waiting' || state === 'closed') {
      this.#threads.offline();
      this.#outbox.offline();
    }
    this.#emitter.emit('state', state);
    if (this.state === 'ready' && this.#ready !== undefined) this.#emitter.emit('ready', this.#ready);
    if (state === 'ready') this.#flow();
  }

  /** Lets go of what waits to be sent, what an earlier client left first. */
  #flow(): void {
    const go = () => {
      if (this.state === 'ready') this.#outbox.online();
    };
    if (this.#keeper.active) void this.#keeper.adopt().then(go);
    else go();
  }

  #stopped(error: ChatError | undefined): void {
    this.#outbox.close();
    this.#feeds.end(error);
    void this.#keeper.close();
    this.#emitter.emit('closed', error === undefined ? {} : { error });
  }

  #deliver(message: ReceivedMessage): void {
    const here = message.from === this.#threads.me && this.#outbox.has(message.clientId);
    const told = here ? { ...message, sentHere: true as const } : message;
    this.#emitter.emit(told.type, told as never);
    const place = placeOf(told, this.#threads.me);
    this.#keeper.delivered(place, told);
    this.#feeds.push(place, told);
  }

  async #sendNow(message: Outgoing): Promise<Stored> {
    const { type, ...fields } = sendFrame(message);
    const ack = (await this.#connection.request(type, fields, answerMs)) as unknown as Stored;
    this.#threads.own(ownMessage(message, ack, this.#threads.me));
    const { id, seq, createTime, duplicate } = ack;
    return { id, seq, createTime, ...(duplicate === true ? { duplicate } : {}) };
  }

  /** What no promise reports: nobody listening, it goes to the console rather than nowhere. */
  #failed(error: unknown): void {
    if (this.#emitter.emit('error', error) === 0) console.error(error);
  }
}
