import { type authCalls, type CallReply, type CallRequest, TeahouseError, type User } from '@teahouse/contracts';
import type { EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import type { UserRow } from './entities.js';
import type { LoginStore } from './login-store.js';
import {
  makeRefreshToken,
  nextRefreshToken,
  type RefreshToken,
  readRefreshToken,
  writeRefreshToken,
} from './refresh-tokens.js';
import { type SigningKey, signToken } from './tokens.js';
import { userOf } from './user.js';
import type { AuthViews } from './views.js';

type Calls = typeof authCalls;
type Pair = CallReply<Calls['login']>;

/** The verbs on logins. */
export class Logins {
  constructor(
    private readonly store: LoginStore,
    private readonly views: AuthViews,
    private readonly key: SigningKey,
    private readonly ttlSeconds: number,
  ) {}

  /** A login to be stored together with a new account. */
  prepare(): { addTo(manager: EntityManager, user: UserRow): Promise<void>; pairFor(user: UserRow): Pair } {
    const token = makeRefreshToken(uuidv7());
    return {
      addTo: (manager, user) => this.store.addWithin(manager, user.id, token),
      pairFor: (user) => this.#pair(userOf(user), token),
    };
  }

  /** Begins a login for who proved to know the password in `user`; undefined where it changed meanwhile or the account is disabled. */
  async begin(user: UserRow): Promise<Pair | undefined> {
    const token = makeRefreshToken(uuidv7());
    const begun = await this.store.add(user.id, user.passwordHash, token);
    return begun ? this.#pair(userOf(user), token) : undefined;
  }

  async refresh({ refreshToken, idempotencyKey }: CallRequest<Calls['refresh']>): Promise<Pair> {
    const token = readRefreshToken(refreshToken);
    if (token === undefined) throw new TeahouseError('UNAUTHENTICATED');
    const next = nextRefreshToken(token, idempotencyKey);
    const spending = await this.store.spend(token, next);
    if (spending.kind === 'good') return this.#pair(userOf(spending.user), next);
    // Used twice: either the user or the one who used it first is a thief. Nobody can tell, so both have to log in.
    if (spending.kind === 'reused') await this.views.tellRevocation(spending.login);
    throw new TeahouseError('UNAUTHENTICATED');
  }

  async confirm({ loginIds }: CallRequest<Calls['confirm']>): Promise<CallReply<Calls['confirm']>> {
    const known = await this.store.confirm(loginIds);
    return { answers: loginIds.map((id) => known.get(id) ?? {}) };
  }

  async logout({ userId, loginId }: CallRequest<Calls['logout']>): Promise<Record<never, never>> {
    const ended = await this.store.end(loginId, userId);
    if (ended !== undefined) await this.views.tellRevocation(ended);
    return {};
  }

  #pair(user: User, token: RefreshToken): Pair {
    return {
      token: signToken(this.key, user, token.loginId, this.ttlSeconds),
      refreshToken: writeRefreshToken(token),
      expiresIn: this.ttlSeconds,
      user,
    };
  }
}
