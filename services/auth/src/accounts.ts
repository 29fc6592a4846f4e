import { type authCalls, type CallReply, type CallRequest, TeahouseError } from '@teahouse/contracts';
import type { UserRow } from './entities.js';
import type { LoginLimits } from './limits.js';
import type { Logins } from './logins.js';
import type { Passwords } from './passwords.js';
import { type UserStore, usernameKey } from './store.js';
import { userOf } from './user.js';
import type { AuthViews } from './views.js';

type Calls = typeof authCalls;

/** Nobody registers this name: it would pass for the system's administrator. */
export const adminName = 'admin';

/** The verbs on accounts. */
export class Accounts {
  constructor(
    private readonly users: UserStore,
    private readonly logins: Logins,
    private readonly passwords: Passwords,
    private readonly limits: LoginLimits,
    private readonly views: AuthViews,
  ) {}

  async register(request: CallRequest<Calls['register']>, deadline: number): Promise<CallReply<Calls['register']>> {
    const { username, password, nickname = username, address } = request;
    await this.limits.registration(address);
    // Asked first so that a taken name costs no hash; the unique key decides.
    if (usernameKey(username) === adminName || (await this.users.byName(username)) !== null) {
      throw new TeahouseError('CONFLICT', 'This name is taken.');
    }
    const passwordHash = await this.passwords.hash(password, { deadline });
    const login = this.logins.prepare();
    const user = await this.users.add({ username, nickname, passwordHash, role: 0 }, login.addTo);
    await this.views.tellProfile(user);
    return login.pairFor(user);
  }

  async login(request: CallRequest<Calls['login']>, deadline: number): Promise<CallReply<Calls['login']>> {
    const { username, password, address } = request;
    const account = usernameKey(username);
    const before = () => this.limits.checkLogin(account, address);
    await before();
    const user = await this.users.byName(username);
    const wrong = () => this.limits.failedLogin(account, address);
    if (!(await this.passwords.verify(user?.passwordHash, password, { deadline, before }, wrong)) || user === null) {
      throw new TeahouseError('BAD_CREDENTIALS');
    }
    const pair = await this.logins.begin(user);
    if (pair !== undefined) return pair;
    await wrong();
    throw new TeahouseError('BAD_CREDENTIALS');
  }

  async me({ userId }: CallRequest<Calls['me']>): Promise<CallReply<Calls['me']>> {
    return { user: userOf(found(await this.users.byId(userId))) };
  }

  async updateMe({ userId, nickname }: CallRequest<Calls['updateMe']>): Promise<CallReply<Calls['updateMe']>> {
    if (nickname === undefined) return this.me({ userId });
    const user = found(await this.users.rename(userId, nickname));
    await this.views.tellProfile(user);
    return { user: userOf(user) };
  }

  async changePassword(request: CallRequest<Calls['changePassword']>, deadline: number): Promise<Record<never, never>> {
    const { userId, loginId, oldPassword, newPassword } = request;
    const user = found(await this.users.byId(userId));
    const before = () => this.limits.checkLogin(user.usernameKey);
    await before();
    const wrong = () => this.limits.failedLogin(user.usernameKey);
    if (!(await this.passwords.verify(user.passwordHash, oldPassword, { deadline, before }, wrong))) {
      throw new TeahouseError('BAD_CREDENTIALS', 'The old password is wrong.');
    }
    const fresh = await this.passwords.hash(newPassword, { deadline });
    const changed = await this.users.setPassword({ id: userId, old: user.passwordHash, fresh, keep: loginId });
    if (!changed) throw new TeahouseError('BAD_CREDENTIALS', 'The password was changed meanwhile.');
    await this.views.tellRevocations();
    return {};
  }

  async lastOnline({ userIds }: CallRequest<Calls['lastOnline']>): Promise<CallReply<Calls['lastOnline']>> {
    return { times: userIds.length === 0 ? [] : await this.users.lastOnline(userIds) };
  }

  async findUser({ username }: CallRequest<Calls['findUser']>): Promise<CallReply<Calls['findUser']>> {
    const user = await this.users.byName(username);
    return { users: user === null ? [] : [{ id: user.id, username: user.username, nickname: user.nickname }] };
  }
}

function found(user: UserRow | null): UserRow {
  if (user === null) throw new TeahouseError('NOT_FOUND', 'There is no such user.');
  return user;
}
