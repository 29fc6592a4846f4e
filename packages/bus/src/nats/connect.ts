import { connect, type NatsConnection } from 'nats';
import { checkName } from '../names.js';
import type { Bus, BusLog } from '../port.js';
import { NatsBus } from './bus.js';
import { Link } from './link.js';
import { parseServers } from './servers.js';

export interface NatsOptions {
  /** `nats://user:password@host:4222`, or several separated by commas. */
  readonly servers: string;
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly log?: BusLog;
  /** First token of all inboxes, so that each user of the server may be confined to its own; `_INBOX_<name>` unless told. */
  readonly inboxPrefix?: string;
}

/** How often the log is told that the server is still awaited. */
const waitingMs = 5_000;

/**
 * Connects to NATS. Waits for the first connection as long as it takes, and says so in the log; afterwards it reconnects for
 * ever, also after refused logins. A silent server is left after 6 s.
 */
export async function connectNats(options: NatsOptions): Promise<Bus> {
  checkName(options.name);
  const inboxPrefix = options.inboxPrefix ?? `_INBOX_${options.name}`;
  const address = parseServers(options.servers);
  const { log } = options;
  const waiting = setInterval(() => log?.warn({ servers: address.servers }, 'Still waiting for NATS'), waitingMs);
  let nc: NatsConnection;
  try {
    nc = await connect({
      ...address,
      name: options.name,
      inboxPrefix,
      waitOnFirstConnect: true,
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      timeout: 2_000,
      pingInterval: 2_000,
      maxPingOut: 2,
      noAsyncTraces: true,
      ignoreClusterUpdates: false,
    });
  } finally {
    clearInterval(waiting);
  }
  log?.info({ servers: address.servers }, 'Connected to NATS');
  return new NatsBus(new Link(nc, options.name, log), inboxPrefix);
}
