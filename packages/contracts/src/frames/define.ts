import Type, { type Static, type TObject, type TProperties, type TSchema } from 'typebox';
import type { ErrorCode } from '../errors.js';
import { Ref } from '../scalars.js';

/** One frame that a client may send: what it holds, what its answer holds, what may go wrong. */
export interface ClientFrame<
  Name extends string = string,
  Fields extends TProperties = TProperties,
  Reply extends TProperties = TProperties,
> {
  readonly type: Name;
  readonly description: string;
  /** The fields without `type` and `ref`; what a service is asked. */
  readonly fields: TObject<Fields>;
  /** The fields of the `ack` without `type` and `ref`, or nothing where the frame is never answered but by an error. */
  readonly reply: TObject<Reply>;
  readonly answered: boolean;
  readonly errors: readonly ErrorCode[];
  readonly example: Readonly<Record<string, unknown>>;
  readonly replyExample: Readonly<Record<string, unknown>>;
}

export interface ClientFrameInput<Name extends string, Fields extends TProperties, Reply extends TProperties> {
  type: Name;
  description: string;
  fields: Fields;
  reply?: Reply;
  answered?: boolean;
  errors: readonly ErrorCode[];
  example: Record<string, unknown>;
  replyExample?: Record<string, unknown>;
}

/** Declares a client frame. `BAD_REQUEST`, `RATE_LIMITED`, `UNAVAILABLE` and `INTERNAL` may answer every frame and are added here. */
export function clientFrame<
  const Name extends string,
  Fields extends TProperties,
  Reply extends TProperties = Record<never, never>,
>(input: ClientFrameInput<Name, Fields, Reply>): ClientFrame<Name, Fields, Reply> {
  return {
    type: input.type,
    description: input.description,
    fields: Type.Object(input.fields),
    reply: Type.Object(input.reply ?? ({} as Reply)),
    answered: input.answered ?? true,
    errors: [...new Set<ErrorCode>(['BAD_REQUEST', 'RATE_LIMITED', 'UNAVAILABLE', 'INTERNAL', ...input.errors])],
    example: input.example,
    replyExample: input.replyExample ?? {},
  };
}

/** The whole frame as it travels: `type`, optional `ref`, and the fields. */
export function wholeFrame(frame: ClientFrame): TObject {
  return Type.Object(
    { type: Type.Literal(frame.type), ref: Type.Optional(Ref), ...frame.fields.properties },
    { description: frame.description },
  );
}

/** One frame that the server sends by itself. */
export interface ServerFrame<Name extends string = string, Fields extends TProperties = TProperties> {
  readonly type: Name;
  readonly description: string;
  readonly schema: TObject<{ type: ReturnType<typeof Type.Literal<Name>> } & Fields>;
  readonly example: Readonly<Record<string, unknown>>;
}

export function serverFrame<const Name extends string, Fields extends TProperties>(input: {
  type: Name;
  description: string;
  fields: Fields;
  example: Record<string, unknown>;
}): ServerFrame<Name, Fields> {
  return {
    type: input.type,
    description: input.description,
    schema: Type.Object(
      { type: Type.Literal(input.type), ...input.fields },
      { description: input.description },
    ) as never,
    example: { type: input.type, ...input.example },
  };
}

export type FrameFields<F> = F extends ClientFrame<string, infer Fields, TProperties> ? Static<TObject<Fields>> : never;
export type FrameReply<F> = F extends ClientFrame<string, TProperties, infer Reply> ? Static<TObject<Reply>> : never;
/** A whole frame that the server sends, `type` included. */
export type ServerFrameOf<F> = F extends { readonly schema: infer Schema extends TSchema } ? Static<Schema> : never;
