import Type from 'typebox';
import { Account, Address, Administrator, AuditRecord } from '../admin.js';
import { findUser } from '../frames/people.js';
import { limits } from '../limits.js';
import { EpochMs, IdempotencyKey, Nickname, Password, User, UserId, Username } from '../scalars.js';
import { callOfFrame, defineCall, pageSize } from './define.js';

/** A login family: one login and all tokens refreshed from it. */
export const LoginId = Type.String({ pattern: '^[0-9a-f-]{36}$', description: 'login family, the claim `sid`' });
const RefreshToken = Type.String({ minLength: 16, maxLength: 256 });

export const TokenPair = Type.Object({
  token: Type.String(),
  refreshToken: Type.String(),
  expiresIn: Type.Integer({ description: 'seconds' }),
  user: User,
});

const user = { id: 2, username: 'player1', nickname: 'player1', role: 'user' };
const loginId = '01890a5d-ac96-774b-bcce-b302099a8057';
const refreshToken = 'kT1nTq0w1J6mH0vXbX2Y4w';
const pair = { token: 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln', refreshToken, expiresIn: 3600, user };
const address = '127.0.0.1';
const by = { userId: 1, address };
export const accountExample = { ...user, disabled: false, createTime: '2026-11-22T08:00:00.000Z' };

export const authCalls = {
  register: defineCall({
    subject: 'auth.call.register',
    description: 'Make an account and log in.',
    request: { username: Username, password: Password, nickname: Type.Optional(Nickname), address: Address },
    reply: TokenPair.properties,
    errors: ['CONFLICT', 'RATE_LIMITED'],
    example: { username: 'newcomer', password: 'secret-tea', address },
    replyExample: { ...pair, user: { ...user, username: 'newcomer', nickname: 'newcomer' } },
  }),
  login: defineCall({
    subject: 'auth.call.login',
    description: 'Check a password and begin a login. An unknown user and a wrong password answer alike, in like time.',
    request: { username: Username, password: Password, address: Address },
    reply: TokenPair.properties,
    errors: ['BAD_CREDENTIALS', 'RATE_LIMITED'],
    example: { username: 'player1', password: '123456', address },
    replyExample: pair,
  }),
  refresh: defineCall({
    subject: 'auth.call.refresh',
    description:
      'Spend a refresh token for a new pair. One that was spent before ends the whole login, unless it is the last of these and comes with the key that it was spent with.',
    request: { refreshToken: RefreshToken, idempotencyKey: Type.Optional(IdempotencyKey), address: Address },
    reply: TokenPair.properties,
    errors: ['UNAUTHENTICATED'],
    example: { refreshToken, idempotencyKey: '5d1c0f0c2b0b4f3a9a6e1b7c8d9e0f1a', address },
    replyExample: pair,
  }),
  confirm: defineCall({
    subject: 'auth.call.confirm',
    description:
      'For each of these logins, in order: whether it was ended, and whose it is; of one that is not known nothing is told.',
    request: { loginIds: Type.Array(LoginId, { minItems: 1, maxItems: limits.logins }) },
    reply: { answers: Type.Array(Type.Object({ ended: Type.Optional(Type.Boolean()), user: Type.Optional(User) })) },
    example: { loginIds: [loginId] },
    replyExample: { answers: [{ ended: false, user }] },
  }),
  logout: defineCall({
    subject: 'auth.call.logout',
    description: 'End this login.',
    request: { userId: UserId, loginId: LoginId },
    reply: {},
    example: { userId: 2, loginId },
    replyExample: {},
  }),
  me: defineCall({
    subject: 'auth.call.me',
    description: 'The account of a logged-in user.',
    request: { userId: UserId },
    reply: { user: User },
    errors: ['NOT_FOUND'],
    example: { userId: 2 },
    replyExample: { user },
  }),
  updateMe: defineCall({
    subject: 'auth.call.updateMe',
    description: 'Change what may be changed of an account.',
    request: { userId: UserId, nickname: Type.Optional(Nickname) },
    reply: { user: User },
    errors: ['NOT_FOUND'],
    example: { userId: 2, nickname: '小茶' },
    replyExample: { user: { ...user, nickname: '小茶' } },
  }),
  changePassword: defineCall({
    subject: 'auth.call.changePassword',
    description: 'Change the password; every other login of the user ends.',
    request: { userId: UserId, loginId: LoginId, oldPassword: Password, newPassword: Password },
    reply: {},
    errors: ['BAD_CREDENTIALS', 'RATE_LIMITED', 'NOT_FOUND'],
    example: { userId: 2, loginId, oldPassword: '123456', newPassword: 'secret-tea' },
    replyExample: {},
  }),
  lastOnline: defineCall({
    subject: 'auth.call.lastOnline',
    description: 'When these users were last connected; who never was is left out.',
    request: { userIds: Type.Array(UserId, { maxItems: limits.members }) },
    reply: { times: Type.Array(Type.Tuple([UserId, EpochMs])) },
    example: { userIds: [2, 3] },
    replyExample: { times: [[2, 1763798400000]] },
  }),
  findUser: callOfFrame('auth', findUser),
  listAccounts: defineCall({
    subject: 'auth.call.listAccounts',
    description: 'Accounts by id, those after `after`, all or those whose name begins so.',
    request: {
      by: Administrator,
      after: Type.Optional(UserId),
      limit: pageSize(limits.accounts),
      prefix: Type.Optional(Username),
    },
    reply: { accounts: Type.Array(Account), more: Type.Boolean() },
    errors: ['FORBIDDEN'],
    example: { by, limit: 50, prefix: 'play' },
    replyExample: { accounts: [accountExample], more: false },
  }),
  setDisabled: defineCall({
    subject: 'auth.call.setDisabled',
    description: 'Disable an account, which ends all its logins, or enable it again. One admin always remains.',
    request: { by: Administrator, userId: UserId, disabled: Type.Boolean() },
    reply: { account: Account },
    errors: ['FORBIDDEN', 'NOT_FOUND', 'CONFLICT'],
    example: { by, userId: 2, disabled: true },
    replyExample: { account: { ...accountExample, disabled: true } },
  }),
  resetPassword: defineCall({
    subject: 'auth.call.resetPassword',
    description: 'Give an account another password; all its logins end.',
    request: { by: Administrator, userId: UserId, newPassword: Password },
    reply: {},
    errors: ['FORBIDDEN', 'NOT_FOUND'],
    example: { by, userId: 2, newPassword: 'secret-tea' },
    replyExample: {},
  }),
  audit: defineCall({
    subject: 'auth.call.audit',
    description: 'Administrative acts on accounts, newest first, those before the entry `before`.',
    request: { by: Administrator, before: Type.Optional(AuditRecord.properties.id), limit: pageSize(limits.audit) },
    reply: { entries: Type.Array(AuditRecord), more: Type.Boolean() },
    errors: ['FORBIDDEN'],
    example: { by, limit: 50 },
    replyExample: {
      entries: [{ id: 1, time: 1795334400000, by: 1, act: 'disableAccount', userId: 2, address }],
      more: false,
    },
  }),
} as const;
