import Type from 'typebox';
import { limits } from '../limits.js';
import { Person, UserId, Username } from '../scalars.js';
import { ConversationSummary } from '../shapes.js';
import { clientFrame } from './define.js';

const person = { id: 3, username: 'player2', nickname: 'player2' };

export const findUser = clientFrame({
  type: 'findUser',
  description: 'A user by the exact name, case ignored.',
  fields: { username: Username },
  reply: { users: Type.Array(Person) },
  errors: [],
  example: { username: 'player2' },
  replyExample: { users: [person] },
});

export const listConversations = clientFrame({
  type: 'listConversations',
  description:
    'Private conversations, the one with the newest message first. `before`: the user id that the page before ended with.',
  fields: {
    before: Type.Optional(UserId),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.conversations })),
  },
  reply: { conversations: Type.Array(ConversationSummary), more: Type.Boolean() },
  errors: [],
  example: { limit: 20 },
  replyExample: {
    conversations: [{ userId: 3, username: 'player2', nickname: 'player2', lastSeq: 4, readSeq: 2, peerReadSeq: 4 }],
    more: false,
  },
});

export const blockUser = clientFrame({
  type: 'blockUser',
  description: 'Hear nothing more from somebody in private.',
  fields: { userId: UserId },
  errors: ['NOT_FOUND', 'CONFLICT'],
  example: { userId: 3 },
});
export const unblockUser = clientFrame({
  type: 'unblockUser',
  description: 'Take a block back.',
  fields: { userId: UserId },
  errors: ['NOT_FOUND'],
  example: { userId: 3 },
});

export const listBlocked = clientFrame({
  type: 'listBlocked',
  description: 'Whom the caller blocks.',
  fields: {},
  reply: { users: Type.Array(Person) },
  errors: [],
  example: {},
  replyExample: { users: [person] },
});

export const presence = clientFrame({
  type: 'presence',
  description: 'Which of these users are online.',
  fields: { userIds: Type.Array(UserId, { maxItems: limits.presence }) },
  reply: { online: Type.Array(UserId) },
  errors: [],
  example: { userIds: [2, 3] },
  replyExample: { online: [2] },
});
