import { type Administrator, TeahouseError } from '@teahouse/contracts';
import { type Database, noteAct } from '@teahouse/service-kit/database';
import { Between, type EntityManager, IsNull, MoreThan } from 'typeorm';
import { LoginRow, UserRow } from './entities.js';
import { usernameKey } from './store.js';

/**
 * What admins do to accounts. A token says what its owner was when it was signed, so every method asks the table whether
 * `by` is an admin now: FORBIDDEN. Acts lock all admins in the order of their ids first: two who disable each other take
 * turns, and one remains.
 */
export class AdminStore {
  constructor(private readonly database: Database) {}

  /** Accounts by id, those after `after` whose name begins with `prefix`. */
  list(by: Administrator, page: { after: number; limit: number; prefix?: string }): Promise<UserRow[]> {
    return this.database.read(async (manager) => {
      await mustBeAdmin(manager, by);
      const { after, limit, prefix } = page;
      const named = prefix === undefined ? {} : { usernameKey: startingWith(usernameKey(prefix)) };
      return await manager.find(UserRow, {
        where: { id: MoreThan(after), ...named },
        order: { id: 'ASC' },
        take: limit,
      });
    });
  }

  /** CONFLICT where no admin would be left. An account that is so already stays as it is. */
  setDisabled(by: Administrator, userId: number, disabled: boolean): Promise<UserRow> {
    return this.database.transaction(async (manager) => {
      const admins = await this.#lockAdmins(manager, by);
      const user = await this.#lockUser(manager, userId);
      if (user.disabled === Number(disabled)) return user;
      if (disabled && admins.every(({ id, disabled }) => id === userId || disabled === 1))
        throw new TeahouseError('CONFLICT', 'The last admin cannot be disabled.');
      user.disabled = Number(disabled);
      await manager.update(UserRow, { id: userId }, { disabled: user.disabled });
      if (disabled) await endLogins(manager, userId);
      await noteAct(manager, { by, act: disabled ? 'disableAccount' : 'enableAccount', userId });
      return user;
    });
  }

  async setPassword(by: Administrator, userId: number, passwordHash: string): Promise<void> {
    await this.database.transaction(async (manager) => {
      await this.#lockAdmins(manager, by);
      await this.#lockUser(manager, userId);
      await manager.update(UserRow, { id: userId }, { passwordHash });
      await endLogins(manager, userId);
      await noteAct(manager, { by, act: 'resetPassword', userId });
    });
  }

  /** For what costs much or is only read: asked before it is begun. */
  async check(by: Administrator): Promise<void> {
    await this.database.read((manager) => mustBeAdmin(manager, by));
  }

  async #lockAdmins(manager: EntityManager, by: Administrator): Promise<UserRow[]> {
    const admins = await manager.find(UserRow, { where: { role: 1 }, order: { id: 'ASC' }, ...this.#locking });
    if (!admins.some(({ id, disabled }) => id === by.userId && disabled === 0)) throw noAdmin();
    return admins;
  }

  async #lockUser(manager: EntityManager, id: number): Promise<UserRow> {
    const user = await manager.findOne(UserRow, { where: { id }, ...this.#locking });
    if (user === null) throw new TeahouseError('NOT_FOUND', 'There is no such user.');
    return user;
  }

  /** SQLite has no row locks and needs none: there one transaction runs at a time. */
  get #locking(): { lock?: { mode: 'pessimistic_write' } } {
    return this.database.dialect === 'sqlite' ? {} : { lock: { mode: 'pessimistic_write' } };
  }
}

/** A range of the index. No name holds the last of all code points. */
const startingWith = (key: string) => Between(key, `${key}\u{10ffff}`);

async function mustBeAdmin(manager: EntityManager, { userId }: Administrator): Promise<void> {
  if (!(await manager.existsBy(UserRow, { id: userId, role: 1, disabled: 0 }))) throw noAdmin();
}

const noAdmin = () => new TeahouseError('FORBIDDEN', 'This is for administrators.');

async function endLogins(manager: EntityManager, userId: number): Promise<void> {
  await manager.update(LoginRow, { userId, endTime: IsNull() }, { endTime: Date.now(), told: 0 });
}
