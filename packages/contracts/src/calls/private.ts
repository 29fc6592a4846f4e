import Type from 'typebox';
import * as messages from '../frames/messages.js';
import * as people from '../frames/people.js';
import { limits } from '../limits.js';
import { ClientId, ConnectionId, Content, EpochMs, SeqOrZero, UserId } from '../scalars.js';
import { ConversationSummary, PrivateMessage } from '../shapes.js';
import { callOfFrame, defineCall } from './define.js';
import { AppendResult, Quiet } from './group.js';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const createTime = '2026-11-22T08:00:00.000Z';
const withUser = { with: UserId };

export const privateCalls = {
  append: defineCall({
    subject: 'private.call.append',
    description:
      'Store a batch of sends; one result for each, in order. Answered after the commit and, unless quiet, the publish.',
    request: {
      quiet: Type.Optional(Quiet),
      items: Type.Array(
        Type.Object({
          from: UserId,
          connectionId: ConnectionId,
          to: UserId,
          content: Content,
          clientId: Type.Optional(ClientId),
        }),
        { minItems: 1, maxItems: limits.batch },
      ),
    },
    reply: { results: Type.Array(AppendResult) },
    example: { items: [{ from: 2, connectionId: 'g1-1', to: 3, content: '你好', clientId: 'b1' }] },
    replyExample: { results: [{ id, seq: 1, createTime }] },
  }),
  sessions: defineCall({
    subject: 'private.call.sessions',
    description:
      'The newest conversations of users who log in. Users whose lists do not fit into the answer are left out, never all of them: ask for them again.',
    request: { userIds: Type.Array(UserId, { minItems: 1, maxItems: limits.logins }) },
    reply: {
      sessions: Type.Array(
        Type.Object({ userId: UserId, conversations: Type.Array(ConversationSummary), more: Type.Boolean() }),
      ),
    },
    example: { userIds: [2] },
    replyExample: { sessions: [{ userId: 2, ...people.listConversations.replyExample }] },
  }),
  repair: defineCall({
    subject: 'private.call.repair',
    description:
      'Messages between two users after a seq, for the hub of a gateway that missed some; with `beforeSeq` the newest before it.',
    request: {
      users: Type.Tuple([UserId, UserId]),
      afterSeq: Type.Optional(SeqOrZero),
      beforeSeq: Type.Optional(SeqOrZero),
      limit: Type.Integer({ minimum: 1, maximum: limits.history }),
    },
    reply: { messages: Type.Array(PrivateMessage), more: Type.Boolean() },
    example: { users: [2, 3], afterSeq: 0, limit: 50 },
    replyExample: {
      messages: [{ to: 3, id, seq: 1, from: 2, content: '你好', kind: 'normal', createTime }],
      more: false,
    },
  }),
  moved: defineCall({
    subject: 'private.call.moved',
    description:
      'Conversations of these users that moved since a time, with the newest seq, for a gateway that was cut off.',
    request: { userIds: Type.Array(UserId, { maxItems: 1000 }), since: EpochMs },
    reply: { heads: Type.Array(Type.Tuple([UserId, UserId, SeqOrZero])) },
    example: { userIds: [2], since: 1763798400000 },
    replyExample: { heads: [[2, 3, 4]] },
  }),
  history: callOfFrame('private', messages.history, withUser, { with: 3, limit: 50 }),
  markRead: callOfFrame('private', messages.markRead, withUser, { with: 3, seq: 4 }),
  recallMessage: callOfFrame('private', messages.recallMessage, withUser),
  typing: callOfFrame('private', messages.typing, withUser, { with: 3 }),
  search: callOfFrame('private', messages.search, withUser, { with: 3, text: '你好' }),
  listConversations: callOfFrame('private', people.listConversations),
  blockUser: callOfFrame('private', people.blockUser),
  unblockUser: callOfFrame('private', people.unblockUser),
  listBlocked: callOfFrame('private', people.listBlocked),
} as const;
