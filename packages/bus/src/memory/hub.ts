import { checkName } from '../names.js';
import type { Bus, BusLog, Listener, QueueOptions } from '../port.js';
import type { Incoming } from '../serving.js';
import { MemoryBus } from './bus.js';
import { Line } from './line.js';
import { MemoryQueue } from './queue.js';
import { Routes } from './routes.js';
import { MemoryTable } from './view.js';

/** What all connections of one process share. */
export class Hub {
  readonly line = new Line();
  readonly listeners = new Routes<Listener>();
  readonly servers = new Routes<(incoming: Incoming) => void>();
  readonly #queues = new Map<string, MemoryQueue>();
  readonly #tables = new Map<string, MemoryTable>();

  queue(name: string, options: QueueOptions): MemoryQueue {
    checkName(name);
    const queue = this.#queues.get(name) ?? new MemoryQueue(options);
    this.#queues.set(name, queue);
    return queue;
  }

  table(name: string, ttlMs: number | undefined): MemoryTable {
    checkName(name);
    const table = this.#tables.get(name) ?? new MemoryTable(ttlMs);
    this.#tables.set(name, table);
    return table;
  }
}

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
