import type { User } from '@teahouse/contracts';
import { type Database, list } from '@teahouse/service-kit/database';
import { type EntityManager, In, IsNull, LessThan, MoreThan } from 'typeorm';
import { LoginRow, UserRow } from './entities.js';
import { hashSecret, isSecret, type RefreshToken } from './refresh-tokens.js';
import { pageSize } from './store.js';
import { userOf } from './user.js';

/** A login is over when no token of it was used for this long. */
const refreshLifeMs = 30 * 24 * 3600 * 1000;

/** What became of a refresh: the token was good, was spent before for another one (which ended its login), or is worth nothing. */
export type Spending =
  | { readonly kind: 'good'; readonly user: UserRow }
  | { readonly kind: 'reused'; readonly login: LoginRow }
  | { readonly kind: 'worthless' };

/** The table `login`. Every method rejects with UNAVAILABLE where the database does not answer in time. */
export class LoginStore {
  constructor(private readonly database: Database) {}

  /** Begins a login within the transaction of a new account. */
  async addWithin(manager: EntityManager, userId: number, token: RefreshToken): Promise<void> {
    const now = Date.now();
    await manager.insert(LoginRow, {
      id: token.loginId,
      userId,
      familyHash: hashSecret(token.family),
      tokenHash: hashSecret(token.own),
      createTime: now,
      lastUse: now,
      endTime: null,
      told: 1,
    });
  }

  /**
   * Begins a login for who proved to know the password with this hash; false where it changed meanwhile or the account was
   * disabled. The account's row is locked, so that a change of the password ends this login or is seen here.
   */
  add(userId: number, passwordHash: string, token: RefreshToken): Promise<boolean> {
    return this.database.transaction(async (manager) => {
      const user = await manager.findOne(UserRow, {
        where: { id: userId, passwordHash, disabled: 0 },
        ...this.#locking,
      });
      if (user === null) return false;
      await this.addWithin(manager, userId, token);
      return true;
    });
  }

  /** Spends a refresh token for the `next` one of its family; once more where it was spent for this very one. */
  spend(token: RefreshToken, next: RefreshToken): Promise<Spending> {
    return this.database.transaction(async (manager) => {
      const login = await manager.findOne(LoginRow, { where: { id: token.loginId }, ...this.#locking });
      const now = Date.now();
      if (login === null || !isSecret(token.family, login.familyHash)) return { kind: 'worthless' };
      if (login.endTime !== null || login.lastUse <= now - refreshLifeMs) return { kind: 'worthless' };
      if (!isSecret(token.own, login.tokenHash) && !isSecret(next.own, login.tokenHash)) {
        const ended = { endTime: now, told: 0 };
        await manager.update(LoginRow, { id: login.id }, ended);
        return { kind: 'reused', login: { ...login, ...ended } };
      }
      const user = await manager.findOneBy(UserRow, { id: login.userId, disabled: 0 });
      if (user === null) return { kind: 'worthless' };
      await manager.update(LoginRow, { id: login.id }, { tokenHash: hashSecret(next.own), lastUse: now });
      return { kind: 'good', user };
    });
  }

  /** Whether these logins were ended, and whose they are; by id, without those that are not known. */
  async confirm(loginIds: readonly string[]): Promise<Map<string, { ended: boolean; user: User }>> {
    const ids = list(loginIds);
    const sql = `SELECT l.id AS loginId, l.endTime, u.id, u.username, u.nickname, u.role
      FROM login l JOIN \`user\` u ON u.id = l.userId WHERE l.id IN ${ids.sql}`;
    type Row = Pick<LoginRow, 'endTime'> & Pick<UserRow, 'id' | 'username' | 'nickname' | 'role'> & { loginId: string };
    const rows = await this.database.read((manager) => manager.query<Row[]>(sql, [...ids.params]));
    return new Map(rows.map((row) => [row.loginId, { ended: row.endTime !== null, user: userOf(row) }]));
  }

  /** Ends one login of this user; undefined where it has ended already or never was. */
  end(id: string, userId: number): Promise<LoginRow | undefined> {
    return this.database.transaction(async (manager) => {
      const open = { id, userId, endTime: IsNull() };
      const { affected } = await manager.update(LoginRow, open, { endTime: Date.now(), told: 0 });
      return affected === 1 ? ((await manager.findOneBy(LoginRow, { id })) ?? undefined) : undefined;
    });
  }

  /** Ended logins that the view may lack, longest ended first. */
  untold(before: number): Promise<LoginRow[]> {
    return this.database.read((manager) =>
      manager.find(LoginRow, {
        where: { told: 0, endTime: LessThan(before) },
        order: { endTime: 'ASC' },
        take: pageSize,
      }),
    );
  }

  async markTold(ids: readonly string[]): Promise<void> {
    await this.database.transaction((manager) => manager.update(LoginRow, { id: In(ids) }, { told: 1 }));
  }

  /** Has the logins that ended after `since` told once more. */
  async tellAgain(since: number): Promise<void> {
    const where = { told: 1, endTime: MoreThan(since) };
    for (let full = true; full; ) {
      const page = await this.database.read((manager) =>
        manager.find(LoginRow, { where, select: { id: true }, take: pageSize }),
      );
      const ids = page.map((login) => login.id);
      if (ids.length > 0)
        await this.database.transaction((manager) => manager.update(LoginRow, { id: In(ids) }, { told: 0 }));
      full = ids.length === pageSize;
    }
  }

  /** Logins that ended before `before` and stand in the view. */
  endedBefore(before: number): Promise<LoginRow[]> {
    return this.database.read((manager) =>
      manager.find(LoginRow, { where: { told: 1, endTime: LessThan(before) }, take: pageSize }),
    );
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.database.transaction((manager) => manager.delete(LoginRow, { id: In(ids) }));
  }

  /** Forgets logins that no token can revive; true where there may be more. No access token of them is alive either. */
  async removeExpired(): Promise<boolean> {
    const where = { endTime: IsNull(), lastUse: LessThan(Date.now() - refreshLifeMs) };
    const expired = await this.database.read((manager) => manager.find(LoginRow, { where, take: pageSize }));
    if (expired.length > 0) await this.remove(expired.map((login) => login.id));
    return expired.length === pageSize;
  }

  /** SQLite has no row locks and needs none: there one transaction runs at a time. */
  get #locking(): { lock?: { mode: 'pessimistic_write' } } {
    return this.database.dialect === 'sqlite' ? {} : { lock: { mode: 'pessimistic_write' } };
  }
}
