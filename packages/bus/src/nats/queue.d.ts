import { type JetStreamClient } from '@nats-io/jetstream';
import type { BatchHandler, ConsumeOptions, QueueOptions } from '../port.js';
import { type Link } from './link.js';
/** The one consumer that all who work on a queue share. */
export declare const workers = 'workers';
/** A durable queue: a JetStream stream that keeps each item until it is done, on disk. Made again where the server lost it. */
export declare class NatsQueue {
  #private;
  /** Makes stream and consumer where they are missing, and changes their bounds to what was asked. */
  readonly open: () => Promise<void>;
  constructor(link: Link, js: JetStreamClient, name: string, options: QueueOptions);
  push(payload: Uint8Array, id: string | undefined): Promise<void>;
  size(): Promise<number>;
  consume(
    handler: BatchHandler,
    options: ConsumeOptions,
  ): {
    stop(): Promise<void>;
  };
}
