import Type, { type Static } from 'typebox';
import { limits } from './limits.js';
import {
  EpochMs,
  GroupId,
  GroupName,
  GroupState,
  JoinPolicy,
  MemberRights,
  Nickname,
  oneOf,
  positive,
  Seq,
  SystemRole,
  Time,
  UserId,
  Username,
} from './scalars.js';

/* What system administrators see and do. */

export const Address = Type.String({ maxLength: limits.address, description: "the client's address" });

/** The administrator who asks: checked by the gateway, and once more by whoever owns the accounts. */
export const Administrator = Type.Object({ userId: UserId, address: Type.Optional(Address) });
export type Administrator = Static<typeof Administrator>;

/** An account as administrators see it. */
export const Account = Type.Object({
  id: UserId,
  username: Username,
  nickname: Nickname,
  role: SystemRole,
  disabled: Type.Boolean({ description: 'a disabled account neither logs in nor keeps a login' }),
  createTime: Time,
  lastOnlineTime: Type.Optional(Time),
});
export type Account = Static<typeof Account>;

/** The services that keep an audit trail, each of its own acts. */
export const auditDomains = ['auth', 'group'] as const;
export const AuditDomain = oneOf(auditDomains, 'the service that keeps the entry');
export type AuditDomain = (typeof auditDomains)[number];

/** All administrative acts; those on groups are called like the frames that ask for them. */
export const auditActs = [
  'disableAccount',
  'enableAccount',
  'resetPassword',
  'officialNotice',
  'answerJoinRequest',
  'inviteMember',
  'removeMember',
  'banMember',
  'unbanMember',
  'muteMember',
  'setRights',
  'transferOwner',
  'setGroupState',
  'updateGroup',
  'dissolveGroup',
  'recallMessage',
] as const;
export type AuditAct = (typeof auditActs)[number];

/** What an act set. What is longer than a name stands in the notice that told of it. */
export const AuditDetail = Type.Object({
  accept: Type.Optional(Type.Boolean()),
  rights: Type.Optional(MemberRights),
  state: Type.Optional(GroupState),
  mutedUntil: Type.Optional(Time),
  groupName: Type.Optional(GroupName),
  joinPolicy: Type.Optional(JoinPolicy),
  recalledSeq: Type.Optional(Seq),
});
export type AuditDetail = Static<typeof AuditDetail>;

const auditFields = {
  id: positive('counts up in its domain'),
  by: UserId,
  act: oneOf(auditActs, 'what was done'),
  userId: Type.Optional(positive('user id: whom it concerns')),
  groupId: Type.Optional(GroupId),
  seq: Type.Optional(positive("the notice in the group's log that tells of it")),
  address: Type.Optional(Type.String({ maxLength: limits.address, description: 'where the act was asked for' })),
  detail: Type.Optional(AuditDetail),
};

/** An entry as its service tells it. */
export const AuditRecord = Type.Object({ ...auditFields, time: EpochMs });
export type AuditRecord = Static<typeof AuditRecord>;

/** One act that was done: what was refused or changed nothing leaves no entry. */
export const AuditEntry = Type.Object({ domain: AuditDomain, ...auditFields, time: Time });
export type AuditEntry = Static<typeof AuditEntry>;
