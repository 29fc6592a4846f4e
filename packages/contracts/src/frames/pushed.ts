import Type from 'typebox';
import { ErrorCodeSchema, GroupId, Person, Ref, Seq, SeqOrZero, Time, UserId } from '../scalars.js';
import { ConversationSummary, GroupMessage, GroupSummary, GroupWhole, PrivateMessage, place } from '../shapes.js';
import { serverFrame } from './define.js';
import { heartbeat, init } from './session.js';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const createTime = '2026-11-22T08:00:00.000Z';
const group = {
  id: 2,
  groupNumber: 88888888,
  groupName: '茶友会',
  state: 'normal',
  announcement: '',
  joinPolicy: 'open',
  memberCount: 3,
};

/** What the server sends: the answers (`ready`, `heartbeat`, `ack`, `error`) and what it pushes. */
export const serverFrames = {
  ready: serverFrame({
    type: 'ready',
    description: 'Logged in.',
    fields: { ref: Type.Optional(Ref), ...init.reply.properties },
    example: { ...init.replyExample },
  }),
  heartbeat: serverFrame({
    type: 'heartbeat',
    description: 'Answer to `heartbeat`.',
    fields: { ref: Type.Optional(Ref), ...heartbeat.reply.properties },
    example: { ...heartbeat.replyExample },
  }),
  ack: serverFrame({
    type: 'ack',
    description: 'The frame with this ref was carried out; its other fields are those of the frame asked.',
    fields: { ref: Type.Optional(Ref) },
    example: { ref: 'r1', id, seq: 1, createTime },
  }),
  error: serverFrame({
    type: 'error',
    description: 'The frame with this ref was refused.',
    fields: {
      ref: Type.Optional(Ref),
      code: ErrorCodeSchema,
      message: Type.String(),
      retryable: Type.Boolean(),
      retryAfterMs: Type.Optional(Type.Integer({ minimum: 0 })),
    },
    example: { ref: 'r1', code: 'NOT_A_MEMBER', message: 'You are not a member of this group.', retryable: false },
  }),
  groupMessage: serverFrame({
    type: 'groupMessage',
    description: 'A message of a group one is in.',
    fields: GroupMessage.properties,
    example: { groupId: 1, id, seq: 1, from: 2, content: '大家好', kind: 'normal', createTime },
  }),
  privateMessage: serverFrame({
    type: 'privateMessage',
    description: 'A private message to or from oneself.',
    fields: PrivateMessage.properties,
    example: { to: 3, id, seq: 1, from: 2, content: '你好', kind: 'normal', createTime },
  }),
  groups: serverFrame({
    type: 'groups',
    description: 'The groups that `ready` could not tell.',
    fields: { groups: Type.Array(GroupSummary) },
    example: { groups: [] },
  }),
  conversations: serverFrame({
    type: 'conversations',
    description: 'The conversations that `ready` could not tell.',
    fields: { conversations: Type.Array(ConversationSummary), moreConversations: Type.Optional(Type.Literal(true)) },
    example: { conversations: [] },
  }),
  groupChanged: serverFrame({
    type: 'groupChanged',
    description: 'The new whole of a group.',
    fields: { group: GroupWhole },
    example: { group },
  }),
  readMarker: serverFrame({
    type: 'readMarker',
    description: 'Somebody has read up to seq.',
    fields: { ...place, userId: UserId, seq: SeqOrZero },
    example: { with: 3, userId: 3, seq: 4 },
  }),
  typing: serverFrame({
    type: 'typing',
    description: 'Somebody is writing.',
    fields: { ...place, userId: UserId },
    example: { groupId: 1, userId: 3 },
  }),
  joinRequest: serverFrame({
    type: 'joinRequest',
    description: 'Somebody asks to join a group one administers.',
    fields: { groupId: GroupId, user: Person },
    example: { groupId: 2, user: { id: 3, username: 'player2', nickname: 'player2' } },
  }),
  joinAnswer: serverFrame({
    type: 'joinAnswer',
    description: 'One was accepted or refused.',
    fields: { groupId: GroupId, accepted: Type.Boolean() },
    example: { groupId: 2, accepted: true },
  }),
  presence: serverFrame({
    type: 'presence',
    description: 'Somebody came or went.',
    fields: { userId: UserId, online: Type.Boolean(), lastOnlineTime: Type.Optional(Time) },
    example: { userId: 3, online: true },
  }),
  catchUp: serverFrame({
    type: 'catchUp',
    description: 'Too much was missed to be told here: ask `history` afterSeq what one holds, up to seq.',
    fields: { ...place, seq: Seq },
    example: { groupId: 1, seq: 5000 },
  }),
  goodbye: serverFrame({
    type: 'goodbye',
    description: 'The server closes this connection; come back after a random delay.',
    fields: { reconnectWithinMs: Type.Integer({ minimum: 0 }) },
    example: { reconnectWithinMs: 5000 },
  }),
} as const;

export type ServerFrameType = keyof typeof serverFrames;
