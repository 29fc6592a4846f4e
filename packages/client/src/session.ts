import { ChatError } from './errors.js';
import type { ReadyFrame } from './frames.js';

type User = ReadyFrame['user'];

/** What a login leaves behind; keep it to go on later with `Session.resume`. */
export interface SessionState {
  readonly token: string;
  readonly refreshToken: string;
  /** Unix milliseconds when the token ends. */
  readonly expiresAt: number;
  readonly user: User;
}

interface TokenPair {
  readonly token: string;
  readonly refreshToken: string;
  readonly expiresIn: number;
  readonly user: User;
}

/** A token is renewed so long before its end. */
const marginMs = 60_000;
const answerMs = 10_000;

/** A login over REST, whose token is renewed when it is asked for near its end. */
export class Session {
  readonly #url: string;
  readonly #onChange: (state: SessionState | undefined) => void;
  #state: SessionState;
  /** A refresh token may be spent once, so that all who ask share one renewal. */
  #renewing: Promise<string> | undefined;

  private constructor(url: string, state: SessionState, onChange: (state: SessionState | undefined) => void) {
    this.#url = url;
    this.#state = state;
    this.#onChange = onChange;
  }

  /** @param onChange hears each new state, and undefined when the login has ended. Rejects with ChatError. */
  static async login(
    url: string,
    body: { username: string; password: string },
    onChange: (state: SessionState | undefined) => void = () => {},
  ): Promise<Session> {
    return await Session.#begin(url, '/login', body, onChange);
  }

  /** Makes an account and logs in; otherwise as `login`. */
  static async register(
    url: string,
    body: { username: string; password: string; nickname?: string },
    onChange: (state: SessionState | undefined) => void = () => {},
  ): Promise<Session> {
    return await Session.#begin(url, '/register', body, onChange);
  }

  /** Goes on with a login that was kept; whether it still holds shows when its token is used. */
  static resume(
    url: string,
    state: SessionState,
    onChange: (state: SessionState | undefined) => void = () => {},
  ): Session {
    return new Session(url, state, onChange);
  }

  static async #begin(url: string, path: string, body: object, onChange: (state: SessionState | undefined) => void) {
    const state = toState((await post(url, path, body)) as TokenPair);
    onChange(state);
    return new Session(url, state, onChange);
  }

  get user(): User {
    return this.#state.user;
  }

  /** A token that holds, for `ChatClient`. With `fresh` a new one in any case. Rejects with ChatError. */
  async token(options: { fresh: boolean } = { fresh: false }): Promise<string> {
    if (!options.fresh && Date.now() < this.#state.expiresAt - marginMs) return this.#state.token;
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return await this.#renewing;
  }

  /** Ends this login on the server; its sockets close. */
  async logout(): Promise<void> {
    this.#onChange(undefined);
    await post(this.#url, '/logout', undefined, await this.token());
  }

  async #renew(): Promise<string> {
    try {
      this.#state = toState((await post(this.#url, '/token', { refreshToken: this.#state.refreshToken })) as TokenPair);
    } catch (error) {
      if (error instanceof ChatError && error.code === 'UNAUTHENTICATED') {
        this.#onChange(undefined);
        throw new ChatError('BAD_CREDENTIALS', 'The login has ended.', { cause: error });
      }
      throw error;
    }
    this.#onChange(this.#state);
    return this.#state.token;
  }
}

function toState({ token, refreshToken, expiresIn, user }: TokenPair): SessionState {
  return { token, refreshToken, expiresAt: Date.now() + expiresIn * 1000, user };
}

/** One REST call. Rejects with ChatError: what the server said, or DISCONNECTED where it could not be asked. */
async function post(base: string, path: string, body: object | undefined, token?: string): Promise<unknown> {
  const url = new URL(path, base.replace(/^ws/, 'http'));
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerMs),
    });
    status = response.status;
    text = await response.text();
  } catch (cause) {
    throw new ChatError('DISCONNECTED', undefined, { cause });
  }
  if (status === 204) return undefined;
  const answer = asObject(text);
  if (status >= 400 || answer === undefined) throw ChatError.from(asObject(JSON.stringify(answer?.error)) ?? {});
  return answer;
}

function asObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
