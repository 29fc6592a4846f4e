import { ChatError } from './errors.js';
import type { User } from './protocol.js';
import { randomId } from './random-id.js';
import { type RestCall, rest } from './rest.js';
import { pause } from './signals.js';

/** What a login leaves behind; keep it to go on later with `Session.resume`. */
export interface SessionState {
  readonly token: string;
  readonly refreshToken: string;
  /** Unix milliseconds when the token ends. */
  readonly expiresAt: number;
  /** Unix milliseconds when it should be renewed; a minute before its end unless told. */
  readonly renewAt?: number;
  /** Stands here while a renewal is not answered: with it the same renewal may be asked for again. */
  readonly idempotencyKey?: string;
  readonly user: User;
}

interface TokenPair {
  readonly token: string;
  readonly refreshToken: string;
  readonly expiresIn: number;
  readonly user: User;
}

/** Hears each new state, and undefined when the login has ended. What it promises is waited for; it must not wait for this session's calls itself. */
type OnChange = (state: SessionState | undefined) => unknown;
interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A token is renewed so long before its end, or when three quarters of its life are over, whichever is later. */
const marginMs = 60_000;
const shortestPauseMs = 10_000;
/** The longest time that a timer takes. */
const longestPauseMs = 2 ** 31 - 1;

/**
 * A login over REST, whose token is renewed before it ends. Every call rejects with ChatError, or with what `onChange` throws.
 * A session belongs to one page or process: where two spend the same refresh token, the server ends the login. A renewal
 * whose answer was lost may be asked for again, also by the next process: its state says so.
 */
export class Session {
  readonly #url: string;
  readonly #onChange: OnChange;
  #state: SessionState;
  /** A refresh token may be spent once, so that all who ask share one renewal. */
  #renewing: Promise<string> | undefined;
  #over = false;

  private constructor(url: string, state: SessionState, onChange: OnChange) {
    this.#url = url;
    this.#state = state;
    this.#onChange = onChange;
  }

  /** @param onChange hears each new state, also before a renewal is asked for, and undefined when the login has ended */
  static async login(
    url: string,
    body: { username: string; password: string },
    onChange: OnChange = () => {},
    options: CallOptions = {},
  ): Promise<Session> {
    return await Session.#begin(url, '/login', body, onChange, options);
  }

  /** Makes an account and logs in; otherwise as `login`. */
  static async register(
    url: string,
    body: { username: string; password: string; nickname?: string },
    onChange: OnChange = () => {},
    options: CallOptions = {},
  ): Promise<Session> {
    return await Session.#begin(url, '/register', body, onChange, options);
  }

  /** Goes on with a login that was kept; whether it still holds shows when its token is used. */
  static resume(url: string, state: SessionState, onChange: OnChange = () => {}): Session {
    return new Session(url, state, onChange);
  }

  static async #begin(url: string, path: string, body: object, onChange: OnChange, { signal }: CallOptions) {
    const state = toState((await rest(url, { method: 'POST', path, body, signal })) as TokenPair);
    await onChange(state);
    return new Session(url, state, onChange);
  }

  get user(): User {
    return this.#state.user;
  }

  /**
   * A token that holds. With `fresh` a new one in any case; else one that nobody can renew at present is given as long as it
   * holds.
   */
  async token(options: { fresh: boolean } = { fresh: false }): Promise<string> {
    const { token, expiresAt } = this.#state;
    if (!options.fresh && Date.now() < renewalOf(this.#state)) return token;
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    try {
      return await this.#renewing;
    } catch (error) {
      const holds = !options.fresh && Date.now() < expiresAt;
      if (holds && (!(error instanceof ChatError) || error.retryable)) return token;
      throw error;
    }
  }

  /**
   * Renews the token in time even while nobody asks for it, so that a new connection needs nobody but the gateway; where
   * that fails it tries again until the login has ended.
   * `ChatClient` does so while it is open. @returns what ends it
   */
  keepFresh(): () => void {
    const end = new AbortController();
    const keep = async () => {
      while (!this.#over) {
        const pauseMs = Math.max(shortestPauseMs, renewalOf(this.#state) - Date.now());
        await pause(Math.min(pauseMs, longestPauseMs), end.signal);
        if (end.signal.aborted) return;
        await this.token().catch(() => {}); // The next connection tells it, and the next turn may mend it.
      }
    };
    void keep();
    return () => end.abort();
  }

  /** Who is logged in, as the server knows it now. */
  async me(options: CallOptions = {}): Promise<User> {
    return await this.#changed(await this.#call({ method: 'GET', path: '/me', ...options }));
  }

  async updateMe(body: { nickname?: string }, options: CallOptions = {}): Promise<User> {
    return await this.#changed(await this.#call({ method: 'PATCH', path: '/me', body, ...options }));
  }

  /** Ends every other login of the user. */
  async changePassword(body: { oldPassword: string; newPassword: string }, options: CallOptions = {}): Promise<void> {
    await this.#call({ method: 'PUT', path: '/me/password', body, ...options });
  }

  /** Ends this login on the server; its sockets close. */
  async logout(options: CallOptions = {}): Promise<void> {
    const ends = [this.#ended(), this.#call({ method: 'POST', path: '/logout', ...options })];
    for (const end of await Promise.allSettled(ends)) if (end.status === 'rejected') throw end.reason;
  }

  async #call(call: RestCall): Promise<unknown> {
    return await rest(this.#url, { ...call, token: await this.token() });
  }

  async #changed(answer: unknown): Promise<User> {
    const user = answer as User;
    await this.#set({ ...this.#state, user });
    return user;
  }

  async #renew(): Promise<string> {
    // Kept before it is sent: so the next process goes on where the answer, or this one, is lost.
    if (!this.#state.idempotencyKey) {
      const idempotencyKey = randomId();
      if (!this.#over) await this.#onChange({ ...this.#state, idempotencyKey });
      this.#state = { ...this.#state, idempotencyKey };
    }
    const { refreshToken, idempotencyKey } = this.#state;
    const body = { refreshToken, idempotencyKey };
    try {
      await this.#set(toState((await rest(this.#url, { method: 'POST', path: '/token', body })) as TokenPair));
    } catch (error) {
      if (error instanceof ChatError && error.code === 'UNAUTHENTICATED') {
        await this.#ended();
        throw new ChatError('BAD_CREDENTIALS', 'The login has ended.', { cause: error });
      }
      throw error;
    }
    return this.#state.token;
  }

  async #set(state: SessionState): Promise<void> {
    this.#state = state;
    if (!this.#over) await this.#onChange(state);
  }

  async #ended(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    await this.#onChange(undefined);
  }
}

function toState({ token, refreshToken, expiresIn, user }: TokenPair): SessionState {
  const lifeMs = expiresIn * 1000;
  const expiresAt = Date.now() + lifeMs;
  return { token, refreshToken, expiresAt, renewAt: expiresAt - Math.min(marginMs, lifeMs / 4), user };
}

function renewalOf({ expiresAt, renewAt = expiresAt - marginMs }: SessionState): number {
  return renewAt;
}
