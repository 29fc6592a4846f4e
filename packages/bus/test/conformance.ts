import type { Bus } from '@teahouse/bus';
import { calls } from './conformance-calls.js';
import { closing } from './conformance-closing.js';
import { events } from './conformance-events.js';
import { queues } from './conformance-queues.js';
import { requests } from './conformance-requests.js';
import { views } from './conformance-views.js';

/** Opens a connection of its own for a service of that name. */
export type MakeBus = (name: string) => Promise<Bus>;

/** What every adapter of the port must do. */
export function conformance(name: string, makeBus: MakeBus): void {
  for (const part of [requests, calls, events, queues, views, closing]) part(name, makeBus);
}
