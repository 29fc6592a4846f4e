import { fileURLToPath } from 'node:url';
import type { Bus } from '@teahouse/bus';
import type { Log } from '@teahouse/service-kit';
import type { Registry } from 'prom-client';
import { Admission, InFlight } from './admission.js';
import { Backlog } from './backlog.js';
import { CatchUps } from './catch-ups.js';
import type { GatewaySettings } from './config.js';
import { Connection } from './connection.js';
import { Connections } from './connections.js';
import type { Tools } from './frames/index.js';
import { Hub } from './hub/index.js';
import { connectionIds, instanceId } from './instance.js';
import { Logins } from './login.js';
import { measure } from './metrics.js';
import { Presence } from './presence/index.js';
import { FrameRates } from './rate.js';
import { startHttp } from './rest/index.js';
import { Seen } from './seen.js';
import { Sends } from './sends.js';
import { attach } from './socket.js';
import type { Surroundings } from './surroundings.js';
import { Tokens } from './tokens.js';
import { Users } from './users.js';

export interface GatewayOptions {
  /** Stays the caller's: it is not closed here. */
  readonly bus: Bus;
  readonly config: GatewaySettings;
  readonly log: Log;
  /** Gets what this gateway tells of itself. */
  readonly metrics?: Registry;
  /** Where the built page lies; without one, packages/web/dist of this repository. */
  readonly pageDir?: string;
}

export interface Gateway {
  /** http://host:port of this machine, whatever address it listens on. */
  readonly url: string;
  ready(): { ok: boolean; details: Record<string, unknown> };
  /** Says goodbye to the clients, answers what is in flight, closes. Takes 6 s at most. */
  close(): Promise<void>;
}

const builtPage = fileURLToPath(new URL('../../../packages/web/dist', import.meta.url));

/** Starts a gateway; resolves when it serves. Rejects with ConfigError where it cannot listen as told. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { bus, config, log } = options;
  if (config.HEARTBEAT_TIMEOUT_MS < 2 * config.HEARTBEAT_INTERVAL_MS)
    log.warn('HEARTBEAT_TIMEOUT_MS is less than twice HEARTBEAT_INTERVAL_MS: one late heartbeat closes a connection');
  const hub = new Hub({ bus, log, cameIn: (userId, groupId) => presence.cameInto(userId, groupId) });
  const tokens = new Tokens(bus, log);
  const users = new Users(bus, log);
  const logins = new Logins(bus, tokens, users, log);
  const seen = new Seen(bus);
  const instance = instanceId();
  const presence = new Presence({
    bus,
    log,
    instance,
    groupsOf: (userId) => hub.smallGroupsOf(userId),
    tell: (userId, groups, frame) => hub.tellNeighbours(userId, groups, frame),
  });
  const backlog = new Backlog();
  const admission = new Admission();
  const inFlight = new InFlight();
  const connections = new Connections({
    maxPerUser: config.MAX_CONNECTIONS_PER_USER,
    heartbeatTimeoutMs: config.HEARTBEAT_TIMEOUT_MS,
    seen,
    presence,
    backlog,
  });
  const sends = new Sends({ bus, hub, presence });
  const tools: Tools = {
    bus,
    hub,
    sends,
    catchUps: new CatchUps(bus),
    presence,
  };
  const around: Surroundings = {
    tools,
    logins,
    log,
    admission,
    inFlight,
    backlog,
    rates: new FrameRates(config.RATE_MESSAGES_PER_SECOND, config.RATE_MESSAGES_BURST),
    heartbeatIntervalMs: config.HEARTBEAT_INTERVAL_MS,
    heartbeatTimeoutMs: config.HEARTBEAT_TIMEOUT_MS,
  };
  if (options.metrics !== undefined)
    measure(options.metrics, () => {
      const { online, gateways, pushesDropped } = presence.stats;
      const { people, rooms } = hub.size;
      return {
        connections: connections.sockets,
        people,
        rooms,
        ...hub.stats,
        ...sends.stats,
        online,
        gateways,
        presenceDropped: pushesDropped,
        backlogBytes: backlog.bytes,
        relieved: backlog.relieved,
        inFlightBytes: inFlight.bytes,
        loginsWaiting: admission.waiting,
      };
    });
  const nextId = connectionIds(instance);
  let closing = false;
  const ready = () => ({ ok: bus.connected && !closing, details: { bus: bus.connected, closing } });

  const stop = async () => {
    presence.closing();
    await connections.close();
    presence.close();
    hub.close();
    tokens.close();
    users.close();
    seen.close();
  };
  await tokens.start((userId, loginId) => connections.endLogin(userId, loginId));
  seen.start(() => connections.users());
  presence.start();
  try {
    const http = await startHttp({
      bus,
      config,
      log,
      tokens,
      users,
      ready,
      pageDir: options.pageDir ?? builtPage,
      mayOpen: () => connections.sockets < config.MAX_CONNECTIONS && !closing,
      opened(socket, address) {
        const connection = new Connection(nextId(), socket, address, around, connections);
        connections.add(connection);
        attach(socket, connection);
      },
    });
    return {
      url: http.url,
      ready,
      async close() {
        closing = true;
        http.stopListening();
        await stop();
        await http.close();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
