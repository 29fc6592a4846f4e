import Type, { type Static } from 'typebox';
import { EpochMs, GroupId, UserId } from './scalars.js';

/*
 * What gateways tell each other on `gateway.presence`: who is online at which of them. Everything that one gateway says
 * but `ask` is numbered, so that who missed something sees the gap and asks for all.
 */

/** One gateway process; also the first part of the ids of its connections. */
export const InstanceId = Type.String({ pattern: '^[0-9a-z]{1,32}$' });
const from = InstanceId;
const n = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'counts what this gateway has said',
});

/** The groups in which the push of presence may tell of this user; empty where there are none or too much happens at once. */
const Groups = Type.Array(GroupId);

/** Users who came to, or went from, this gateway since the last change; who came before is in these groups as well. */
export const PresenceChange = Type.Object({
  kind: Type.Literal('change'),
  from,
  n,
  came: Type.Array(Type.Tuple([UserId, Groups])),
  went: Type.Array(Type.Tuple([UserId, Groups, EpochMs])),
});
export type PresenceChange = Static<typeof PresenceChange>;

/** Part of all users of this gateway; the parts of one list are said without anything between. */
export const PresencePage = Type.Object({
  kind: Type.Literal('page'),
  from,
  n,
  first: Type.Boolean(),
  last: Type.Boolean(),
  users: Type.Array(UserId),
});
export type PresencePage = Static<typeof PresencePage>;

/** A sign of life with what others should hold by now. With `bye` it is the last one. */
export const PresenceBeat = Type.Object({
  kind: Type.Literal('beat'),
  from,
  n,
  users: Type.Integer({ minimum: 0, description: 'how many are online at this gateway' }),
  bye: Type.Optional(Type.Literal(true)),
});
export type PresenceBeat = Static<typeof PresenceBeat>;

/** Asks one gateway, or all, for their whole list. */
export const PresenceAsk = Type.Object({ kind: Type.Literal('ask'), of: Type.Optional(InstanceId) });

export const PresenceEvent = Type.Union([PresenceChange, PresencePage, PresenceBeat, PresenceAsk]);
export type PresenceEvent = Static<typeof PresenceEvent>;
