import { TeahouseError } from '@teahouse/contracts';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';

/** Keys that one counter may see new before it forgets all it counted: so strangers with many addresses cannot fill the memory. */
const keyBound = 100_000;

/** Counts per key within a minute that begins with the key's first count. In memory: every instance counts for itself. */
class Counter {
  #limiter: RateLimiterMemory;
  #keys = 0;

  constructor(private readonly perMinute: number) {
    this.#limiter = this.#fresh();
  }

  /** @throws RATE_LIMITED with `retryAfterMs` where the key's minute is used up. */
  async check(key: string): Promise<void> {
    if (this.perMinute === 0) return;
    const counted = await this.#limiter.get(key);
    if (counted !== null && counted.consumedPoints >= this.perMinute) throw limited(counted);
  }

  async count(key: string): Promise<void> {
    await this.#counted(key);
  }

  /** Counts, and refuses what is beyond the limit: of many at once no more get through than of as many in turn. */
  async countOrRefuse(key: string): Promise<void> {
    const counted = await this.#counted(key);
    if (counted && counted.consumedPoints > this.perMinute) throw limited(counted);
  }

  async #counted(key: string): Promise<RateLimiterRes | undefined> {
    if (this.perMinute === 0) return undefined;
    const counted = await this.#limiter.penalty(key);
    if (counted.isFirstInDuration) this.#keys++;
    if (this.#keys >= keyBound) {
      this.#limiter = this.#fresh();
      this.#keys = 0;
    }
    return counted;
  }

  #fresh(): RateLimiterMemory {
    return new RateLimiterMemory({ points: this.perMinute, duration: 60 });
  }
}

function limited({ msBeforeNext }: RateLimiterRes): TeahouseError {
  return new TeahouseError('RATE_LIMITED', undefined, { retryAfterMs: Math.max(1, msBeforeNext) });
}

/** Slows down the guessing of passwords and the making of accounts. 0 a minute switches it off. */
export class LoginLimits {
  readonly #addresses: Counter;
  readonly #accounts: Counter;
  readonly #registrations: Counter;

  constructor(perMinute: number) {
    this.#addresses = new Counter(perMinute);
    this.#accounts = new Counter(perMinute);
    this.#registrations = new Counter(perMinute);
  }

  /** @param address undefined where an account checks its own password. */
  async checkLogin(account: string, address?: string): Promise<void> {
    await this.#accounts.check(account);
    if (address !== undefined) await this.#addresses.check(address);
  }

  async failedLogin(account: string, address?: string): Promise<void> {
    await this.#accounts.count(account);
    if (address !== undefined) await this.#addresses.count(address);
  }

  /** Counts an attempt, or refuses it. */
  async registration(address: string): Promise<void> {
    await this.#registrations.countOrRefuse(address);
  }
}
