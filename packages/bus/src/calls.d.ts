import { type ErrorCode } from '@teahouse/contracts';
import type { Static, TSchema } from 'typebox';
import type { Bus, RequestContext, ServeOptions, Subscription } from './port.js';
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
/**
 * Asks a service. Rejects as `Bus.request` does; with `INTERNAL` where the reply is no JSON or, when asked to check, not
 * of the agreed shape.
 */
export declare function call<Definition extends CallDefinition>(
  bus: Bus,
  definition: Definition,
  request: Static<Definition['request']>,
  options: CallOptions,
): Promise<Static<Definition['reply']>>;
/** Serves a call with a verb. A request out of shape answers `BAD_REQUEST` and names the first field that is wrong. */
export declare function serveCall<Definition extends CallDefinition>(
  bus: Bus,
  definition: Definition,
  group: string,
  verb: Verb<Definition>,
  options?: ServeOptions,
): Subscription;
