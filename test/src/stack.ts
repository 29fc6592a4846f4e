import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startMysql } from './mysql.js';
import { type NatsServer, startNats } from './nats.js';
import { freePort } from './ports.js';
import type { PrivateServer } from './server.js';
import {
  type ArchiveVariable,
  archiveVariables,
  createServiceDatabases,
  type DatabaseVariable,
  databaseVariables,
  type Secrets,
  secretsIn,
} from './service-databases.js';
import { type ServiceProcess, superviseService } from './service-process.js';

export const serviceNames = ['auth', 'group-chat', 'private-chat', 'gateway'] as const;
export type ServiceName = (typeof serviceNames)[number];

const databaseOf: Record<ServiceName, DatabaseVariable | undefined> = {
  auth: 'AUTH_DB_URL',
  'group-chat': 'GROUP_DB_URL',
  'private-chat': 'PRIVATE_DB_URL',
  gateway: undefined,
};

export interface StackOptions {
  /** Holds the servers' data, their logs and `secrets.json`; kept when the stack stops. */
  readonly directory: string;
  /** Of the first gateway; a free one where it is missing, as for all other gateways. */
  readonly port?: number;
  /** Of the first instance of a service; free ones where they are missing. */
  readonly healthPorts?: Partial<Record<ServiceName, number>>;
  /** For every service, over this process's own. `NATS_URL` and `*_DB_URL`, here or there, name servers to use as they are. */
  readonly env?: NodeJS.ProcessEnv;
  /** Gets each line that a service writes; `who` is `auth`, or `auth.1` where there are several. */
  readonly log?: (who: string, line: string) => void;
  /** How many of each; one where it is missing. */
  readonly instances?: Partial<Record<ServiceName, number>>;
  /** What one instance is told instead, from what it would have been told; for tests that stand between it and a server. */
  readonly instanceEnv?: (name: ServiceName, index: number, env: NodeJS.ProcessEnv) => Promise<NodeJS.ProcessEnv>;
}

export interface Stack {
  /** The gateways, `http://127.0.0.1:port`; `socketUrls` in the same order, `ws://127.0.0.1:port/`. */
  readonly urls: readonly string[];
  readonly socketUrls: readonly string[];
  readonly services: Readonly<Record<ServiceName, readonly ServiceProcess[]>>;
  /** Each service has a user of its own, with the rights of `deploy/nats.conf`; where `NATS_URL` was given they share that. */
  readonly natsUrls: Readonly<Record<ServiceName, string>>;
  readonly databaseUrls: Readonly<Record<DatabaseVariable, string> & Partial<Record<ArchiveVariable, string>>>;
  /** The servers that were started for this stack, for tests that kill them. */
  readonly nats: NatsServer | undefined;
  readonly mysql: PrivateServer | undefined;
  /** Stops gateways, then services, then servers, each with grace. */
  stop(): Promise<void>;
}

const projectRoot = join(import.meta.dirname, '..', '..');

/** Starts the real services as processes against real servers, and resolves when all of them are ready. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const env = { ...process.env, ...options.env };
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  try {
    const servers = await startServers(options.directory, env, (server) => stops.push(() => server.stop()));
    const ports = await portsFor('gateway', options, options.port);
    const services = await planServices(
      options,
      ports,
      {
        ...env,
        ...servers.databaseUrls,
      },
      servers.natsUrls,
    );
    const { gateway, ...behind } = services;
    stops.push(() => downAll(Object.values(behind).flat()));
    stops.push(() => downAll(gateway));
    await Promise.all(Object.values(services).flatMap((all) => all.map((one) => one.up())));
    return {
      urls: ports.map((port) => `http://127.0.0.1:${port}`),
      socketUrls: ports.map((port) => `ws://127.0.0.1:${port}/`),
      services,
      ...servers,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startServers(directory: string, env: NodeJS.ProcessEnv, started: (server: PrivateServer) => void) {
  const variables = Object.keys(databaseVariables) as DatabaseVariable[];
  const secrets = secretsIn(directory);
  // The database server goes first: it alone refuses a directory that another stack is using.
  const mysql = variables.every((variable) => env[variable])
    ? undefined
    : await startMysql(join(directory, 'mysql'), { rootPassword: secrets.root });
  if (mysql) started(mysql);
  const own: NodeJS.ProcessEnv = mysql ? await createServiceDatabases(mysql.url, secrets) : {};
  const databaseUrls = Object.fromEntries(
    [...variables, ...Object.keys(archiveVariables)].flatMap((name) => {
      const url = env[name] || own[name];
      return url ? [[name, url]] : [];
    }),
  ) as Stack['databaseUrls'];
  const nats = env.NATS_URL ? undefined : await startNats(join(directory, 'nats'), secrets);
  if (nats) started(nats);
  const natsUrl = (name: ServiceName) =>
    nats?.url.replace('//', `//${name}:${natsPassword(name, secrets)}@`) ?? (env.NATS_URL as string);
  return { mysql, nats, databaseUrls, natsUrls: forEachService(natsUrl) };
}

function natsPassword(name: ServiceName, secrets: Secrets): string {
  const token = name.toUpperCase().replace('-', '_') as 'GATEWAY' | 'AUTH' | 'GROUP_CHAT' | 'PRIVATE_CHAT';
  return secrets[`NATS_${token}_PASSWORD`];
}

function forEachService<T>(work: (name: ServiceName) => T): Record<ServiceName, T> {
  return Object.fromEntries(serviceNames.map((name) => [name, work(name)])) as Record<ServiceName, T>;
}

/** One port for each instance of a service: `first` where it is given, free ones for the others. */
async function portsFor(name: ServiceName, options: StackOptions, first: number | undefined): Promise<number[]> {
  const count = options.instances?.[name] ?? 1;
  return await Promise.all(Array.from({ length: count }, (_, index) => (index === 0 && first) || freePort()));
}

async function planServices(
  options: StackOptions,
  gatewayPorts: readonly number[],
  env: NodeJS.ProcessEnv,
  natsUrls: Readonly<Record<ServiceName, string>>,
): Promise<Record<ServiceName, ServiceProcess[]>> {
  const plan = async (name: ServiceName) => {
    const main = mainOf(name);
    const healthPorts = await portsFor(name, options, options.healthPorts?.[name]);
    const instance = async (healthPort: number, index: number) => {
      const who = healthPorts.length > 1 ? `${name}.${index}` : name;
      const port = name === 'gateway' ? { PORT: String(gatewayPorts[index]) } : {};
      const planned = { ...environmentOf(name, env), NATS_URL: natsUrls[name], ...port };
      return superviseService({
        name: who,
        main,
        healthPort,
        env: (await options.instanceEnv?.(name, index, planned)) ?? planned,
        line: (line) => options.log?.(who, line),
      });
    };
    return await Promise.all(healthPorts.map(instance));
  };
  return {
    auth: await plan('auth'),
    'group-chat': await plan('group-chat'),
    'private-chat': await plan('private-chat'),
    gateway: await plan('gateway'),
  };
}

function mainOf(name: ServiceName): string {
  const main = join(projectRoot, 'services', name, 'dist', 'main.js');
  if (!existsSync(main)) throw new Error(`services/${name}/dist/main.js is missing: build first.`);
  return main;
}

/** As in production, a service is told of its own databases only. */
function environmentOf(name: ServiceName, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = databaseOf[name];
  const foreign = (variable: string) =>
    variable.endsWith('_DB_URL') && variable !== own && variable !== own?.replace('_DB_', '_ARCHIVE_DB_');
  return Object.fromEntries(Object.entries(env).filter(([variable]) => !foreign(variable)));
}

async function downAll(services: readonly ServiceProcess[]): Promise<void> {
  await Promise.all(services.map((service) => service.down()));
}
