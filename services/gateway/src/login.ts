import { type Bus, call, firstWrong } from '@teahouse/bus';
import {
  authCalls,
  type CallReply,
  type CloseReason,
  clientFrames,
  errorCatalogue,
  type FrameFields,
  limits,
  TeahouseError,
  type User,
  wholeFrame,
} from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import { Compile, type Validator } from 'typebox/compile';
import { CrowdReader, type Patience } from './crowd-reader.js';
import { pick } from './pick.js';
import type { Holder, Tokens } from './tokens.js';
import type { Users } from './users.js';

export type InitFields = FrameFields<typeof clientFrames.init>;

const initShape = Compile(wholeFrame(clientFrames.init)) as unknown as Validator;
const initNames = Object.keys(clientFrames.init.fields.properties);

/** The fields of an `init`; throws BAD_REQUEST. */
export function initFields(frame: Readonly<Record<string, unknown>>): InitFields {
  const wrong = firstWrong(initShape, frame);
  if (wrong !== undefined) throw new TeahouseError('BAD_REQUEST', wrong);
  return pick(frame, initNames);
}

/** So long auth may take to confirm logins; then the views speak for it. */
const patience: Patience = { answerMs: 500, leastMs: 100, lateMs: 300 };

type Confirmation = CallReply<typeof authCalls.confirm>['answers'][number];

/** Someone who has shown a token or a password. */
export interface Login extends Holder {
  /** Told by auth itself at a login by password. */
  readonly user?: User;
}

/** How somebody becomes a user on a connection, in two steps, so that the connection can be found by its login in between. */
export class Logins {
  readonly #bus: Bus;
  readonly #tokens: Tokens;
  readonly #users: Users;
  readonly #log: Log;
  readonly #crowd: CrowdReader<string, Confirmation>;

  constructor(bus: Bus, tokens: Tokens, users: Users, log: Log) {
    this.#bus = bus;
    this.#tokens = tokens;
    this.#users = users;
    this.#log = log;
    this.#crowd = new CrowdReader(
      async (loginIds, timeoutMs) => {
        return (await call(bus, authCalls.confirm, { loginIds }, { timeoutMs })).answers;
      },
      limits.logins,
      patience,
    );
  }

  /**
   * Checks the token, or has auth check the password.
   * Rejects with BAD_REQUEST where it is neither or both, UNAUTHENTICATED, BAD_CREDENTIALS, RATE_LIMITED, UNAVAILABLE.
   */
  async begin(fields: InitFields, address: string, timeoutMs: number): Promise<Login> {
    const { token, username, password } = fields;
    const byPassword = username !== undefined || password !== undefined;
    if (token !== undefined && !byPassword) return this.#tokens.verify(token);
    if (token !== undefined || username === undefined || password === undefined) {
      throw new TeahouseError('BAD_REQUEST', 'Log in with a token, or with a username and a password.');
    }
    const reply = await call(this.#bus, authCalls.login, { username, password, address }, { timeoutMs });
    return { ...this.#tokens.trust(reply.token), user: reply.user };
  }

  /** The user; rejects with UNAUTHENTICATED where the login was ended. Ask only once `revoked` would reach the connection. */
  async confirm(login: Login): Promise<User> {
    const told = await this.#ask(login);
    if (told?.ended ?? (await this.#tokens.isRevoked(login.loginId)))
      throw new TeahouseError('UNAUTHENTICATED', 'This login was ended.');
    return told?.user ?? login.user ?? (await this.#users.of(login));
  }

  /** What auth says, which is asked for all who come at once; undefined where it does not. */
  async #ask({ loginId }: Login): Promise<Confirmation | undefined> {
    try {
      return await this.#crowd.of(loginId);
    } catch (err) {
      this.#log.debug({ err }, 'auth does not confirm a login');
      return undefined;
    }
  }
}

/** How a connection ends after a login that failed so; undefined: it may try again. */
export function closeAfter(error: unknown): CloseReason | undefined {
  const code = error instanceof TeahouseError ? error.code : 'INTERNAL';
  if (code === 'BAD_REQUEST') return undefined;
  if (code === 'RATE_LIMITED') return 'tooMany';
  return errorCatalogue[code].retryable || code === 'INTERNAL' ? 'busy' : 'unauthenticated';
}
