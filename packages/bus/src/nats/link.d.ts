import { TeahouseError } from '@teahouse/contracts';
import type { MsgHdrs, NatsConnection } from 'nats';
import type { BusLog, BusStatus } from '../port.js';
/** Longest wait for an answer of JetStream. */
export declare const jetStreamMs = 5000;
/**
 * The connection and its state. The client library would keep what is sent while it is dialling and send it later, and would
 * let requests run into their deadlines: here nothing goes out and everything fails at once until it is connected again.
 */
export declare class Link {
  #private;
  readonly nc: NatsConnection;
  readonly onError: (error: unknown) => void;
  constructor(nc: NatsConnection, name: string, log: BusLog | undefined);
  get connected(): boolean;
  onStatus(listener: (status: BusStatus) => void): () => void;
  /**
   * Hands a message to the connection. False, and dropped, while disconnected or with 64 MiB on their way out. Throws where
   * it is larger than the server takes (1 MiB unless configured).
   */
  send(subject: string, payload: Uint8Array, reply?: string, headers?: MsgHdrs): boolean;
  /**
   * Does work that the client library bounds by time alone. Rejects with `UNAVAILABLE` at once while disconnected, also when
   * that happens while it is under way, and after `ms`; otherwise with what the work rejects with.
   */
  attempt<T>(target: string, work: () => Promise<T>, ms?: number): Promise<T>;
  close(): Promise<void>;
}
/** What strangers hear of an error of JetStream or the client library. */
export declare function asUnavailable(error: unknown): TeahouseError;
