import Type, { type Static } from 'typebox';
import { type ErrorCode, errorCodes } from './errors.js';
import { limits } from './limits.js';

/*
 * No text anywhere holds U+0000 (MySQL and SQLite treat it differently) or a lone surrogate (it has no UTF-8 form).
 * `pattern` is matched with the flag `u`; string lengths count code points.
 */
const clean = '[^\\u0000\\p{Cs}]';

/** Text that is not blank, 1 to `max` code points. */
export const text = (max: number, description: string) =>
  Type.String({ minLength: 1, maxLength: max, pattern: `^(?=[\\s\\S]*\\S)${clean}+$`, description });

/** Text that may be empty, up to `max` code points. */
export const textOrEmpty = (max: number, description: string) =>
  Type.String({ maxLength: max, pattern: `^${clean}*$`, description });

/** Ids and counts: whole, from 1 on, exact in JavaScript. */
export const positive = (description: string) =>
  Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description });

export const UserId = positive('user id');
export const GroupId = positive('group id');
export const GroupNumber = positive('group number: 10000 is the official group, others count from 88888888');
export const Seq = positive('place in the conversation: 1, 2, 3 … without a hole');
export const SeqOrZero = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'a `seq`, or 0 before the first',
});
export const MessageId = Type.String({
  pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
  description: 'UUID, version 7',
});
export const Time = Type.String({
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$',
  description: 'ISO 8601, UTC, milliseconds',
});
export const EpochMs = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'milliseconds since 1970, UTC',
});
export const ClientId = Type.String({
  pattern: `^[\\x21-\\x7e]{1,${limits.clientId}}$`,
  description: "the sender's own id of a message: 1 to 64 printable ASCII characters without space",
});
export const Ref = Type.String({
  minLength: 1,
  maxLength: limits.ref,
  pattern: `^${clean}+$`,
  description: 'comes back in the answer',
});
/** Long and random: whoever guessed it could go on with a spent refresh token. */
export const IdempotencyKey = Type.String({
  minLength: 22,
  maxLength: 64,
  pattern: '^[A-Za-z0-9_-]+$',
  description: '128 random bits or more, made anew for each renewal',
});
export const ConnectionId = Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' });

export const Username = Type.String({
  minLength: 1,
  maxLength: limits.username,
  pattern: '^[\\p{L}\\p{M}\\p{N}_.-]+$',
  description: 'letters, digits, `_`, `-`, `.` of any script; compared without case',
});
export const Nickname = text(limits.nickname, 'shown name');
export const Password = Type.String({
  minLength: limits.passwordMin,
  maxLength: limits.password,
  pattern: `^${clean}+$`,
});
export const GroupName = text(limits.groupName, 'name of a group');
export const Announcement = textOrEmpty(limits.announcement, 'announcement of a group; may be empty');
export const Content = text(limits.content, 'what was written; comes back exactly as it was sent');

/** One of these words. */
export const oneOf = <const T extends readonly string[]>(values: T, description?: string) =>
  Type.Unsafe<T[number]>(Type.Enum([...values], description === undefined ? {} : { description }));

export const ErrorCodeSchema = oneOf<readonly ErrorCode[]>(errorCodes, 'see the error catalogue');

export const groupStates = ['normal', 'dissolved', 'muted', 'adminsOnly'] as const;
export const memberRights = ['member', 'owner', 'admin'] as const;
export const joinPolicies = ['open', 'approval', 'invite'] as const;
export const messageKinds = ['normal', 'notice'] as const;
export const systemRoles = ['user', 'admin'] as const;

/** In the tables a state is its index: 0 normal, 1 dissolved, 2 muted, 3 admins only. */
export const GroupState = oneOf(groupStates, 'muted: nobody speaks; adminsOnly: owner and admins speak');
/** In the tables: 0 member, 1 owner, 2 admin. */
export const MemberRights = oneOf(memberRights, 'rights in a group');
export const JoinPolicy = oneOf(joinPolicies, 'who may join');
/** In the tables: 0 normal, 1 notice. */
export const MessageKind = oneOf(messageKinds, 'a notice tells of a change of the group or a recall');
export const SystemRole = oneOf(systemRoles, 'an admin administers every group as its owner may');

export type GroupState = (typeof groupStates)[number];
export type MemberRights = (typeof memberRights)[number];
export type JoinPolicy = (typeof joinPolicies)[number];
export type MessageKind = (typeof messageKinds)[number];
export type SystemRole = (typeof systemRoles)[number];

export const User = Type.Object({ id: UserId, username: Username, nickname: Nickname, role: SystemRole });
export type User = Static<typeof User>;

/** A user as strangers see them. */
export const Person = Type.Object({ id: UserId, username: Username, nickname: Nickname });
export type Person = Static<typeof Person>;
