import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { TeahouseError } from '@teahouse/contracts';
import pLimit from 'p-limit';

/** argon2id (the library's default algorithm) with what OWASP asks for at least: 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Hashes at once. They run in libuv's pool of four threads, which name resolution and files need as well. */
const concurrency = 2;
const waitingBound = 200;

export interface HashOptions {
  /** Unix milliseconds after which nobody waits for the answer: then the work is not begun, but UNAVAILABLE thrown. */
  readonly deadline: number;
  /** Runs when it is one's turn, before the work; what it throws is thrown. Whoever waited is judged by the state of then. */
  readonly before?: () => Promise<void>;
}

/** Hashes and checks passwords, two at a time; 200 may wait, whoever comes beyond is refused with UNAVAILABLE. */
export class Passwords {
  readonly #turn = pLimit(concurrency);

  private constructor(private readonly nobodys: string) {}

  static async create(): Promise<Passwords> {
    return new Passwords(await hash(randomBytes(32), parameters));
  }

  /** A salted hash in the usual text form, parameters included. */
  hash(password: string, options: HashOptions): Promise<string> {
    return this.#inTurn(options, () => hash(password, parameters));
  }

  /**
   * Whether the password belongs to the hash. Without a hash the same work is done for nothing, so that time tells nothing.
   * @param wrong runs after a wrong password and before the next turn: guesses sent at once are counted one by one.
   */
  verify(
    stored: string | undefined,
    password: string,
    options: HashOptions,
    wrong?: () => Promise<void>,
  ): Promise<boolean> {
    return this.#inTurn(options, async () => {
      const right = (await verify(stored ?? this.nobodys, password)) && stored !== undefined;
      if (!right) await wrong?.();
      return right;
    });
  }

  async #inTurn<T>({ deadline, before }: HashOptions, work: () => Promise<T>): Promise<T> {
    if (this.#turn.pendingCount >= waitingBound) throw new TeahouseError('UNAVAILABLE');
    return this.#turn(async () => {
      if (Date.now() >= deadline) throw new TeahouseError('UNAVAILABLE');
      await before?.();
      return await work();
    });
  }
}
