import { systemRoles, type User } from '@teahouse/contracts';
import type { UserRow } from './entities.js';

/** An account as its owner and the view `profiles` see it. */
export function userOf({ id, username, nickname, role }: Pick<UserRow, 'id' | 'username' | 'nickname' | 'role'>): User {
  return { id, username, nickname, role: systemRoles[role] ?? 'user' };
}
