import Type, { type Static } from 'typebox';
import { Administrator, AuditRecord } from '../admin.js';
import * as groups from '../frames/groups.js';
import * as messages from '../frames/messages.js';
import { limits } from '../limits.js';
import {
  ClientId,
  ConnectionId,
  Content,
  ErrorCodeSchema,
  GroupId,
  MemberRights,
  MessageId,
  Seq,
  SeqOrZero,
  Time,
  UserId,
} from '../scalars.js';
import { GroupMessage, GroupSummary, GroupWhole, MemberRow } from '../shapes.js';
import { callOfFrame, defineCall, pageSize } from './define.js';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const createTime = '2026-11-22T08:00:00.000Z';

/** One result of an append, in the order asked: stored (or stored before), or refused. */
export const AppendResult = Type.Union([
  Type.Object({ id: MessageId, seq: Seq, createTime: Time, duplicate: Type.Optional(Type.Literal(true)) }),
  Type.Object({ code: ErrorCodeSchema, message: Type.String() }),
]);

/** What an append says where its answer takes the place of events. */
export const Quiet = Type.Literal(true, {
  description:
    'nothing is published of these messages: no other gateway listens, and the one that asks tells its clients by the answer',
});

const ofGroup = { groupId: GroupId };

/** A group of a user who logs in; how large it is decides whether presence is pushed in it, and is told to gateways only. */
export const GroupAtLogin = Type.Object({ ...GroupSummary.properties, memberCount: Type.Integer({ minimum: 0 }) });
export type GroupAtLogin = Static<typeof GroupAtLogin>;

/** What a group's whole tells of one member to that member alone. */
const Standing = Type.Object({
  userId: UserId,
  rights: MemberRights,
  readSeq: SeqOrZero,
  mutedUntil: Type.Optional(Time),
});

export const groupCalls = {
  append: defineCall({
    subject: 'group.call.append',
    description:
      'Store a batch of sends; one result for each, in order. Answered after the commit and, unless quiet, the publish.',
    request: {
      quiet: Type.Optional(Quiet),
      items: Type.Array(
        Type.Object({
          from: UserId,
          connectionId: ConnectionId,
          groupId: GroupId,
          content: Content,
          clientId: Type.Optional(ClientId),
        }),
        { minItems: 1, maxItems: limits.batch },
      ),
    },
    reply: { results: Type.Array(AppendResult) },
    example: { items: [{ from: 2, connectionId: 'g1-1', groupId: 1, content: '大家好', clientId: 'a1' }] },
    replyExample: { results: [{ id, seq: 1, createTime }] },
  }),
  sessions: defineCall({
    subject: 'group.call.sessions',
    description:
      'The groups of users who log in. The first login makes a user a member of the official group. Users whose lists do not fit into the answer are left out, never all of them: ask for them again.',
    request: { userIds: Type.Array(UserId, { minItems: 1, maxItems: limits.logins }) },
    reply: { sessions: Type.Array(Type.Object({ userId: UserId, groups: Type.Array(GroupAtLogin) })) },
    example: { userIds: [2] },
    replyExample: {
      sessions: [
        {
          userId: 2,
          groups: [
            {
              id: 1,
              groupNumber: 10000,
              groupName: '官方群',
              state: 'normal',
              rights: 'member',
              lastSeq: 9,
              readSeq: 9,
              memberCount: 3,
            },
          ],
        },
      ],
    },
  }),
  repair: defineCall({
    subject: 'group.call.repair',
    description: 'Messages after a seq, for the hub of a gateway that missed some. No rights are asked.',
    request: { groupId: GroupId, afterSeq: SeqOrZero, limit: Type.Integer({ minimum: 1, maximum: limits.history }) },
    reply: { messages: Type.Array(GroupMessage), more: Type.Boolean() },
    errors: ['NOT_FOUND'],
    example: { groupId: 1, afterSeq: 0, limit: 50 },
    replyExample: {
      messages: [{ groupId: 1, id, seq: 1, from: 2, content: '大家好', kind: 'normal', createTime }],
      more: false,
    },
  }),
  catchUp: defineCall({
    subject: 'group.call.catchUp',
    description:
      'The next pages of members who come back, for many at once. `answers` says for each which of `pages` is its. `alone`: ask for it by `history`, as what is in the archive, what is not for members, and what does not fit into the answer is not told here.',
    request: {
      items: Type.Array(
        Type.Object({
          userId: UserId,
          groupId: GroupId,
          afterSeq: SeqOrZero,
          limit: Type.Integer({ minimum: 1, maximum: limits.history }),
        }),
        { minItems: 1, maxItems: limits.catchUps },
      ),
    },
    reply: {
      pages: Type.Array(Type.Object({ messages: Type.Array(GroupMessage), more: Type.Boolean() })),
      answers: Type.Array(Type.Union([Type.Integer({ minimum: 0 }), Type.Literal('alone')])),
    },
    example: {
      items: [
        { userId: 2, groupId: 1, afterSeq: 0, limit: 50 },
        { userId: 9, groupId: 1, afterSeq: 0, limit: 50 },
      ],
    },
    replyExample: {
      pages: [
        { messages: [{ groupId: 1, id, seq: 1, from: 2, content: '大家好', kind: 'normal', createTime }], more: false },
      ],
      answers: [0, 'alone'],
    },
  }),
  heads: defineCall({
    subject: 'group.call.heads',
    description: 'The newest seq of these groups, for a gateway that was cut off.',
    request: { groupIds: Type.Array(GroupId, { maxItems: 1000 }) },
    reply: { heads: Type.Array(Type.Tuple([GroupId, SeqOrZero])) },
    example: { groupIds: [1] },
    replyExample: { heads: [[1, 1]] },
  }),
  whole: defineCall({
    subject: 'group.call.whole',
    description:
      'The whole of a group after `seq`, and those of these users who are members, for the hub of a gateway that missed changes. No rights are asked.',
    request: { groupId: GroupId, userIds: Type.Array(UserId, { maxItems: limits.wholeUsers }) },
    reply: { seq: SeqOrZero, group: GroupWhole, members: Type.Array(Standing) },
    errors: ['NOT_FOUND'],
    example: { groupId: 1, userIds: [2] },
    replyExample: {
      seq: 9,
      group: {
        id: 1,
        groupNumber: 10000,
        groupName: '官方群',
        state: 'normal',
        announcement: '',
        joinPolicy: 'open',
        memberCount: 3,
      },
      members: [{ userId: 2, rights: 'member', readSeq: 9 }],
    },
  }),
  history: callOfFrame('group', messages.history, ofGroup),
  markRead: callOfFrame('group', messages.markRead, ofGroup),
  recallMessage: callOfFrame('group', messages.recallMessage, ofGroup, { groupId: 1, seq: 7 }),
  typing: callOfFrame('group', messages.typing, ofGroup),
  search: callOfFrame('group', messages.search, ofGroup),
  createGroup: callOfFrame('group', groups.createGroup),
  findGroup: callOfFrame('group', groups.findGroup),
  joinGroup: callOfFrame('group', groups.joinGroup),
  listJoinRequests: callOfFrame('group', groups.listJoinRequests),
  answerJoinRequest: callOfFrame('group', groups.answerJoinRequest),
  inviteMember: callOfFrame('group', groups.inviteMember),
  leaveGroup: callOfFrame('group', groups.leaveGroup),
  removeMember: callOfFrame('group', groups.removeMember),
  banMember: callOfFrame('group', groups.banMember),
  unbanMember: callOfFrame('group', groups.unbanMember),
  muteMember: callOfFrame('group', groups.muteMember),
  setRights: callOfFrame('group', groups.setRights),
  transferOwner: callOfFrame('group', groups.transferOwner),
  setGroupState: callOfFrame('group', groups.setGroupState),
  updateGroup: callOfFrame('group', groups.updateGroup),
  dissolveGroup: callOfFrame('group', groups.dissolveGroup),
  listGroups: callOfFrame('group', groups.listGroups),
  groupInfo: callOfFrame('group', groups.groupInfo),
  listMembers: {
    ...callOfFrame('group', groups.listMembers),
    reply: Type.Object({ members: Type.Array(MemberRow), more: Type.Boolean() }),
  },
  officialNotice: defineCall({
    subject: 'group.call.officialNotice',
    description: "Append an administrator's words to a group's log, whatever the group's state but dissolved.",
    request: { by: Administrator, groupId: GroupId, content: Content },
    reply: { id: MessageId, seq: Seq, createTime: Time },
    errors: ['NOT_FOUND', 'GROUP_DISSOLVED'],
    example: { by: { userId: 1, address: '127.0.0.1' }, groupId: 1, content: '今晚八点维护' },
    replyExample: { id, seq: 7, createTime },
  }),
  audit: defineCall({
    subject: 'group.call.audit',
    description: 'Administrative acts on groups, newest first, those before the entry `before`.',
    request: { before: Type.Optional(AuditRecord.properties.id), limit: pageSize(limits.audit) },
    reply: { entries: Type.Array(AuditRecord), more: Type.Boolean() },
    example: { limit: 50 },
    replyExample: {
      entries: [{ id: 1, time: 1795334400000, by: 2, act: 'removeMember', groupId: 2, userId: 3, seq: 8 }],
      more: false,
    },
  }),
} as const;
