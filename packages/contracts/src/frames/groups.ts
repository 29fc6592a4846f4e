import Type from 'typebox';
import { limits } from '../limits.js';
import {
  Announcement,
  GroupId,
  GroupName,
  GroupNumber,
  JoinPolicy,
  Nickname,
  text,
  UserId,
  Username,
} from '../scalars.js';
import { FoundGroup, GroupSummary, GroupWhole, Member } from '../shapes.js';
import { clientFrame } from './define.js';

const gone = ['NOT_FOUND', 'NOT_A_MEMBER', 'GROUP_DISSOLVED', 'FORBIDDEN'] as const;
const name = '茶友会';

export const createGroup = clientFrame({
  type: 'createGroup',
  description: 'Make a group; the caller is its owner.',
  fields: { groupName: GroupName, joinPolicy: Type.Optional(JoinPolicy) },
  reply: { groupId: GroupId, groupNumber: GroupNumber },
  errors: ['CONFLICT'],
  example: { groupName: name, joinPolicy: 'open' },
  replyExample: { groupId: 2, groupNumber: 88888888 },
});

export const findGroup = clientFrame({
  type: 'findGroup',
  description: 'Groups by number or by a part of the name, at most 20; never `invite` groups by text.',
  fields: {
    groupNumber: Type.Optional(GroupNumber),
    text: Type.Optional(text(limits.groupName, 'a part of the name')),
  },
  reply: { groups: Type.Array(FoundGroup) },
  errors: [],
  example: { groupNumber: 88888888 },
  replyExample: { groups: [{ id: 2, groupNumber: 88888888, groupName: name, joinPolicy: 'open', memberCount: 3 }] },
});

export const joinGroup = clientFrame({
  type: 'joinGroup',
  description:
    'Become a member, or ask for it where the group wants approval. Already in: `joined` again, nothing happens.',
  fields: { groupId: Type.Optional(GroupId), groupNumber: Type.Optional(GroupNumber) },
  reply: { groupId: GroupId, status: Type.Union([Type.Literal('joined'), Type.Literal('requested')]) },
  errors: ['NOT_FOUND', 'FORBIDDEN', 'GROUP_DISSOLVED', 'CONFLICT'],
  example: { groupNumber: 88888888 },
  replyExample: { groupId: 2, status: 'joined' },
});

export const listJoinRequests = clientFrame({
  type: 'listJoinRequests',
  description: 'Who asks to join, oldest first. Owner and admins.',
  fields: { groupId: GroupId },
  reply: { requests: Type.Array(Type.Object({ userId: UserId, username: Username, nickname: Nickname })) },
  errors: gone,
  example: { groupId: 2 },
  replyExample: { requests: [{ userId: 3, username: 'player2', nickname: 'player2' }] },
});

export const answerJoinRequest = clientFrame({
  type: 'answerJoinRequest',
  description: 'Accept or refuse one who asks to join. Owner and admins.',
  fields: { groupId: GroupId, userId: UserId, accept: Type.Boolean() },
  errors: [...gone, 'CONFLICT'],
  example: { groupId: 2, userId: 3, accept: true },
});

const aboutMember = { groupId: GroupId, userId: UserId };
const aboutExample = { groupId: 2, userId: 3 };

export const inviteMember = clientFrame({
  type: 'inviteMember',
  description: 'Make somebody a member at once. Owner, admins; in open groups any member.',
  fields: aboutMember,
  errors: [...gone, 'CONFLICT'],
  example: aboutExample,
});
export const leaveGroup = clientFrame({
  type: 'leaveGroup',
  description: 'Leave. The owner must transfer or dissolve first.',
  fields: { groupId: GroupId },
  errors: gone,
  example: { groupId: 2 },
});
export const removeMember = clientFrame({
  type: 'removeMember',
  description: 'Put a member out. The owner over all, an admin over members.',
  fields: aboutMember,
  errors: gone,
  example: aboutExample,
});
export const banMember = clientFrame({
  type: 'banMember',
  description: 'Put somebody out for good.',
  fields: aboutMember,
  errors: gone,
  example: aboutExample,
});
export const unbanMember = clientFrame({
  type: 'unbanMember',
  description: 'Let a banned one join again.',
  fields: aboutMember,
  errors: gone,
  example: aboutExample,
});

export const muteMember = clientFrame({
  type: 'muteMember',
  description: 'Nobody hears a muted member for so many seconds; 0 ends it.',
  fields: { ...aboutMember, seconds: Type.Integer({ minimum: 0, maximum: limits.muteSeconds }) },
  errors: gone,
  example: { ...aboutExample, seconds: 600 },
});

export const setRights = clientFrame({
  type: 'setRights',
  description: 'Make a member an admin, or an admin a member. Owner only.',
  fields: { ...aboutMember, rights: Type.Union([Type.Literal('member'), Type.Literal('admin')]) },
  errors: gone,
  example: { ...aboutExample, rights: 'admin' },
});

export const transferOwner = clientFrame({
  type: 'transferOwner',
  description: 'Hand the group over; the old owner becomes admin. Owner only.',
  fields: aboutMember,
  errors: gone,
  example: aboutExample,
});

export const setGroupState = clientFrame({
  type: 'setGroupState',
  description: 'Say who may speak. Owner and admins.',
  fields: {
    groupId: GroupId,
    state: Type.Union([Type.Literal('normal'), Type.Literal('muted'), Type.Literal('adminsOnly')]),
  },
  errors: gone,
  example: { groupId: 2, state: 'muted' },
});

export const updateGroup = clientFrame({
  type: 'updateGroup',
  description: 'Change name, announcement or join policy. Owner and admins.',
  fields: {
    groupId: GroupId,
    groupName: Type.Optional(GroupName),
    announcement: Type.Optional(Announcement),
    joinPolicy: Type.Optional(JoinPolicy),
  },
  errors: gone,
  example: { groupId: 2, announcement: '今晚八点喝茶' },
});

export const dissolveGroup = clientFrame({
  type: 'dissolveGroup',
  description: 'End the group. Members can still read. Owner only.',
  fields: { groupId: GroupId },
  errors: gone,
  example: { groupId: 2 },
});

export const listGroups = clientFrame({
  type: 'listGroups',
  description: "The caller's groups, as in `ready`.",
  fields: {},
  reply: { groups: Type.Array(GroupSummary) },
  errors: [],
  example: {},
  replyExample: {
    groups: [
      { id: 1, groupNumber: 10000, groupName: '官方群', state: 'normal', rights: 'member', lastSeq: 9, readSeq: 9 },
    ],
  },
});

export const groupInfo = clientFrame({
  type: 'groupInfo',
  description: 'The whole of a group. Members.',
  fields: { groupId: GroupId },
  reply: { group: GroupWhole },
  errors: ['NOT_FOUND', 'NOT_A_MEMBER', 'FORBIDDEN'],
  example: { groupId: 2 },
  replyExample: {
    group: {
      id: 2,
      groupNumber: 88888888,
      groupName: name,
      state: 'normal',
      announcement: '',
      joinPolicy: 'open',
      memberCount: 3,
      rights: 'owner',
      lastSeq: 4,
      readSeq: 4,
    },
  },
});

export const listMembers = clientFrame({
  type: 'listMembers',
  description: 'Members by user id. Members of the group may ask.',
  fields: {
    groupId: GroupId,
    after: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'the last user id of the page before',
      }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.members })),
  },
  reply: { members: Type.Array(Member), more: Type.Boolean() },
  errors: ['NOT_FOUND', 'NOT_A_MEMBER', 'FORBIDDEN'],
  example: { groupId: 2, limit: 50 },
  replyExample: {
    members: [
      {
        userId: 2,
        username: 'player1',
        nickname: 'player1',
        rights: 'owner',
        online: true,
        lastOnlineTime: '2026-11-22T08:00:00.000Z',
      },
    ],
    more: false,
  },
});
