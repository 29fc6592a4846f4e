import type { Bus, BusLog, Listener, QueueOptions } from '../port.js';
import type { Incoming } from '../serving.js';
import { Line } from './line.js';
import { MemoryQueue } from './queue.js';
import { Routes } from './routes.js';
import { MemoryTable } from './view.js';
/** What all connections of one process share. */
export declare class Hub {
  #private;
  readonly line: Line;
  readonly listeners: Routes<Listener>;
  readonly servers: Routes<(incoming: Incoming) => void>;
  queue(name: string, options: QueueOptions): MemoryQueue;
  table(name: string, ttlMs: number | undefined): MemoryTable;
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
export declare function createMemoryHub(): MemoryHub;
