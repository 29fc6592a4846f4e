import { checkName } from '../names.js';
import type { Listener, QueueOptions } from '../port.js';
import type { Incoming } from '../serving.js';
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
