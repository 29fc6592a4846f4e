import type { Bus, CallDefinition } from '@teahouse/bus';
import { call } from '@teahouse/bus';
import {
  type Caller,
  type CallReply,
  type ClientFrame,
  type FrameFields,
  type FrameReply,
  TeahouseError,
  type User,
  wholeFrame,
} from '@teahouse/contracts';
import type { TObject, TProperties, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import type { CatchUps } from '../catch-ups.js';
import type { Hub, HubSocket } from '../hub/index.js';
import { pick } from '../pick.js';
import type { Presence } from '../presence/index.js';
import type { Sends } from '../sends.js';

/** A logged-in connection as verbs see it. */
export interface Session extends HubSocket {
  readonly user: User;
  /** The client's, as far as it is known. */
  readonly address: string;
  /** Where group messages without a `groupId` go. */
  readonly defaultGroupId: number;
  /** True at most once a second for one conversation. */
  mayTellTyping(conversation: number): boolean;
}

/** What verbs work with. */
export interface Tools {
  readonly bus: Bus;
  readonly hub: Hub;
  readonly sends: Sends;
  readonly catchUps: CatchUps;
  readonly presence: Presence;
}

/** One type of frame and what is done about it; `fields` have been checked. */
export interface Verb {
  readonly frame: ClientFrame;
  readonly validator: Validator;
  /** Names of the frame's own fields. */
  readonly names: readonly string[];
  /** Frames of one conversation that pipeline do not wait for each other. */
  readonly pipelined: boolean;
  /** The conversation that the frame is about, see `conversationOf…`; undefined: none. Throws BAD_REQUEST where the fields contradict each other. */
  conversation(fields: object, session: Session): number | undefined;
  /** The whole ack as a text, where it is written too often for JSON.stringify. */
  readonly ack: ((ref: string | undefined, reply: object) => string) | undefined;
  /** Does it. Resolves with the fields of the ack. `timeoutMs` is what is left of the time in which an answer must come. */
  run(tools: Tools, session: Session, fields: object, timeoutMs: number): Promise<object>;
}

type AnyFrame = ClientFrame<string, TProperties, TProperties>;

/** Declares a verb; `Fields` are those of its frame. */
export function verb<Frame extends AnyFrame>(
  frame: Frame,
  parts: {
    pipelined?: boolean;
    conversation?(fields: FrameFields<Frame>, session: Session): number | undefined;
    ack?(ref: string | undefined, reply: FrameReply<Frame>): string;
    run(tools: Tools, session: Session, fields: FrameFields<Frame>, timeoutMs: number): Promise<FrameReply<Frame>>;
  },
): Verb {
  return {
    frame,
    validator: Compile(wholeFrame(frame)) as unknown as Validator,
    names: Object.keys(frame.fields.properties),
    pipelined: parts.pipelined ?? false,
    // The fields were checked against this very frame.
    conversation: (parts.conversation ?? (() => undefined)) as Verb['conversation'],
    ack: parts.ack as Verb['ack'],
    run: parts.run as Verb['run'],
  };
}

/** Conversations are told apart by a number: a group by its id, a private one by minus the id of the other. */
export const conversationOfGroup = (groupId: number): number => groupId;
export const conversationWith = (userId: number): number => -userId;

/** The conversation that `groupId` or `with` names. Throws BAD_REQUEST unless exactly one of them is there. */
export function conversationOfPlace(fields: { groupId?: number; with?: number }): number {
  const { groupId, with: other } = fields;
  if (groupId !== undefined && other === undefined) return conversationOfGroup(groupId);
  if (other !== undefined && groupId === undefined) return conversationWith(other);
  throw new TeahouseError('BAD_REQUEST', 'Name either "groupId" or "with".');
}

function callerOf(session: Session): Caller {
  return { userId: session.userId, role: session.user.role, connectionId: session.id, address: session.address };
}

/** Carries a frame on to its service, with those fields that the service takes, and who sent it. */
export function forward<Definition extends CallDefinition<TSchema, TSchema>>(
  tools: Tools,
  definition: Definition,
  session: Session,
  fields: object,
  timeoutMs: number,
): Promise<CallReply<Definition>> {
  const names = Object.keys((definition.request as TObject).properties);
  const request = { ...pick(fields as Record<string, unknown>, names), caller: callerOf(session) };
  return call(tools.bus, definition, request as never, { timeoutMs }) as Promise<CallReply<Definition>>;
}
