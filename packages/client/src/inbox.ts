import type { Emitter } from './emitter.js';
import { ChatError } from './errors.js';
import type { ChatEvents } from './events.js';
import type { ReadyFrame, ReceivedMessage, ServerFrame } from './frames.js';
import { pause } from './signals.js';
import type { Threads } from './threads.js';

export interface InboxHost {
  /** The page of private conversations that follows this user id. */
  conversations(before: number): Promise<{ conversations: ReadyFrame['conversations']; more: boolean }>;
  failed(error: unknown): void;
}

const firstPauseMs = 500;
const longestPauseMs = 5_000;

/** What the server tells by itself: messages and heads go to the threads, everything else to the listeners. */
export class Inbox {
  readonly #threads: Threads;
  readonly #emitter: Emitter<ChatEvents>;
  readonly #host: InboxHost;
  /** A connection went before all that had moved was told: its next list no longer shows where that ends. */
  #interrupted = false;

  constructor(threads: Threads, emitter: Emitter<ChatEvents>, host: InboxHost) {
    this.#threads = threads;
    this.#emitter = emitter;
    this.#host = host;
  }

  ready(ready: ReadyFrame): void {
    this.#threads.online(ready.user.id);
    if (!ready.unavailable?.includes('groups')) this.#threads.groups(ready.groups);
    if (!ready.unavailable?.includes('conversations')) this.#conversations(ready);
  }

  frame(frame: { readonly type: string }): void {
    switch (frame.type) {
      case 'groupMessage':
      case 'privateMessage':
        this.#threads.message(frame as ReceivedMessage);
        break;
      case 'heartbeat':
        this.#heads(frame as ServerFrame<'heartbeat'>);
        break;
      case 'catchUp':
        this.#catchUp(frame as ServerFrame<'catchUp'>);
        break;
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
        if (group.lastSeq !== undefined) this.#threads.head({ groupId: group.id }, group.lastSeq, group.lastSeq);
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

  #heads({ heads }: ServerFrame<'heartbeat'>): void {
    for (const [id, seq] of Object.entries(heads?.groups ?? {})) this.#threads.head({ groupId: Number(id) }, seq);
    for (const [id, seq] of Object.entries(heads?.users ?? {})) this.#threads.head({ with: Number(id) }, seq);
  }

  #catchUp({ groupId, with: userId, seq }: ServerFrame<'catchUp'>): void {
    if (groupId !== undefined) this.#threads.head({ groupId }, seq);
    else if (userId !== undefined) this.#threads.head({ with: userId }, seq);
  }

  /** Reads on where more conversations may have moved while we were away. */
  #conversations(page: { conversations: ReadyFrame['conversations']; moreConversations?: true | undefined }): void {
    const more = page.moreConversations === true;
    const moved = this.#threads.conversations(page.conversations, more);
    const last = page.conversations.at(-1);
    if (last !== undefined && (moved || (more && this.#interrupted))) void this.#readOn(last.userId);
    else this.#interrupted = false;
  }

  /** Asks for the next page. A service that is down is asked again, as long as the connection holds. */
  async #readOn(before: number): Promise<void> {
    const { era } = this.#threads;
    for (let pauseMs = firstPauseMs; !era.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        const { conversations, more } = await this.#host.conversations(before);
        if (era.aborted) break;
        this.#conversations({ conversations, ...(more ? { moreConversations: true as const } : {}) });
        return;
      } catch (error) {
        if (era.aborted) break;
        if (!(error instanceof ChatError) || !error.retryable) {
          this.#host.failed(error);
          return;
        }
        await pause(Math.max(error.retryAfterMs ?? 0, pauseMs), era);
      }
    }
    this.#interrupted = true;
  }
}
