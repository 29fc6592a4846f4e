import Type, { type Static } from 'typebox';
import { ConnectionId, EpochMs, GroupId, Seq, SeqOrZero, UserId } from './scalars.js';
import type { Notice } from './shapes.js';

/*
 * What services publish after a commit. An event is a header line of JSON and then the ready client frames, one a
 * line, UTF-8: JSON never holds a raw line feed, so the gateway finds the frames without parsing them.
 */

/** Who came into or went out of a group with the notice `seq`. */
export const MembershipChange = Type.Object({ seq: Seq, join: Type.Optional(UserId), leave: Type.Optional(UserId) });
export type MembershipChange = Static<typeof MembershipChange>;

/** New messages of one conversation, `first`, `first + 1`, …; on `group.event.<id>` or, to both people, on `user.<id>.private`. */
export const RunHeader = Type.Object({
  kind: Type.Literal('run'),
  groupId: Type.Optional(GroupId),
  users: Type.Optional(Type.Tuple([UserId, UserId], { description: 'the two people, the lower id first' })),
  first: Seq,
  senders: Type.Array(Type.Union([ConnectionId, Type.Literal('')]), {
    description: 'for each frame the connection that sent it and gets its ack instead',
  }),
  changes: Type.Optional(Type.Array(MembershipChange)),
  whole: Type.Optional(
    Type.Literal(true, {
      description: 'after the messages comes one more frame, `groupChanged`: the group as the last of them left it',
    }),
  ),
});
export type RunHeader = Static<typeof RunHeader>;

/** Frames without a place in a conversation, for everybody on the subject but one connection. */
export const PushHeader = Type.Object({ kind: Type.Literal('push'), except: Type.Optional(ConnectionId) });
export type PushHeader = Static<typeof PushHeader>;

/** On `user.<id>.group`: the user came in with (or went out after) the notice `seq`. Frames: `groupChanged`, when coming in. */
export const MoveHeader = Type.Object({
  kind: Type.Union([Type.Literal('enter'), Type.Literal('exit')]),
  groupId: GroupId,
  seq: Seq,
  memberCount: Type.Optional(Type.Integer({ minimum: 0, description: 'after it; when coming in' })),
});
export type MoveHeader = Static<typeof MoveHeader>;

/** On `user.<id>.group`: these are the user's groups that are not dissolved; repeats what a killed instance may not have told. */
export const MemberHeader = Type.Object({ kind: Type.Literal('member'), groups: Type.Array(GroupId) });
export type MemberHeader = Static<typeof MemberHeader>;

export type EventHeader = RunHeader | PushHeader | MoveHeader | MemberHeader;

/** `group.heads` and `private.heads`: conversations that moved lately, with their newest seq; a lost last event shows here. */
export const GroupHeads = Type.Object({ heads: Type.Array(Type.Tuple([GroupId, SeqOrZero])) });
export type GroupHeads = Static<typeof GroupHeads>;
export const PrivateHeads = Type.Object({ heads: Type.Array(Type.Tuple([UserId, UserId, SeqOrZero])) });
export type PrivateHeads = Static<typeof PrivateHeads>;

/** `gateway.seen`: when these users were last connected. */
export const Seen = Type.Object({ users: Type.Array(Type.Tuple([UserId, EpochMs])) });
export type Seen = Static<typeof Seen>;

const lineFeed = 10;
const decoder = new TextDecoder();

/** One event as bytes. `frames` are JSON texts without line feeds. */
export function encodeEvent(header: EventHeader, frames: readonly string[]): Uint8Array {
  return Buffer.from(frames.length === 0 ? JSON.stringify(header) : `${JSON.stringify(header)}\n${frames.join('\n')}`);
}

/** Splits an event into its header and its frames; the frames are views of `payload`, not copies. Throws on a header that is no JSON. */
export function decodeEvent(payload: Uint8Array): { header: EventHeader; frames: Uint8Array[] } {
  let end = payload.indexOf(lineFeed);
  if (end < 0) end = payload.length;
  const header = JSON.parse(decoder.decode(payload.subarray(0, end))) as EventHeader;
  const frames: Uint8Array[] = [];
  for (let start = end + 1; start < payload.length; start = end + 1) {
    end = payload.indexOf(lineFeed, start);
    if (end < 0) end = payload.length;
    frames.push(payload.subarray(start, end));
  }
  return { header, frames };
}

/** What a notice does to the list of members, so that hubs and services read notices alike. */
export function membershipChange(seq: number, notice: Notice): MembershipChange | undefined {
  if (notice.userId === undefined) return undefined;
  if (notice.event === 'joined' || notice.event === 'created') return { seq, join: notice.userId };
  if (notice.event === 'left' || notice.event === 'removed' || notice.event === 'banned')
    return { seq, leave: notice.userId };
  return undefined;
}
