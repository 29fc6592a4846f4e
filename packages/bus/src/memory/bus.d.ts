import type {
  Bus,
  BusLog,
  BusStatus,
  Listener,
  Queue,
  QueueOptions,
  RequestHandler,
  ServeOptions,
  SubscribeOptions,
  Subscription,
  View,
} from '../port.js';
import type { Hub } from './hub.js';
/** One service's connection to the hub. */
export declare class MemoryBus implements Bus {
  #private;
  constructor(hub: Hub, name: string, log: BusLog | undefined);
  get connected(): boolean;
  request(
    subject: string,
    payload: Uint8Array,
    options: {
      readonly timeoutMs: number;
    },
  ): Promise<Uint8Array>;
  serve(subject: string, group: string, handler: RequestHandler, options?: ServeOptions): Subscription;
  publish(subject: string, payload: Uint8Array): boolean;
  subscribe(subject: string, listener: Listener, options?: SubscribeOptions): Subscription;
  queue(name: string, options: QueueOptions): Promise<Queue>;
  view<T>(
    name: string,
    options?: {
      readonly ttlMs?: number;
    },
  ): Promise<View<T>>;
  onStatus(listener: (status: BusStatus) => void): () => void;
  flush(): Promise<void>;
  close(): Promise<void>;
}
