import { openSocket } from '#websocket';
import { type Credentials, initOf } from './credentials.js';
import { ChatError } from './errors.js';
import type { ConnectionState } from './events.js';
import type { Fields, ReadyFrame } from './frames.js';
import { Link } from './link.js';
import { type Ending, planAfter } from './policy.js';
import type { OpenSocket } from './transport.js';
import { watchWaking } from './waking.js';

export type ConnectionOptions = Credentials & {
  /** `ws://host:8001/`, or the same with http: or https:. */
  readonly url: string;
  /** Group of sends that name none; the official one unless told. */
  readonly groupId?: number | undefined;
  /** Opens sockets instead of `ws` (Node) or the browser's own WebSocket. */
  readonly openSocket?: OpenSocket | undefined;
};

export interface ConnectionHost {
  state(state: ConnectionState): void;
  /** Logged in; frames follow. */
  ready(frame: ReadyFrame): void;
  /** Every other frame that answers no request. */
  frame(frame: { readonly type: string }): void;
  /** The connection went; the next attempt follows after so long. */
  waiting(plan: { readonly code: number; readonly delayMs: number }): void;
  /** It is over for good, with an error unless `stop` was called without one. */
  stopped(error: ChatError | undefined): void;
  failed(error: unknown): void;
}

/** A connection that held for so long counts as a success: the next pause starts short again. */
const stableMs = 10_000;

/** Keeps one link to the server up: opens it, and after its end opens another, as long as that makes sense. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #host: ConnectionHost;
  readonly #url: string;
  /** Whose connection this is: a session says so, else the first `ready`. */
  #userId: number | undefined;
  #state: ConnectionState = 'idle';
  #link: Link | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #unwatch = () => {};
  #attempt = 0;
  #refusals = 0;
  #readyAt = 0;
  /** The page is not running: it is no use to try before it wakes. */
  #asleep = false;
  /** A login was refused: the token function is told to get another, until one is taken. */
  #freshLogin = false;

  constructor(options: ConnectionOptions, host: ConnectionHost) {
    this.#options = options;
    this.#host = host;
    this.#url = options.url.replace(/^http/, 'ws');
    if ('session' in options) this.#userId = options.session.user.id;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  start(): void {
    const unwatch = watchWaking(
      () => this.wake(),
      () => this.#sleep(),
    );
    const unfresh = 'session' in this.#options ? this.#options.session.keepFresh() : () => {};
    this.#unwatch = () => {
      unwatch();
      unfresh();
    };
    this.#open();
  }

  /** Rejects with ChatError; DISCONNECTED at once where there is no connection. */
  async request(type: string, fields: object, timeoutMs: number): Promise<Record<string, unknown>> {
    if (this.#link === undefined) throw new ChatError(this.#state === 'closed' ? 'CLOSED' : 'DISCONNECTED');
    return await this.#link.request(type, fields, timeoutMs);
  }

  tell(type: string, fields: object): void {
    this.#link?.tell(type, fields);
  }

  /** Asks for a sign of life on a connection that may be dead, and tries at once what would wait. */
  wake(): void {
    this.#asleep = false;
    this.#link?.probe();
    if (this.#state !== 'waiting') return;
    clearTimeout(this.#retryTimer);
    this.#open();
  }

  stop(error: ChatError | undefined): void {
    if (this.#state === 'closed') return;
    this.#enter('closed');
    clearTimeout(this.#retryTimer);
    this.#unwatch();
    this.#link?.close();
    this.#host.stopped(error);
  }

  /** Says goodbye, so that others see at once who is away. */
  #sleep(): void {
    this.#asleep = true;
    clearTimeout(this.#retryTimer);
    this.#link?.close();
  }

  #open(): void {
    this.#enter('connecting');
    initOf(this.#options, this.#freshLogin).then(
      (init) => {
        if (this.#state !== 'connecting') return;
        if (this.#asleep) this.#enter('waiting');
        else this.#connect(init);
      },
      (error: unknown) => {
        if (this.#state !== 'connecting') return;
        const refusal = error instanceof ChatError ? error : undefined;
        if (refusal === undefined) this.#host.failed(error);
        this.#ended({ code: 1006, reason: 'no token', refusal, reconnectWithinMs: undefined });
      },
    );
  }

  #connect(init: Fields<'init'>): void {
    try {
      this.#link = new Link(this.#options.openSocket ?? openSocket, this.#url, init, {
        ready: (frame) => this.#loggedIn(frame),
        frame: (frame) => this.#host.frame(frame),
        ended: (ending) => this.#ended(ending),
      });
    } catch (cause) {
      this.stop(new ChatError('BAD_REQUEST', `${this.#url} is no address of a server.`, { cause }));
    }
  }

  #loggedIn(frame: ReadyFrame): void {
    this.#userId ??= frame.user.id;
    if (frame.user.id !== this.#userId) {
      // What waits to be sent, and what is kept, is the first one's.
      this.stop(new ChatError('UNAUTHENTICATED', 'The login is that of another user than before.'));
      return;
    }
    this.#readyAt = Date.now();
    this.#refusals = 0;
    this.#freshLogin = false;
    this.#enter('ready', () => this.#host.ready(frame));
  }

  #ended(ending: Ending): void {
    this.#link = undefined;
    if (this.#state === 'closed') return;
    if (this.#asleep) {
      this.#enter('waiting');
      return;
    }
    const held = this.#state === 'ready' && Date.now() - this.#readyAt >= stableMs;
    if (held) this.#attempt = 0;
    // What a token that was kept is refused for, a fresh one may mend.
    if (ending.code === 4401 && this.#freshLogin) this.#refusals += 1;
    const plan = planAfter(ending, this.#attempt, this.#refusals);
    if ('stop' in plan) {
      this.stop(plan.stop);
      return;
    }
    this.#attempt += 1;
    this.#freshLogin ||= plan.freshLogin;
    this.#retryTimer = setTimeout(() => this.#open(), plan.delayMs);
    this.#enter('waiting');
    this.#host.waiting({ code: ending.code, delayMs: plan.delayMs });
  }

  /** @param first is done before anybody hears of the new state */
  #enter(state: ConnectionState, first = () => {}): void {
    if (state === this.#state) return;
    this.#state = state;
    first();
    this.#host.state(state);
  }
}
