import type { officialGroup } from '@teahouse/contracts';
import { openSocket } from '#websocket';
import { type Credentials, initOf, randomId } from './credentials.js';
import { Emitter } from './emitter.js';
import { ChatError } from './errors.js';
import type { ChatEvents, ConnectionState } from './events.js';
import type { Fields, Place, ReadyFrame, ReceivedMessage, Reply, RequestType, ServerFrame, Stored } from './frames.js';
import { Link } from './link.js';
import { Outbox } from './outbox.js';
import { type Ending, planAfter } from './policy.js';
import { Threads } from './threads.js';
import type { OpenSocket } from './transport.js';

export type ChatClientOptions = Credentials & {
  /** `ws://host:8001/`, or the same with http: or https:. */
  readonly url: string;
  /** Group of sends that name none; the official one unless told. */
  readonly groupId?: number;
  /** Opens sockets instead of `ws` (Node) or the browser's own WebSocket. */
  readonly openSocket?: OpenSocket;
};

const officialGroupId: (typeof officialGroup)['id'] = 1;
/** The server answers within two seconds, be it with UNAVAILABLE. */
const answerMs = 10_000;
const pageSize = 200;
/** A connection that held for so long counts as a success: the next pause starts short again. */
const stableMs = 10_000;

/**
 * A user's connection to a Teahouse server, kept up until it is closed: it comes back by itself, sends again what was not
 * acknowledged, and reads what was missed, so that every message is delivered once and in order in its conversation.
 */
export class ChatClient {
  readonly #options: ChatClientOptions;
  readonly #url: string;
  readonly #emitter = new Emitter<ChatEvents>((error) => this.#failed(error));
  readonly #threads = new Threads({
    deliver: (message) => this.#deliver(message),
    history: (place, afterSeq) => this.#history(place, afterSeq),
    failed: (error) => this.#failed(error),
  });
  readonly #outbox = new Outbox((message) => this.#sendNow(message.place, message.content, message.clientId));
  #state: ConnectionState = 'idle';
  #link: Link | undefined;
  #ready: ReadyFrame | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #refusals = 0;
  #readyAt = 0;
  /** The last login was refused: the token function is told to get another. */
  #freshLogin = false;

  constructor(options: ChatClientOptions) {
    this.#options = options;
    this.#url = options.url.replace(/^http/, 'ws');
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Who is logged in. @throws ChatError before the first `ready` */
  get user(): ReadyFrame['user'] {
    if (this.#ready === undefined) throw new ChatError('UNAUTHENTICATED');
    return this.#ready.user;
  }

  /** Listens to an event of `ChatEvents`. @returns a function that ends the listening */
  on<K extends keyof ChatEvents>(type: K, listener: (value: ChatEvents[K]) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  off<K extends keyof ChatEvents>(type: K, listener: (value: ChatEvents[K]) => void): void {
    this.#emitter.off(type, listener);
  }

  /**
   * Connects, and tries again as long as that makes sense.
   * @returns the first `ready`; rejects with ChatError when the login is refused, or with TIMEOUT after `timeoutMs`; the client is closed then
   */
  connect(timeoutMs = 30_000): Promise<ReadyFrame> {
    if (this.#state !== 'idle') return Promise.reject(new ChatError('CONFLICT', 'A client connects once.'));
    const ready = new Promise<ReadyFrame>((resolve, reject) => {
      const timer = setTimeout(() => this.#stop(new ChatError('TIMEOUT')), timeoutMs);
      this.on('ready', resolve);
      this.on('closed', ({ error }) => reject(error ?? new ChatError('CLOSED')));
      this.on('state', () => {
        if (this.#state === 'ready' || this.#state === 'closed') clearTimeout(timer);
      });
    });
    this.#open();
    return ready;
  }

  /**
   * Sends to a group, across as many connections as it takes.
   * @returns the ack once the message is stored; rejects with ChatError where it is refused (see `Outbox`)
   */
  sendToGroup(content: string, groupId?: number, clientId = randomId()): Promise<Stored> {
    const place = { groupId: groupId ?? this.#options.groupId ?? officialGroupId };
    return this.#outbox.add({ place, content, clientId });
  }

  /** Sends to one person; as `sendToGroup`. */
  sendToUser(userId: number, content: string, clientId = randomId()): Promise<Stored> {
    return this.#outbox.add({ place: { with: userId }, content, clientId });
  }

  /** Asks for what the protocol offers; rejects with ChatError, DISCONNECTED at once where there is no connection. */
  async request<T extends RequestType>(type: T, fields: Fields<T>, timeoutMs = answerMs): Promise<Reply<T>> {
    if (this.#link === undefined) throw new ChatError(this.#state === 'closed' ? 'CLOSED' : 'DISCONNECTED');
    const { type: _, ref: __, ...reply } = await this.#link.request(type, fields, timeoutMs);
    return reply as Reply<T>;
  }

  /** Tells the others that the user is writing; lost without a connection. */
  typing(place: Place): void {
    this.#link?.tell('typing', place);
  }

  /** To be called when the network is back or the page is looked at again: tries at once what would wait. */
  wake(): void {
    this.#link?.probe();
    if (this.#state !== 'waiting') return;
    clearTimeout(this.#retryTimer);
    this.#open();
  }

  /** Ends everything; what was not acknowledged rejects with CLOSED. */
  close(): void {
    this.#stop(undefined);
  }

  #open(): void {
    this.#enter('connecting');
    initOf(this.#options, this.#freshLogin).then(
      (init) => {
        if (this.#state === 'connecting') this.#connect(init);
      },
      (error: unknown) => {
        if (this.#state !== 'connecting') return;
        const refusal = error instanceof ChatError ? error : undefined;
        if (refusal === undefined) this.#failed(error);
        this.#ended({ code: 1006, reason: 'no token', refusal, reconnectWithinMs: undefined });
      },
    );
  }

  #connect(init: Fields<'init'>): void {
    try {
      this.#link = new Link(this.#options.openSocket ?? openSocket, this.#url, init, {
        frame: (frame) => this.#frame(frame),
        ended: (ending) => this.#ended(ending),
      });
    } catch (cause) {
      this.#stop(new ChatError('BAD_REQUEST', `${this.#url} is no address of a server.`, { cause }));
    }
  }

  #frame(frame: { readonly type: string }): void {
    switch (frame.type) {
      case 'ready':
        this.#loggedIn(frame as ReadyFrame);
        break;
      case 'groupMessage':
      case 'privateMessage':
        this.#threads.message(frame as ReceivedMessage);
        break;
      case 'heartbeat':
        this.#heads(frame as ServerFrame<'heartbeat'>);
        break;
      case 'catchUp': {
        const { groupId, with: userId, seq } = frame as ServerFrame<'catchUp'>;
        if (groupId !== undefined) this.#threads.head({ groupId }, seq);
        else if (userId !== undefined) this.#threads.head({ with: userId }, seq);
        break;
      }
      case 'groups':
        this.#threads.groups((frame as ServerFrame<'groups'>).groups);
        this.#emitter.emit('groups', frame as ServerFrame<'groups'>);
        break;
      case 'conversations':
        this.#conversations(frame as ServerFrame<'conversations'>);
        this.#emitter.emit('conversations', frame as ServerFrame<'conversations'>);
        break;
      case 'groupChanged': {
        const { group } = frame as ServerFrame<'groupChanged'>;
        if (group.lastSeq !== undefined) this.#threads.head({ groupId: group.id }, group.lastSeq);
        this.#emitter.emit('groupChanged', frame as ServerFrame<'groupChanged'>);
        break;
      }
      case 'readMarker':
      case 'typing':
      case 'joinRequest':
      case 'joinAnswer':
      case 'presence':
        this.#emitter.emit(frame.type, frame as never);
        break;
      default: // A frame of a later version.
    }
  }

  #loggedIn(ready: ReadyFrame): void {
    this.#ready = ready;
    this.#readyAt = Date.now();
    this.#refusals = 0;
    this.#threads.online(ready.user.id);
    if (!ready.unavailable?.includes('groups')) this.#threads.groups(ready.groups);
    if (!ready.unavailable?.includes('conversations')) this.#conversations(ready);
    this.#enter('ready');
    this.#emitter.emit('ready', ready);
    this.#outbox.online();
  }

  /** Reads on where more conversations may have moved while we were away. */
  #conversations(page: { conversations: ReadyFrame['conversations']; moreConversations?: true | undefined }): void {
    const last = page.conversations.at(-1);
    if (!this.#threads.conversations(page.conversations, page.moreConversations === true) || last === undefined) return;
    this.request('listConversations', { before: last.userId }).then(
      ({ conversations, more }) =>
        this.#conversations({ conversations, ...(more ? { moreConversations: true as const } : {}) }),
      (error: unknown) => this.#failed(error),
    );
  }

  #heads({ heads }: ServerFrame<'heartbeat'>): void {
    for (const [id, seq] of Object.entries(heads?.groups ?? {})) this.#threads.head({ groupId: Number(id) }, seq);
    for (const [id, seq] of Object.entries(heads?.users ?? {})) this.#threads.head({ with: Number(id) }, seq);
  }

  #deliver(message: ReceivedMessage): void {
    const here = message.from === this.#threads.me && this.#outbox.has(message.clientId);
    const told = here ? { ...message, sentHere: true as const } : message;
    if (told.type === 'groupMessage') this.#emitter.emit('groupMessage', told);
    else this.#emitter.emit('privateMessage', told);
  }

  async #history(place: Place, afterSeq: number): Promise<{ messages: ReceivedMessage[]; more: boolean }> {
    const { messages, more } = await this.request('history', { ...place, afterSeq, limit: pageSize });
    const type = 'groupId' in place ? 'groupMessage' : 'privateMessage';
    return { messages: messages.map((message) => ({ ...message, type }) as ReceivedMessage), more };
  }

  async #sendNow(place: Place, content: string, clientId: string): Promise<Stored> {
    if (this.#link === undefined) throw new ChatError('DISCONNECTED');
    const group = 'groupId' in place;
    const type = group ? 'groupMessage' : 'privateMessage';
    const target = group ? { groupId: place.groupId } : { to: place.with };
    const ack = await this.#link.request(type, { ...target, content, clientId }, answerMs);
    const { id, seq, createTime } = ack as unknown as Stored;
    const own = { ...target, id, seq, from: this.#threads.me, content, kind: 'normal', createTime, clientId };
    this.#threads.message({ ...own, type, sentHere: true } as ReceivedMessage);
    return { id, seq, createTime, ...(ack.duplicate === true ? { duplicate: true } : {}) };
  }

  #ended(ending: Ending): void {
    this.#link = undefined;
    if (this.#state === 'closed') return;
    this.#threads.offline();
    this.#outbox.offline();
    const held = this.#state === 'ready' && Date.now() - this.#readyAt >= stableMs;
    if (held) this.#attempt = 0;
    this.#refusals += ending.code === 4401 ? 1 : 0;
    const plan = planAfter(ending, this.#attempt, this.#refusals);
    if ('stop' in plan) {
      this.#stop(plan.stop);
      return;
    }
    this.#attempt += 1;
    this.#freshLogin = plan.freshLogin;
    this.#enter('waiting');
    this.#retryTimer = setTimeout(() => this.#open(), plan.delayMs);
  }

  #stop(error: ChatError | undefined): void {
    if (this.#state === 'closed') return;
    this.#enter('closed');
    clearTimeout(this.#retryTimer);
    this.#threads.offline();
    this.#link?.close();
    this.#outbox.close();
    this.#emitter.emit('closed', error === undefined ? {} : { error });
  }

  #enter(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#emitter.emit('state', state);
  }

  /** What no promise reports: nobody listening, it goes to the console rather than nowhere. */
  #failed(error: unknown): void {
    if (error instanceof ChatError && error.retryable) return;
    if (this.#emitter.emit('error', error) === 0) console.error(error);
  }
}
