import type { Bus } from '@teahouse/bus';
import { every, type Log, type Periodic, settledWithin } from '@teahouse/service-kit';
import { type Database, forgetActs } from '@teahouse/service-kit/database';
import type { KeyRing } from './keys.js';
import type { LoginStore } from './login-store.js';
import type { UserStore } from './store.js';
import type { TokenLives } from './token-lives.js';
import type { AuthViews } from './views.js';

const sweepMs = 2000;
const keysMs = 30_000;
const forgetMs = 10 * 60_000;
/** What a verb is telling just now is left to it for so long. */
const graceMs = 1000;
/** A bus that lost its power may have lost what it stored in the last minutes. */
const recentMs = 10 * 60_000;

/** Keeps the views as the database says, whatever was missed: a crash between commit and view, a bus that was away or lost its disk. */
export class Repair {
  readonly #security: Periodic;
  readonly #profiles: Periodic;
  readonly #unlisten: () => void;
  #keysDue = 0;
  #keysTold = false;
  #forgetDue = 0;
  #revocationsSuspect = true;
  #profilesSuspect = true;
  #grace = 0;
  #stopped = false;

  constructor(
    private readonly bus: Bus,
    private readonly database: Database,
    private readonly users: UserStore,
    private readonly logins: LoginStore,
    private readonly views: AuthViews,
    private readonly keys: KeyRing,
    private readonly lives: TokenLives,
    log: Log,
  ) {
    const onError = (error: unknown) => log.warn({ err: error }, 'the views could not be repaired; trying again');
    // Apart, so that writing a million lost profiles delays no revocation.
    this.#security = every(sweepMs, () => this.#sweepSecurity(), onError);
    this.#profiles = every(sweepMs, () => this.#sweepProfiles(), onError);
    this.#unlisten = bus.onStatus((status) => {
      if (status !== 'connected') return;
      this.#keysDue = 0;
      this.#revocationsSuspect = true;
      this.#profilesSuspect = true;
      void this.#security.now();
      void this.#profiles.now();
    });
  }

  /** The first sweep; it goes on behind when it takes longer than `ms`. */
  async first(ms: number): Promise<void> {
    await settledWithin(Promise.all([this.#security.now(), this.#profiles.now()]), ms);
    this.#grace = graceMs;
  }

  /** Whether the key of this instance is in the view, so that others can check its tokens. */
  get keysTold(): boolean {
    return this.#keysTold;
  }

  /** What is under way ends with its page. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unlisten();
    await Promise.all([this.#security.stop(), this.#profiles.stop()]);
  }

  async #sweepSecurity(): Promise<void> {
    if (!this.bus.connected) return;
    const now = Date.now();
    if (now >= this.#keysDue) {
      // Moved on before the work: what the bus says meanwhile has the last word.
      this.#keysDue = now + keysMs;
      try {
        await this.keys.publish();
        this.#keysTold = true;
        await this.lives.note();
      } catch (error) {
        this.#keysDue = 0;
        throw error;
      }
    }
    if (this.#revocationsSuspect) {
      this.#revocationsSuspect = false;
      try {
        await this.logins.tellAgain(now - this.views.rememberMs);
      } catch (error) {
        this.#revocationsSuspect = true;
        throw error;
      }
    }
    await this.views.repairRevocations(this.#grace);
    if (now >= this.#forgetDue) {
      await this.views.forgetRevocations();
      while (!this.#stopped && (await this.logins.removeExpired()));
      while (!this.#stopped && (await forgetActs(this.database)));
      this.#forgetDue = now + forgetMs;
    }
  }

  async #sweepProfiles(): Promise<void> {
    if (!this.bus.connected) return;
    if (this.#profilesSuspect) {
      this.#profilesSuspect = false;
      try {
        await this.users.tellAgain(Date.now() - recentMs);
        if (await this.#lostProfiles()) await this.#rewriteProfiles();
      } catch (error) {
        this.#profilesSuspect = true;
        throw error;
      }
    }
    if (!this.#stopped) await this.views.repairProfiles(this.#grace);
  }

  async #lostProfiles(): Promise<boolean> {
    for (const id of await this.users.edges()) if (!(await this.views.hasProfile(id))) return true;
    return false;
  }

  /** From the newest to the oldest: as long as the oldest is missing, the rewriting has not come to its end. */
  async #rewriteProfiles(): Promise<void> {
    for (let below = Number.MAX_SAFE_INTEGER; !this.#stopped; ) {
      const page = await this.users.page(below);
      const last = page.at(-1);
      if (last === undefined) return;
      await this.views.putProfiles(page.slice(0, -1));
      await this.views.putProfile(last);
      below = last.id;
    }
  }
}
