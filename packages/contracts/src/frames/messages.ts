import Type from 'typebox';
import { limits } from '../limits.js';
import { ClientId, Content, GroupId, MessageId, Seq, SeqOrZero, Time, text, UserId } from '../scalars.js';
import { GroupMessage, PrivateMessage, place } from '../shapes.js';
import { clientFrame } from './define.js';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const createTime = '2026-11-22T08:00:00.000Z';
const stored = { id: MessageId, seq: Seq, createTime: Time, duplicate: Type.Optional(Type.Literal(true)) };

const refusedInGroup = ['NOT_FOUND', 'NOT_A_MEMBER', 'FORBIDDEN'] as const;

export const groupMessage = clientFrame({
  type: 'groupMessage',
  description: 'Say something in a group. The ack means: committed in the database and published.',
  fields: { groupId: Type.Optional(GroupId), content: Content, clientId: Type.Optional(ClientId) },
  reply: stored,
  errors: [...refusedInGroup, 'CONFLICT', 'GROUP_DISSOLVED', 'GROUP_MUTED', 'MEMBER_MUTED'],
  example: { groupId: 1, content: '大家好', clientId: 'a1' },
  replyExample: { id, seq: 1, createTime },
});

export const privateMessage = clientFrame({
  type: 'privateMessage',
  description: 'Say something to one person.',
  fields: { to: UserId, content: Content, clientId: Type.Optional(ClientId) },
  reply: stored,
  errors: ['NOT_FOUND', 'CONFLICT', 'NO_COMMON_GROUP', 'BLOCKED'],
  example: { to: 2, content: '你好player1，我是player2', clientId: 'b1' },
  replyExample: { id, seq: 1, createTime },
});

export const history = clientFrame({
  type: 'history',
  description: 'A page of a conversation, ascending by seq; the newest by default. Cursors are exclusive.',
  fields: {
    ...place,
    beforeSeq: Type.Optional(Seq),
    afterSeq: Type.Optional(SeqOrZero),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.history })),
  },
  reply: { messages: Type.Array(Type.Union([GroupMessage, PrivateMessage])), more: Type.Boolean() },
  errors: [...refusedInGroup],
  example: { groupId: 1, beforeSeq: 100, limit: 50 },
  replyExample: {
    messages: [{ groupId: 1, id, seq: 99, from: 2, content: '大家好', kind: 'normal', createTime }],
    more: true,
  },
});

export const markRead = clientFrame({
  type: 'markRead',
  description: 'Everything up to seq is read. Only forward, never past the newest.',
  fields: { ...place, seq: Seq },
  reply: { readSeq: SeqOrZero },
  errors: [...refusedInGroup],
  example: { groupId: 1, seq: 99 },
  replyExample: { readSeq: 99 },
});

export const recallMessage = clientFrame({
  type: 'recallMessage',
  description:
    'Take back a message: an own one within 2 minutes, any one as admin or owner of the group. The ack has the seq of the notice.',
  fields: { ...place, seq: Seq },
  reply: { seq: Seq },
  errors: [...refusedInGroup, 'GROUP_DISSOLVED'],
  example: { with: 2, seq: 7 },
  replyExample: { seq: 8 },
});

export const typing = clientFrame({
  type: 'typing',
  description: 'Tell the others that one is writing. Never stored, never acked, passed on at most once a second.',
  fields: { ...place },
  answered: false,
  errors: [...refusedInGroup],
  example: { groupId: 1 },
});

export const search = clientFrame({
  type: 'search',
  description:
    'Messages that hold a text, newest first, case ignored. May end early with `more`; go on from `beforeSeq`.',
  fields: {
    ...place,
    text: text(limits.searchText, 'what to look for'),
    beforeSeq: Type.Optional(Seq),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.history })),
  },
  reply: {
    messages: Type.Array(Type.Union([GroupMessage, PrivateMessage])),
    more: Type.Boolean(),
    beforeSeq: Type.Optional(Seq),
  },
  errors: [...refusedInGroup],
  example: { groupId: 1, text: '你好' },
  replyExample: {
    messages: [{ groupId: 1, id, seq: 12, from: 2, content: '你好', kind: 'normal', createTime }],
    more: false,
  },
});
