import type { Bus, View } from '@teahouse/bus';
import { type KeyEntry, type ProfileEntry, type RevocationEntry, views } from '@teahouse/contracts';
import { type Log, settledWithin } from '@teahouse/service-kit';
import pLimit from 'p-limit';
import type { LoginRow, UserRow } from './entities.js';
import type { LoginStore } from './login-store.js';
import { pageSize, type UserStore } from './store.js';
import type { TokenLives } from './token-lives.js';
import { userOf } from './user.js';

/** How long an answer waits for its view; what takes longer goes on, and what fails is repaired. */
const patienceMs = 500;
/** Verbs' writes waiting for a view that does not answer; beyond it they are left to the repair. */
const waitingBound = 1000;
/** Time for clocks to differ, and for a token signed while its login ended. */
export const slackMs = 60_000;

/** Writes what others may know of accounts, logins and keys while this service is down. */
export class AuthViews {
  readonly #opened = new Map<string, Promise<View<unknown>>>();
  readonly #verbs = pLimit(64);
  readonly #bulk = pLimit(32);

  constructor(
    private readonly bus: Bus,
    private readonly users: UserStore,
    private readonly logins: LoginStore,
    private readonly lives: TokenLives,
    private readonly log: Log,
  ) {}

  /** Tells a profile after its commit. Never rejects and takes half a second at most: the repair tells what was not told. */
  tellProfile(user: UserRow): Promise<void> {
    return this.#soon(async () => {
      await this.putProfile(user);
      await this.users.markTold([user]);
    });
  }

  /** As `tellProfile`, for a login that ended. */
  tellRevocation(login: LoginRow): Promise<void> {
    return this.#soon(async () => {
      await this.#putRevocation(login);
      await this.logins.markTold([login.id]);
    });
  }

  /** As `tellRevocation`, for all logins that are not yet told. */
  tellRevocations(): Promise<void> {
    return this.#soon(() => this.repairRevocations(0));
  }

  async putProfile(user: UserRow): Promise<void> {
    const view = await this.#view<ProfileEntry>(views.profiles);
    await view.put(String(user.id), userOf(user), user.profileVersion);
  }

  async hasProfile(id: number): Promise<boolean> {
    return (await (await this.#view<ProfileEntry>(views.profiles)).get(String(id))) !== undefined;
  }

  async putKey(entry: KeyEntry): Promise<void> {
    await (await this.#view<KeyEntry>(views.keys)).put(entry.kid, entry, Date.now());
  }

  /** The keys that the view holds. */
  async keyIds(): Promise<string[]> {
    const ids: string[] = [];
    for await (const kid of (await this.#view<KeyEntry>(views.keys)).keys()) ids.push(kid);
    return ids;
  }

  async deleteKey(kid: string): Promise<void> {
    await (await this.#view<KeyEntry>(views.keys)).delete(kid);
  }

  /** Tells the profiles that were changed more than `graceMs` ago and not told. */
  async repairProfiles(graceMs: number): Promise<void> {
    for (let full = true; full; ) {
      const page = await this.users.untold(Date.now() + 1 - graceMs);
      await this.putProfiles(page);
      if (page.length > 0) await this.users.markTold(page);
      full = page.length === pageSize;
    }
  }

  async putProfiles(users: readonly UserRow[]): Promise<void> {
    await this.#bulk.map(users, (user) => this.putProfile(user));
  }

  /** Tells the logins that ended more than `graceMs` ago and were not told. */
  async repairRevocations(graceMs: number): Promise<void> {
    for (let full = true; full; ) {
      const page = await this.logins.untold(Date.now() + 1 - graceMs);
      await this.#bulk.map(page, (login) => this.#putRevocation(login));
      if (page.length > 0) await this.logins.markTold(page.map((login) => login.id));
      full = page.length === pageSize;
    }
  }

  /** Takes logins out of the view, and out of the database, once no token of theirs can be alive. */
  async forgetRevocations(): Promise<void> {
    const view = await this.#view<RevocationEntry>(views.revocations);
    for (let full = true; full; ) {
      const page = await this.logins.endedBefore(Date.now() - this.rememberMs);
      await this.#bulk.map(page, (login) => view.delete(login.id));
      if (page.length > 0) await this.logins.remove(page.map((login) => login.id));
      full = page.length === pageSize;
    }
  }

  /** How long an ended login stays in the view: as long as a token of it may be alive, whoever signed it. */
  get rememberMs(): number {
    return this.lives.longestMs + slackMs;
  }

  async #putRevocation(login: LoginRow): Promise<void> {
    const endTime = login.endTime ?? Date.now();
    const view = await this.#view<RevocationEntry>(views.revocations);
    await view.put(login.id, { userId: login.userId, until: endTime + this.rememberMs }, endTime);
  }

  async #soon(work: () => Promise<void>): Promise<void> {
    if (this.#verbs.pendingCount >= waitingBound) return;
    const told = this.#verbs(work).catch((error) =>
      this.log.warn({ err: error }, 'a view was not written; it will be repaired'),
    );
    await settledWithin(told, patienceMs);
  }

  async #view<T>(name: string): Promise<View<T>> {
    const opened = this.#opened.get(name) ?? this.bus.view<unknown>(name);
    this.#opened.set(name, opened);
    try {
      return (await opened) as View<T>;
    } catch (error) {
      this.#opened.delete(name);
      throw error;
    }
  }
}
