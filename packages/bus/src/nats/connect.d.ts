import type { Bus, BusLog } from '../port.js';
export interface NatsOptions {
  /** `nats://user:password@host:4222`, or several separated by commas. */
  readonly servers: string;
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly log?: BusLog;
  /** First token of all inboxes, so that each user of the server may be confined to its own; `_INBOX_<name>` unless told. */
  readonly inboxPrefix?: string;
}
/**
 * Connects to NATS. Waits for the first connection as long as it takes, and says so in the log; afterwards it reconnects for
 * ever, also after refused logins. A silent server is left after 6 s.
 */
export declare function connectNats(options: NatsOptions): Promise<Bus>;
