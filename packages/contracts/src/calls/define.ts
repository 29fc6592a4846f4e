import Type, { type Static, type TObject, type TProperties, type TSchema } from 'typebox';
import { Address } from '../admin.js';
import type { ErrorCode } from '../errors.js';
import type { ClientFrame } from '../frames/define.js';
import { ConnectionId, SystemRole, UserId } from '../scalars.js';

/** One question that a service answers: a subject, what is asked, what is answered, which errors it may give. */
export interface Call<Request extends TSchema = TSchema, Reply extends TSchema = TSchema> {
  readonly subject: string;
  readonly description: string;
  readonly request: Request;
  readonly reply: Reply;
  readonly errors: readonly ErrorCode[];
  readonly example: Readonly<Record<string, unknown>>;
  readonly replyExample: Readonly<Record<string, unknown>>;
}

export type CallRequest<C> = C extends Call<infer Request, TSchema> ? Static<Request> : never;
export type CallReply<C> = C extends Call<TSchema, infer Reply> ? Static<Reply> : never;

/** Who asks: checked by the gateway, believed by the services, which only the gateway can reach. */
export const Caller = Type.Object({
  userId: UserId,
  role: SystemRole,
  connectionId: ConnectionId,
  address: Type.Optional(Address),
});
export type Caller = Static<typeof Caller>;
export const callerExample = { userId: 2, role: 'user', connectionId: 'g1-1' } as const;

/** Declares a call. `BAD_REQUEST`, `UNAVAILABLE` and `INTERNAL` may answer every call and are added here. */
export function defineCall<Request extends TProperties, Reply extends TProperties>(input: {
  subject: string;
  description: string;
  request: Request;
  reply: Reply;
  errors?: readonly ErrorCode[];
  example: Record<string, unknown>;
  replyExample: Record<string, unknown>;
}): Call<TObject<Request>, TObject<Reply>> {
  return {
    ...input,
    request: Type.Object(input.request),
    reply: Type.Object(input.reply),
    errors: [...new Set<ErrorCode>(['BAD_REQUEST', 'UNAVAILABLE', 'INTERNAL', ...(input.errors ?? [])])],
  };
}

/** The call that carries a client frame on to its service: the frame's fields and who sent it. `overrides` make optional fields of the frame required. */
export function callOfFrame<
  Fields extends TProperties,
  Reply extends TProperties,
  Overrides extends TProperties = Record<never, never>,
>(
  service: string,
  frame: ClientFrame<string, Fields, Reply>,
  overrides?: Overrides,
  example?: Record<string, unknown>,
): Call<TObject<Omit<Fields, keyof Overrides> & Overrides & { caller: typeof Caller }>, TObject<Reply>> {
  return {
    subject: `${service}.call.${frame.type}`,
    description: frame.description,
    request: Type.Object({ ...frame.fields.properties, ...overrides, caller: Caller }) as never,
    reply: frame.reply,
    errors: frame.errors.filter((code) => code !== 'RATE_LIMITED'),
    example: { ...(example ?? frame.example), caller: callerExample },
    replyExample: frame.replyExample,
  };
}

/** How many entries of a list are wanted. */
export const pageSize = (maximum: number) => Type.Integer({ minimum: 1, maximum });
