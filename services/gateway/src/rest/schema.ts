import { type ErrorCode, errorCatalogue, RestError } from '@teahouse/contracts';
import Type, { type TSchema } from 'typebox';

interface RestCall {
  readonly description: string;
  readonly bearer: boolean;
  readonly status: number;
  readonly errors: readonly ErrorCode[];
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly reply?: TSchema;
}

const nothing = Type.Null({ description: 'nothing' });

type SchemaOf<C extends RestCall> = { readonly description: string } & (C extends { body: infer Body extends TSchema }
  ? { readonly body: Body }
  : unknown) &
  (C extends { params: infer Params extends TSchema } ? { readonly params: Params } : unknown) &
  (C extends { query: infer Query extends TSchema } ? { readonly querystring: Query } : unknown);

/** A call of the contract as fastify and OpenAPI read it. */
export function schemaOf<C extends RestCall>(rest: C): SchemaOf<C> {
  const refusals: Record<string, TSchema> = {};
  for (const code of [...rest.errors, 'INTERNAL' as const]) {
    const { status } = errorCatalogue[code];
    const codes = [...rest.errors, 'INTERNAL' as const].filter((other) => errorCatalogue[other].status === status);
    refusals[status] = { ...RestError, description: codes.join(', ') } as TSchema;
  }
  const schema = {
    description: rest.description,
    ...(rest.params === undefined ? {} : { params: rest.params }),
    ...(rest.query === undefined ? {} : { querystring: rest.query }),
    ...(rest.body === undefined ? {} : { body: rest.body }),
    ...(rest.bearer ? { security: [{ bearer: [] }] } : {}),
    response: { [rest.status]: rest.reply ?? nothing, ...refusals },
  };
  return schema as unknown as SchemaOf<C>;
}

/** In an address all is text. Reads what a schema calls an integer, in the one form in which JSON writes it. */
export function numbersOf(schema: TSchema): (given: unknown) => unknown {
  const { properties = {} } = schema as { properties?: Record<string, { type?: unknown }> };
  const names = Object.keys(properties).filter((name) => properties[name]?.type === 'integer');
  return (given) => {
    const value: Record<string, unknown> = { ...(given as object) };
    for (const name of names) {
      const text = value[name];
      if (typeof text === 'string' && /^(0|[1-9]\d{0,15})$/.test(text)) value[name] = Number(text);
    }
    return value;
  };
}
