import type { Kind } from './kind.js';
import { networkKinds } from './network.js';
import { processKinds } from './processes.js';
import { serverKinds } from './servers.js';

/** Everything that can be broken. */
export const kinds: readonly Kind[] = [...processKinds, ...serverKinds, ...networkKinds];
