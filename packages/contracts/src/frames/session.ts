import Type from 'typebox';
import { GroupId, Password, User, Username } from '../scalars.js';
import { ConversationSummary, GroupSummary } from '../shapes.js';
import { clientFrame } from './define.js';

const ready = {
  user: User,
  connectionId: Type.String(),
  heartbeatIntervalMs: Type.Integer(),
  heartbeatTimeoutMs: Type.Integer(),
  groups: Type.Array(GroupSummary),
  conversations: Type.Array(ConversationSummary),
  moreConversations: Type.Optional(Type.Literal(true)),
  unavailable: Type.Optional(Type.Array(Type.Union([Type.Literal('groups'), Type.Literal('conversations')]))),
};

/** Answered by `ready`, not by `ack`. */
export const init = clientFrame({
  type: 'init',
  description: 'Log in on this connection: the first frame, within 10 s. A token, or username and password.',
  fields: {
    token: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
    username: Type.Optional(Username),
    password: Type.Optional(Password),
    groupId: Type.Optional(GroupId),
  },
  reply: ready,
  errors: ['UNAUTHENTICATED', 'BAD_CREDENTIALS'],
  example: { username: 'player1', password: '123456' },
  replyExample: {
    user: { id: 2, username: 'player1', nickname: 'player1', role: 'user' },
    connectionId: 'g1-1',
    heartbeatIntervalMs: 2000,
    heartbeatTimeoutMs: 120000,
    groups: [
      { id: 1, groupNumber: 10000, groupName: '官方群', state: 'normal', rights: 'member', lastSeq: 9, readSeq: 9 },
    ],
    conversations: [{ userId: 3, username: 'player2', nickname: 'player2', lastSeq: 4, readSeq: 2, peerReadSeq: 4 }],
  },
});

const heads = Type.Object({
  groups: Type.Record(Type.String(), Type.Integer()),
  users: Type.Record(Type.String(), Type.Integer()),
});

/** Answered by `heartbeat`, not by `ack`. */
export const heartbeat = clientFrame({
  type: 'heartbeat',
  description: 'I am here. The answer lists conversations whose newest seq moved since the last one told.',
  fields: {},
  reply: { time: Type.String(), heads: Type.Optional(heads) },
  errors: [],
  example: {},
  replyExample: { time: '2026-11-22T08:00:00.000Z', heads: { groups: { '1': 12 }, users: {} } },
});
