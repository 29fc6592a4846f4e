import Type, { type Static } from 'typebox';
import { limits } from './limits.js';
import {
  Announcement,
  ClientId,
  GroupId,
  GroupName,
  GroupNumber,
  GroupState,
  JoinPolicy,
  MemberRights,
  MessageId,
  MessageKind,
  Nickname,
  oneOf,
  Seq,
  SeqOrZero,
  Time,
  textOrEmpty,
  UserId,
  Username,
} from './scalars.js';

/** What a notice tells; `by` did it, `userId` is whom it concerns. Clients keep their state by applying notices in order. */
export const noticeEvents = [
  'created',
  'joined',
  'left',
  'removed',
  'banned',
  'muted',
  'unmuted',
  'rights',
  'owner',
  'state',
  'updated',
  'dissolved',
  'recalled',
] as const;
export type NoticeEvent = (typeof noticeEvents)[number];

export const Notice = Type.Object(
  {
    event: oneOf(noticeEvents),
    by: Type.Optional(UserId),
    userId: Type.Optional(UserId),
    rights: Type.Optional(MemberRights),
    state: Type.Optional(GroupState),
    mutedUntil: Type.Optional(Time),
    groupName: Type.Optional(GroupName),
    announcement: Type.Optional(Announcement),
    joinPolicy: Type.Optional(JoinPolicy),
    seq: Type.Optional(Seq),
    official: Type.Optional(
      Type.Literal(true, {
        description: "an administrator's words in `content`; the event is `updated`, and nothing changed",
      }),
    ),
  },
  { description: 'a change of the group, a recall of the message `seq`, or an official notice' },
);
export type Notice = Static<typeof Notice>;

/** Names a conversation: either `groupId` or `with`. A schema cannot say «one of the two» in a readable sentence, so the gateway does. */
export const place = { groupId: Type.Optional(GroupId), with: Type.Optional(UserId) };

/** The part that every delivered message has, whatever its conversation. */
const messageFields = {
  id: MessageId,
  seq: Seq,
  from: UserId,
  content: textOrEmpty(limits.content, 'empty where it was recalled and in a notice, unless it is an official one'),
  kind: MessageKind,
  createTime: Time,
  clientId: Type.Optional(ClientId),
  notice: Type.Optional(Notice),
  recalled: Type.Optional(Type.Literal(true)),
};

/** A message of a group as clients get it, live and in history; live it carries `type` as well. */
export const GroupMessage = Type.Object({ groupId: GroupId, ...messageFields });
export type GroupMessage = Static<typeof GroupMessage>;

/** A message between two people. */
export const PrivateMessage = Type.Object({ to: UserId, ...messageFields });
export type PrivateMessage = Static<typeof PrivateMessage>;

/** A group in a list: what `ready` and `groups` tell. */
export const GroupSummary = Type.Object({
  id: GroupId,
  groupNumber: GroupNumber,
  groupName: GroupName,
  state: GroupState,
  rights: MemberRights,
  lastSeq: SeqOrZero,
  readSeq: SeqOrZero,
});
export type GroupSummary = Static<typeof GroupSummary>;

const groupWhole = {
  id: GroupId,
  groupNumber: GroupNumber,
  groupName: GroupName,
  state: GroupState,
  announcement: Announcement,
  joinPolicy: JoinPolicy,
  memberCount: Type.Integer({ minimum: 0 }),
};

/** The whole of a group as all its members may see it; the last four are told only to the one they belong to. */
export const GroupWhole = Type.Object({
  ...groupWhole,
  rights: Type.Optional(MemberRights),
  lastSeq: Type.Optional(SeqOrZero),
  readSeq: Type.Optional(SeqOrZero),
  mutedUntil: Type.Optional(Time),
});
export type GroupWhole = Static<typeof GroupWhole>;

export const FoundGroup = Type.Object({
  id: GroupId,
  groupNumber: GroupNumber,
  groupName: GroupName,
  joinPolicy: JoinPolicy,
  memberCount: Type.Integer({ minimum: 0 }),
});
export type FoundGroup = Static<typeof FoundGroup>;

/** A member as group-chat knows it; the gateways know who is online. */
export const MemberRow = Type.Object({
  userId: UserId,
  username: Username,
  nickname: Nickname,
  rights: MemberRights,
  mutedUntil: Type.Optional(Time),
});

export const Member = Type.Object({
  ...MemberRow.properties,
  online: Type.Boolean(),
  lastOnlineTime: Type.Optional(Time),
});
export type Member = Static<typeof Member>;

export const ConversationSummary = Type.Object({
  userId: UserId,
  username: Username,
  nickname: Nickname,
  lastSeq: SeqOrZero,
  readSeq: SeqOrZero,
  peerReadSeq: Type.Optional({ ...SeqOrZero, description: 'how far the other one has read' }),
});
export type ConversationSummary = Static<typeof ConversationSummary>;

/** What an accepted send is answered. */
export const Stored = Type.Object({
  id: MessageId,
  seq: Seq,
  createTime: Time,
  duplicate: Type.Optional(Type.Literal(true)),
});
export type Stored = Static<typeof Stored>;
