import type { Consumer } from '@nats-io/jetstream';
import type { BatchHandler, ConsumeOptions } from '../port.js';
import type { Link } from './link.js';
export interface QueueConsumerInput {
  readonly link: Link;
  readonly name: string;
  find(): Promise<Consumer>;
  /** Makes the queue where it is missing. */
  open(): Promise<void>;
  readonly retryMs: number;
  readonly handler: BatchHandler;
  readonly options: ConsumeOptions;
}
/**
 * Pulls items and hands them over, one batch at a time, whatever has gathered by then. A pull asks for one batch, and the next
 * is made when all of it is done: so no more than that waits here while its time to be acked runs.
 */
export declare class QueueConsumer {
  #private;
  constructor(input: QueueConsumerInput);
  stop(): Promise<void>;
}
