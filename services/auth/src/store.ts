import { TeahouseError } from '@teahouse/contracts';
import { classify, type Database, list } from '@teahouse/service-kit/database';
import { type EntityManager, In, IsNull, LessThan, MoreThan, Not } from 'typeorm';
import { LoginRow, UserRow } from './entities.js';

/** Rows that one statement of the repair touches: few enough to be done within a database call's deadline. */
export const pageSize = 500;

export interface NewAccount {
  readonly username: string;
  readonly nickname: string;
  readonly passwordHash: string;
  /** 0 user, 1 admin. */
  readonly role: number;
}

/** The form in which names are compared: `ＴＥＡ`, `Tea` and `tea` are one. Case goes up first: `ß` has no other way to `ss`, nor `σ` and `ς` to each other. */
export function usernameKey(username: string): string {
  return username.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

/** The table `user`. Every method rejects with UNAVAILABLE where the database does not answer in time. */
export class UserStore {
  constructor(private readonly database: Database) {}

  byId(id: number): Promise<UserRow | null> {
    return this.database.read((manager) => manager.findOneBy(UserRow, { id }));
  }

  byName(username: string): Promise<UserRow | null> {
    return this.database.read((manager) => manager.findOneBy(UserRow, { usernameKey: usernameKey(username) }));
  }

  /**
   * Adds an account, with this `id` where one is given. `also` runs in the same transaction.
   * @throws CONFLICT where the name or the id is taken.
   */
  async add(
    account: NewAccount,
    also?: (manager: EntityManager, user: UserRow) => Promise<void>,
    id?: number,
  ): Promise<UserRow> {
    try {
      return await this.database.transaction(async (manager) => {
        const now = Date.now();
        // Made anew in each attempt: `insert` writes the id into what it is given.
        const user = manager.create(UserRow, {
          ...account,
          ...(id === undefined ? {} : { id }),
          usernameKey: usernameKey(account.username),
          disabled: 0,
          lastOnlineTime: null,
          createTime: now,
          profileVersion: 1,
          changeTime: now,
          told: 0,
        });
        await manager.insert(UserRow, user);
        // TypeORM writes a generated bigint back as text, though it reads it as a number.
        user.id = Number(user.id);
        await also?.(manager, user);
        return user;
      });
    } catch (error) {
      if (classify(error) === 'duplicate') throw new TeahouseError('CONFLICT', 'This name is taken.', { cause: error });
      throw error;
    }
  }

  /** Changes the nickname; null where there is no such account. */
  rename(id: number, nickname: string): Promise<UserRow | null> {
    return this.database.transaction(async (manager) => {
      const change = { nickname, profileVersion: () => 'profileVersion + 1', changeTime: Date.now(), told: 0 };
      await manager.update(UserRow, { id }, change);
      return await manager.findOneBy(UserRow, { id });
    });
  }

  /** Sets the password and ends all logins but `keep`, unless the hash is no longer `old`: then false, and nothing happens. */
  setPassword(user: { id: number; old: string; fresh: string; keep?: string }): Promise<boolean> {
    return this.database.transaction(async (manager) => {
      const { affected } = await manager.update(
        UserRow,
        { id: user.id, passwordHash: user.old },
        { passwordHash: user.fresh },
      );
      if (affected !== 1) return false;
      const others = { userId: user.id, endTime: IsNull(), ...(user.keep === undefined ? {} : { id: Not(user.keep) }) };
      await manager.update(LoginRow, others, { endTime: Date.now(), told: 0 });
      return true;
    });
  }

  /** Makes an account an admin that may log in. */
  async promote(id: number): Promise<void> {
    await this.database.transaction((manager) => {
      const change = {
        role: 1,
        disabled: 0,
        profileVersion: () => 'profileVersion + 1',
        changeTime: Date.now(),
        told: 0,
      };
      return manager.update(UserRow, { id }, change);
    });
  }

  /** When these accounts were last connected (unix ms); who never was is left out. */
  async lastOnline(ids: readonly number[]): Promise<[id: number, time: number][]> {
    const users = await this.database.read((manager) =>
      manager.find(UserRow, {
        select: { id: true, lastOnlineTime: true },
        where: { id: In([...ids]), lastOnlineTime: Not(IsNull()) },
      }),
    );
    return users.map(({ id, lastOnlineTime }) => [id, lastOnlineTime as number]);
  }

  /** Moves `lastOnlineTime` of these accounts (id, unix ms) forward, never back. */
  async seen(users: readonly (readonly [id: number, time: number])[]): Promise<void> {
    const time = `CASE id ${'WHEN ? THEN ? '.repeat(users.length)}END`;
    const ids = list(users.map(([id]) => id));
    const sql = `UPDATE \`user\` SET lastOnlineTime = ${time} WHERE id IN ${ids.sql} AND COALESCE(lastOnlineTime, -1) < ${time}`;
    const times = users.flat();
    await this.database.transaction((manager) => manager.query(sql, [...times, ...ids.params, ...times]));
  }

  /** Accounts whose profile the view may lack, changed before `before`, oldest change first; a page. */
  untold(before: number): Promise<UserRow[]> {
    return this.database.read((manager) =>
      manager.find(UserRow, {
        where: { told: 0, changeTime: LessThan(before) },
        order: { changeTime: 'ASC' },
        take: pageSize,
      }),
    );
  }

  /** The view has these versions now. One that changed meanwhile stays untold. */
  async markTold(users: readonly Pick<UserRow, 'id' | 'profileVersion'>[]): Promise<void> {
    await this.database.transaction(async (manager) => {
      for (const { id, profileVersion } of users) await manager.update(UserRow, { id, profileVersion }, { told: 1 });
    });
  }

  /** Has the profiles that changed after `since` told once more. */
  async tellAgain(since: number): Promise<void> {
    const where = { told: 1, changeTime: MoreThan(since) };
    for (let full = true; full; ) {
      const page = await this.database.read((manager) =>
        manager.find(UserRow, { where, select: { id: true }, take: pageSize }),
      );
      const ids = page.map((user) => user.id);
      if (ids.length > 0)
        await this.database.transaction((manager) => manager.update(UserRow, { id: In(ids) }, { told: 0 }));
      full = ids.length === pageSize;
    }
  }

  /** The oldest and the newest account that the view once had. */
  async edges(): Promise<number[]> {
    const ends = await this.database.read(async (manager) => [
      ...(await manager.find(UserRow, { where: { told: 1 }, order: { id: 'ASC' }, take: 1 })),
      ...(await manager.find(UserRow, { where: { told: 1 }, order: { id: 'DESC' }, take: 1 })),
    ]);
    return ends.map((user) => user.id);
  }

  /** A page of the accounts with an id below `below`, highest first. */
  page(below: number): Promise<UserRow[]> {
    return this.database.read((manager) =>
      manager.find(UserRow, { where: { id: LessThan(below) }, order: { id: 'DESC' }, take: pageSize }),
    );
  }
}
