import { type Account, type authCalls, type CallReply, type CallRequest, iso, systemRoles } from '@teahouse/contracts';
import { actsBefore, type Database } from '@teahouse/service-kit/database';
import type { AdminStore } from './admin-store.js';
import type { UserRow } from './entities.js';
import type { Passwords } from './passwords.js';
import type { AuthViews } from './views.js';

type Calls = typeof authCalls;

/** What system administrators do to accounts. FORBIDDEN for who is none by now, whatever the token says. */
export class Administration {
  constructor(
    private readonly database: Database,
    private readonly store: AdminStore,
    private readonly passwords: Passwords,
    private readonly views: AuthViews,
  ) {}

  async listAccounts(request: CallRequest<Calls['listAccounts']>): Promise<CallReply<Calls['listAccounts']>> {
    const { by, after = 0, limit, prefix } = request;
    const rows = await this.store.list(by, { after, limit: limit + 1, ...(prefix === undefined ? {} : { prefix }) });
    return { accounts: rows.slice(0, limit).map(accountOf), more: rows.length > limit };
  }

  async setDisabled(request: CallRequest<Calls['setDisabled']>): Promise<CallReply<Calls['setDisabled']>> {
    const { by, userId, disabled } = request;
    const user = await this.store.setDisabled(by, userId, disabled);
    if (disabled) await this.views.tellRevocations();
    return { account: accountOf(user) };
  }

  async resetPassword(request: CallRequest<Calls['resetPassword']>, deadline: number): Promise<Record<never, never>> {
    const { by, userId, newPassword } = request;
    await this.store.check(by);
    const passwordHash = await this.passwords.hash(newPassword, { deadline });
    await this.store.setPassword(by, userId, passwordHash);
    await this.views.tellRevocations();
    return {};
  }

  async audit({ by, ...page }: CallRequest<Calls['audit']>): Promise<CallReply<Calls['audit']>> {
    await this.store.check(by);
    return await actsBefore(this.database, page);
  }
}

function accountOf({ id, username, nickname, role, disabled, createTime, lastOnlineTime }: UserRow): Account {
  return {
    id,
    username,
    nickname,
    role: systemRoles[role] ?? 'user',
    disabled: disabled === 1,
    createTime: iso(createTime),
    ...(lastOnlineTime === null ? {} : { lastOnlineTime: iso(lastOnlineTime) }),
  };
}
