import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type NatsServer,
  type PrivateServer,
  type ServiceName,
  type Stack,
  startMysql,
  startStack,
  temporaryDirectory,
  withConnection,
} from '@teahouse/test';
import { type Balancer, startBalancer } from './balancer.js';
import { Link } from './link.js';

export const databaseNames = ['auth', 'group', 'private', 'archive'] as const;
export type DatabaseName = (typeof databaseNames)[number];
export const backServices = ['auth', 'group-chat', 'private-chat'] as const;
export type BackService = (typeof backServices)[number];

/** The connections that one instance keeps to others. */
export interface InstanceLinks {
  readonly name: string;
  readonly service: ServiceName;
  readonly nats: Link;
  readonly database?: Link;
  readonly archive?: Link;
}

/** The whole real system on this machine, with something to break between any two parts of it. */
export interface System {
  /** Through the balancer, `http://127.0.0.1:port`. */
  readonly url: string;
  readonly socketUrl: string;
  readonly stack: Stack;
  readonly nats: NatsServer;
  readonly databases: Readonly<Record<DatabaseName, PrivateServer>>;
  readonly clients: Link;
  readonly instances: readonly InstanceLinks[];
  /** Where what the services say is kept, a file for each. */
  readonly logs: string;
  stop(): Promise<void>;
}

const variables = {
  AUTH_DB_URL: ['auth', 'teahouse_auth'],
  GROUP_DB_URL: ['group', 'teahouse_group'],
  PRIVATE_DB_URL: ['private', 'teahouse_private'],
  GROUP_ARCHIVE_DB_URL: ['archive', 'teahouse_group_archive'],
  PRIVATE_ARCHIVE_DB_URL: ['archive', 'teahouse_private_archive'],
} as const satisfies Record<string, readonly [DatabaseName, string]>;

/** History that leaves the hot databases as soon as it may. */
const settings = {
  HOT_MAX_ROWS: '300',
  RETENTION_INTERVAL_MS: '1000',
  TOKEN_TTL_SECONDS: '86400',
  RATE_MESSAGES_PER_SECOND: '0',
  RATE_LOGINS_PER_MINUTE: '0',
  LOG_LEVEL: 'info',
};

const healthMs = 700;

/**
 * Starts everything, two of each service but for gateways, and resolves when all of it is ready.
 * @param gateways two have two workers each; the only one has one, which knows that it is alone
 * @param slackMs what a busy machine may add to the time within which a gateway tells the balancer its health, four times over
 * @param envOf more of the environment of an instance, `auth.0`
 */
export async function startSystem(
  gateways: 1 | 2,
  slackMs: number,
  envOf: (instance: string) => NodeJS.ProcessEnv = () => ({}),
): Promise<System> {
  const directory = temporaryDirectory('faults');
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  try {
    const databases = await startDatabases(directory, (server) => stops.push(() => server.stop()));
    const urls = await createDatabases(databases);
    const instances: InstanceLinks[] = [];
    stops.push(() => closeAll(instances));
    const stack = await startStack({
      directory,
      instances: { auth: 2, 'group-chat': 2, 'private-chat': 2, gateway: gateways },
      env: { ...settings, GATEWAY_WORKERS: String(gateways), ...urls, NATS_URL: '' },
      instanceEnv: async (service, index, env) => {
        const name = `${service}.${index}`;
        const { links, changed } = await putBetween(service, name, env);
        instances.push(links);
        return { ...changed, ...envOf(name) };
      },
      log: (who, line) => appendFileSync(join(directory, `${who}.log`), `${new Date().toISOString()} ${line}\n`),
    });
    stops.push(() => stack.stop());
    const { nats } = stack;
    if (!nats) throw new Error('The stack starts its own NATS.');
    const ports = stack.urls.map((url) => Number(new URL(url).port));
    const balancer: Balancer = await startBalancer(ports, healthMs + slackMs / 4);
    stops.push(() => balancer.close());
    return {
      url: `http://127.0.0.1:${balancer.link.port}`,
      socketUrl: `ws://127.0.0.1:${balancer.link.port}/`,
      stack,
      nats,
      databases,
      clients: balancer.link,
      instances,
      logs: directory,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startDatabases(directory: string, started: (server: PrivateServer) => void) {
  const servers: Partial<Record<DatabaseName, PrivateServer>> = {};
  for (const name of databaseNames) {
    servers[name] = await startMysql(join(directory, `${name}-db`));
    started(servers[name]);
  }
  return servers as Record<DatabaseName, PrivateServer>;
}

/** @returns the variables that name them, root's: rights are tested elsewhere */
async function createDatabases(servers: Record<DatabaseName, PrivateServer>): Promise<Record<string, string>> {
  const urls: Record<string, string> = {};
  for (const [variable, [server, name]] of Object.entries(variables)) {
    const { url } = servers[server];
    await withConnection(url, (connection) => connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`));
    urls[variable] = new URL(`/${name}`, url).href;
  }
  return urls;
}

/** A proxy on each connection that an instance makes. */
async function putBetween(service: ServiceName, name: string, env: NodeJS.ProcessEnv) {
  const changed = { ...env };
  const links: Record<string, Link> = {};
  for (const [variable, value] of Object.entries(env)) {
    const kind = linkKind(variable);
    if (!kind || !value) continue;
    const url = new URL(value);
    const port = Number(url.port);
    const link = await Link.open(() => port);
    url.port = String(link.port);
    links[kind] = link;
    changed[variable] = url.href.replace(/\/$/, '');
  }
  return { links: { name, service, ...links } as InstanceLinks, changed };
}

function linkKind(variable: string): 'nats' | 'database' | 'archive' | undefined {
  if (variable === 'NATS_URL') return 'nats';
  if (/_ARCHIVE_DB_URL$/.test(variable)) return 'archive';
  return /_DB_URL$/.test(variable) ? 'database' : undefined;
}

async function closeAll(instances: readonly InstanceLinks[]): Promise<void> {
  for (const { nats, database, archive } of instances) {
    await Promise.all([nats.close(), database?.close(), archive?.close()]);
  }
}
