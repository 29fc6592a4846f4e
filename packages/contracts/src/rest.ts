import Type from 'typebox';
import { Account, AuditDomain, AuditEntry } from './admin.js';
import { accountExample, TokenPair } from './calls/auth.js';
import { pageSize } from './calls/define.js';
import { limits } from './limits.js';
import {
  Content,
  ErrorCodeSchema,
  GroupId,
  IdempotencyKey,
  MessageId,
  Nickname,
  Password,
  positive,
  Seq,
  Time,
  User,
  UserId,
  Username,
} from './scalars.js';

/** How every refusal looks over HTTP. */
export const RestError = Type.Object({
  error: Type.Object({
    code: ErrorCodeSchema,
    message: Type.String(),
    retryAfterMs: Type.Optional(Type.Integer()),
  }),
});

const user = { id: 2, username: 'player1', nickname: 'player1', role: 'user' };
const pair = { token: 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln', refreshToken: 'kT1nTq0w1J6mH0vXbX2Y4w', expiresIn: 3600, user };
const entry = {
  domain: 'group',
  id: 1,
  time: '2026-11-22T08:00:00.000Z',
  by: 2,
  act: 'removeMember',
  userId: 3,
  groupId: 2,
};
const refusals = ['BAD_REQUEST', 'UNAUTHENTICATED', 'FORBIDDEN', 'UNAVAILABLE'] as const;
const ofUser = Type.Object({ userId: UserId });
const NewRefreshToken = Type.String({ minLength: 16, maxLength: 256 });

/** The REST calls of the gateway: path, query and body in, body out, errors, examples. Those under `/admin` are for the system role `admin`. */
export const restCalls = {
  register: {
    method: 'POST',
    path: '/register',
    bearer: false,
    status: 201,
    description: 'Make an account and log in.',
    body: Type.Object({ username: Username, password: Password, nickname: Type.Optional(Nickname) }),
    reply: TokenPair,
    errors: ['BAD_REQUEST', 'CONFLICT', 'RATE_LIMITED', 'UNAVAILABLE'],
    example: { username: 'newcomer', password: 'secret-tea' },
    replyExample: pair,
  },
  login: {
    method: 'POST',
    path: '/login',
    bearer: false,
    status: 200,
    description: 'Log in.',
    body: Type.Object({ username: Username, password: Password }),
    reply: TokenPair,
    errors: ['BAD_REQUEST', 'BAD_CREDENTIALS', 'RATE_LIMITED', 'UNAVAILABLE'],
    example: { username: 'player1', password: '123456' },
    replyExample: pair,
  },
  token: {
    method: 'POST',
    path: '/token',
    bearer: false,
    status: 200,
    description: 'Spend a refresh token for a new pair. With the same `idempotencyKey` again: the same refresh token.',
    body: Type.Object({ refreshToken: NewRefreshToken, idempotencyKey: Type.Optional(IdempotencyKey) }),
    reply: TokenPair,
    errors: ['BAD_REQUEST', 'UNAUTHENTICATED', 'RATE_LIMITED', 'UNAVAILABLE'],
    example: { refreshToken: pair.refreshToken, idempotencyKey: '5d1c0f0c2b0b4f3a9a6e1b7c8d9e0f1a' },
    replyExample: pair,
  },
  logout: {
    method: 'POST',
    path: '/logout',
    bearer: true,
    status: 204,
    description: 'End this login; its sockets close within 2 s.',
    errors: ['UNAUTHENTICATED', 'UNAVAILABLE'],
  },
  me: {
    method: 'GET',
    path: '/me',
    bearer: true,
    status: 200,
    description: 'Who am I?',
    reply: User,
    errors: ['UNAUTHENTICATED', 'NOT_FOUND', 'UNAVAILABLE'],
    replyExample: user,
  },
  updateMe: {
    method: 'PATCH',
    path: '/me',
    bearer: true,
    status: 200,
    description: 'Change the nickname.',
    body: Type.Object({ nickname: Type.Optional(Nickname) }),
    reply: User,
    errors: ['BAD_REQUEST', 'UNAUTHENTICATED', 'NOT_FOUND', 'UNAVAILABLE'],
    example: { nickname: '小茶' },
    replyExample: { ...user, nickname: '小茶' },
  },
  changePassword: {
    method: 'PUT',
    path: '/me/password',
    bearer: true,
    status: 204,
    description: 'Change the password; every other login of the user ends.',
    body: Type.Object({ oldPassword: Password, newPassword: Password }),
    errors: ['BAD_REQUEST', 'UNAUTHENTICATED', 'BAD_CREDENTIALS', 'RATE_LIMITED', 'UNAVAILABLE'],
    example: { oldPassword: '123456', newPassword: 'secret-tea' },
  },
  listAccounts: {
    method: 'GET',
    path: '/admin/accounts',
    bearer: true,
    status: 200,
    description: 'Accounts by id, 50 unless told; the next page begins after the last id of this one.',
    query: Type.Object({
      prefix: Type.Optional({ ...Username, description: 'how the username begins, compared without case' }),
      after: Type.Optional(positive('only ids above this one')),
      limit: Type.Optional(pageSize(limits.accounts)),
    }),
    reply: Type.Object({ accounts: Type.Array(Account), more: Type.Boolean() }),
    errors: refusals,
    replyExample: { accounts: [accountExample], more: false },
  },
  setDisabled: {
    method: 'PATCH',
    path: '/admin/accounts/{userId}',
    bearer: true,
    status: 200,
    description: 'Disable an account, which ends all its logins within 2 s, or enable it. The last admin stays.',
    params: ofUser,
    body: Type.Object({ disabled: Type.Boolean() }),
    reply: Account,
    errors: [...refusals, 'NOT_FOUND', 'CONFLICT'],
    example: { disabled: true },
    replyExample: { ...accountExample, disabled: true },
  },
  resetPassword: {
    method: 'PUT',
    path: '/admin/accounts/{userId}/password',
    bearer: true,
    status: 204,
    description: 'Give an account another password; all its logins end within 2 s.',
    params: ofUser,
    body: Type.Object({ newPassword: Password }),
    errors: [...refusals, 'NOT_FOUND'],
    example: { newPassword: 'secret-tea' },
  },
  officialNotice: {
    method: 'POST',
    path: '/admin/notices',
    bearer: true,
    status: 201,
    description: 'Say something officially, in the official group unless another is named.',
    body: Type.Object({ content: Content, groupId: Type.Optional(GroupId) }),
    reply: Type.Object({ groupId: GroupId, id: MessageId, seq: Seq, createTime: Time }),
    errors: [...refusals, 'NOT_FOUND', 'GROUP_DISSOLVED'],
    example: { content: '今晚八点维护' },
    replyExample: {
      groupId: 1,
      id: '01890a5d-ac96-774b-bcce-b302099a8057',
      seq: 7,
      createTime: '2026-11-22T08:00:00.000Z',
    },
  },
  audit: {
    method: 'GET',
    path: '/admin/audit',
    bearer: true,
    status: 200,
    description:
      'Administrative acts of all domains, newest first, 50 unless told. The next page is asked with all that `next` names. A domain that is down is named in `unavailable` and asked again from the same place by the next page.',
    query: Type.Object({
      domain: Type.Optional(AuditDomain),
      beforeAuth: Type.Optional(positive('only entries of `auth` with a lower id')),
      beforeGroup: Type.Optional(positive('only entries of `group` with a lower id')),
      limit: Type.Optional(pageSize(limits.audit)),
    }),
    reply: Type.Object({
      entries: Type.Array(AuditEntry),
      more: Type.Boolean(),
      next: Type.Object({ beforeAuth: Type.Optional(positive('')), beforeGroup: Type.Optional(positive('')) }),
      unavailable: Type.Optional(Type.Array(AuditDomain)),
    }),
    errors: refusals,
    replyExample: { entries: [entry], more: true, next: { beforeGroup: 1 } },
  },
} as const;
