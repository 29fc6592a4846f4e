import type { BatchHandler, ConsumeOptions, QueueOptions } from '../port.js';
/** A queue of work that lives as long as the hub: what was not done when the process ends is gone. */
export declare class MemoryQueue {
  #private;
  constructor(options: QueueOptions);
  get size(): number;
  push(payload: Uint8Array, id: string | undefined): void;
  consume(
    handler: BatchHandler,
    options: ConsumeOptions,
    onError: (error: unknown) => void,
  ): {
    stop(): Promise<void>;
  };
}
