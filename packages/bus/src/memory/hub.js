import { checkName } from '../names.js';
import { MemoryBus } from './bus.js';
import { Line } from './line.js';
import { MemoryQueue } from './queue.js';
import { Routes } from './routes.js';
import { MemoryTable } from './view.js';
/** What all connections of one process share. */
export class Hub {
  constructor() {
    this.line = new Line();
    this.listeners = new Routes();
    this.servers = new Routes();
    this.#queues = new Map();
    this.#tables = new Map();
  }
  #queues;
  #tables;
  queue(name, options) {
    checkName(name);
    const queue = this.#queues.get(name) ?? new MemoryQueue(options);
    this.#queues.set(name, queue);
    return queue;
  }
  table(name, ttlMs) {
    checkName(name);
    const table = this.#tables.get(name) ?? new MemoryTable(ttlMs);
    this.#tables.set(name, table);
    return table;
  }
}
/**
 * A bus for services that run in one process. Payloads are handed on without a copy, always in a later turn of the event
 * loop. Queues and views live in memory: when the process ends they are gone, and their owners make them anew at the next
 * start, from their databases.
 */
export function createMemoryHub() {
  const hub = new Hub();
  return {
    connect(name, log) {
      checkName(name);
      return new MemoryBus(hub, name, log);
    },
  };
}
//# sourceMappingURL=hub.js.map
