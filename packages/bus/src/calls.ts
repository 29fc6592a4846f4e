import { type ErrorCode, TeahouseError } from '@teahouse/contracts';
import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import type { Bus, RequestContext, ServeOptions, Subscription } from './port.js';
import { firstWrong } from './wrong.js';

/** One call between services: where it goes, what it takes, what it gives, and what may go wrong. */
export interface CallDefinition<Request extends TSchema = TSchema, Reply extends TSchema = TSchema> {
  readonly subject: string;
  readonly request: Request;
  readonly reply: Reply;
  readonly errors: readonly ErrorCode[];
}

export interface CallOptions {
  readonly timeoutMs: number;
  /** Checks the reply against its schema, for tests; a service is trusted to answer in shape. */
  readonly checkReply?: boolean;
}

/** Does the work of one call. What it resolves with must have the shape of the reply; that is not checked. */
export type Verb<Definition extends CallDefinition> = (
  request: Static<Definition['request']>,
  context: RequestContext,
) => Promise<Static<Definition['reply']>>;

const validators = new WeakMap<TSchema, Validator>();

function validatorOf(schema: TSchema): Validator {
  const known = validators.get(schema);
  if (known) return known;
  const compiled: Validator = Compile(schema);
  validators.set(schema, compiled);
  return compiled;
}

function encode(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value ?? null));
}

function decode(payload: Uint8Array): unknown {
  return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString());
}

/**
 * Asks a service. Rejects as `Bus.request` does; with `INTERNAL` where the reply is no JSON or, when asked to check, not
 * of the agreed shape.
 */
export async function call<Definition extends CallDefinition>(
  bus: Bus,
  definition: Definition,
  request: Static<Definition['request']>,
  options: CallOptions,
): Promise<Static<Definition['reply']>> {
  const payload = await bus.request(definition.subject, encode(request), options);
  let reply: unknown;
  try {
    reply = decode(payload);
  } catch (cause) {
    throw new TeahouseError('INTERNAL', undefined, {
      cause: new Error(`${definition.subject} answered no JSON`, { cause }),
    });
  }
  const wrong = options.checkReply ? firstWrong(validatorOf(definition.reply), reply) : undefined;
  if (wrong)
    throw new TeahouseError('INTERNAL', undefined, {
      cause: new Error(`${definition.subject} answered out of shape: ${wrong}`),
    });
  return reply as Static<Definition['reply']>;
}

/** Serves a call with a verb. A request out of shape answers `BAD_REQUEST` and names the first field that is wrong. */
export function serveCall<Definition extends CallDefinition>(
  bus: Bus,
  definition: Definition,
  group: string,
  verb: Verb<Definition>,
  options?: ServeOptions,
): Subscription {
  const validator = validatorOf(definition.request);
  return bus.serve(
    definition.subject,
    group,
    async (payload, context) => {
      let request: unknown;
      try {
        request = decode(payload);
      } catch (cause) {
        throw new TeahouseError('BAD_REQUEST', 'The request is no JSON.', {
          cause,
        });
      }
      const wrong = firstWrong(validator, request);
      if (wrong) throw new TeahouseError('BAD_REQUEST', wrong);
      return encode(await verb(request as Static<Definition['request']>, context));
    },
    options,
  );
}
