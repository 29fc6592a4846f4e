import { checkName } from '../names.js';
import type { Bus, BusLog } from '../port.js';
import { MemoryBus } from './bus.js';
import { Hub } from './hub.js';

export interface MemoryHub {
  /** A connection of one service; closing it leaves the others as they are. */
  connect(name: string, log?: BusLog): Bus;
}

/**
 * A bus for services that run in one process. Payloads are handed on without a copy, always in a later turn of the event
 * loop. Queues and views live in memory: when the process ends they are gone, and their owners make them anew at the next
 * start, from their databases.
 */
export function createMemoryHub(): MemoryHub {
  const hub = new Hub();
  return {
    connect(name, log) {
      checkName(name);
      return new MemoryBus(hub, name, log);
    },
  };
}
