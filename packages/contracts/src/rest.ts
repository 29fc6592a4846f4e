import Type from 'typebox';
import { TokenPair } from './calls/auth.js';
import { ErrorCodeSchema, Nickname, Password, User, Username } from './scalars.js';

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
const NewRefreshToken = Type.String({ minLength: 16, maxLength: 256 });

/** The REST calls of the gateway: body in, body out, errors, examples. */
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
    description: 'Spend a refresh token for a new pair.',
    body: Type.Object({ refreshToken: NewRefreshToken }),
    reply: TokenPair,
    errors: ['BAD_REQUEST', 'UNAUTHENTICATED', 'RATE_LIMITED', 'UNAVAILABLE'],
    example: { refreshToken: pair.refreshToken },
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
} as const;
