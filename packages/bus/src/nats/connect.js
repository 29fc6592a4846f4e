import { connect } from 'nats';
import { checkName } from '../names.js';
import { NatsBus } from './bus.js';
import { Link } from './link.js';
import { parseServers } from './servers.js';

/** How often the log is told that the server is still awaited. */
const waitingMs = 5_000;
/**
 * Connects to NATS. Waits for the first connection as long as it takes, and says so in the log; afterwards it reconnects for
 * ever, also after refused logins. A silent server is left after 6 s.
 */
export async function connectNats(options) {
  checkName(options.name);
  const inboxPrefix = options.inboxPrefix ?? `_INBOX_${options.name}`;
  const address = parseServers(options.servers);
  const { log } = options;
  const waiting = setInterval(() => log?.warn({ servers: address.servers }, 'Still waiting for NATS'), waitingMs);
  let nc;
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
//# sourceMappingURL=connect.js.map
