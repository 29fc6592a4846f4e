import { TeahouseError } from '@teahouse/contracts';
import type { RequestContext, RequestHandler, ServeOptions } from './port.js';
/** One request on its way through a server. */
export interface Incoming extends RequestContext {
  readonly payload: Uint8Array;
  /** May throw: the answer is then refused as `INTERNAL`. */
  answer(payload: Uint8Array): void;
  /** Never throws. */
  refuse(error: TeahouseError): void;
}
/**
 * The serving half that both adapters share: a bounded number of handlers at work, a bounded number of requests waiting,
 * expired ones dropped unexecuted.
 */
export declare class Serving {
  #private;
  constructor(handler: RequestHandler, options: ServeOptions, onError: (error: unknown) => void);
  accept(incoming: Incoming): void;
  /** Begins nothing more: what waits and what still comes is refused. */
  stop(): void;
  /** Resolves when no handler is at work and nothing waits. */
  idle(): Promise<void>;
}
