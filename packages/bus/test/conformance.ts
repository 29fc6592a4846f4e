import { calls } from './conformance-calls.js';
import { closing } from './conformance-closing.js';
import { events } from './conformance-events.js';
import { queues } from './conformance-queues.js';
import { requests } from './conformance-requests.js';
import { views } from './conformance-views.js';
import type { MakeBus } from './make-bus.js';

/** What every adapter of the port must do. */
export function conformance(name: string, makeBus: MakeBus): void {
  for (const part of [requests, calls, events, queues, views, closing]) part(name, makeBus);
}
