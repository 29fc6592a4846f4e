import { TeahouseError } from '@teahouse/contracts';
import { adminName } from './accounts.js';
import type { AuthConfig } from './config.js';
import type { Passwords } from './passwords.js';
import type { UserStore } from './store.js';

const demoNames = [adminName, 'player1', 'player2', 'player3', 'player4'];
const demoPassword = '123456';
const noDeadline = { deadline: Number.POSITIVE_INFINITY };

/**
 * Makes the accounts that the configuration asks for, where they are missing. Several instances may do so at once.
 * The demo accounts have the ids 1 to 5 in a fresh database. Without demo data `ADMIN_PASSWORD` makes `admin`, or sets its
 * password and role and ends its logins.
 */
export async function seed(config: AuthConfig, users: UserStore, passwords: Passwords): Promise<void> {
  if (config.SEED_DEMO) {
    for (const [index, name] of demoNames.entries()) await ensure(users, passwords, name, demoPassword, index + 1);
  } else if (config.ADMIN_PASSWORD !== undefined) {
    await ensure(users, passwords, adminName, config.ADMIN_PASSWORD, 1);
    await setAdmin(users, passwords, config.ADMIN_PASSWORD);
  }
}

async function ensure(
  users: UserStore,
  passwords: Passwords,
  username: string,
  password: string,
  id: number,
): Promise<void> {
  if ((await users.byName(username)) !== null) return;
  const passwordHash = await passwords.hash(password, noDeadline);
  const account = { username, nickname: username, passwordHash, role: username === adminName ? 1 : 0 };
  // Named ids, as an insert that another instance was faster with would use up a counted one.
  const done = await added(() => users.add(account, undefined, id));
  if (!done && (await users.byName(username)) === null) await added(() => users.add(account));
}

/** False where the name or the id is taken. */
async function added(add: () => Promise<unknown>): Promise<boolean> {
  try {
    await add();
    return true;
  } catch (error) {
    if (error instanceof TeahouseError && error.code === 'CONFLICT') return false;
    throw error;
  }
}

async function setAdmin(users: UserStore, passwords: Passwords, password: string): Promise<void> {
  const admin = await users.byName(adminName);
  if (admin === null) throw new Error('The account admin is gone again.');
  if (admin.role !== 1 || admin.disabled !== 0) await users.promote(admin.id);
  if (await passwords.verify(admin.passwordHash, password, noDeadline)) return;
  const fresh = await passwords.hash(password, noDeadline);
  await users.setPassword({ id: admin.id, old: admin.passwordHash, fresh });
}
