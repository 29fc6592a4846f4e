import type { TeahouseError } from '@teahouse/contracts';
import type { Draft, Stored } from './types.js';

/** One draft on its way; `settle` is called exactly once. */
export interface Entry<D extends Draft> {
  readonly draft: D;
  readonly deadline: number;
  settle(result: Stored | TeahouseError): void;
}
