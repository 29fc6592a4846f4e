import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { authConfig, authEntities, authMigrations, startAuth } from '@teahouse/auth';
import { type Bus, createMemoryHub } from '@teahouse/bus';
import { gatewayConfig, startGateway } from '@teahouse/gateway';
import { groupChatConfig, groupChatEntities, groupChatMigrations, startGroupChat } from '@teahouse/group-chat';
import {
  privateChatConfig,
  privateChatEntities,
  privateChatMigrations,
  startPrivateChat,
} from '@teahouse/private-chat';
import { ConfigError, createLog, type Log, loadConfig } from '@teahouse/service-kit';
import { type Database, openDatabase } from '@teahouse/service-kit/database';
import { lockDirectory } from './lock.js';

export interface StandaloneOptions {
  /** Where the databases live; made where it is missing. `DATA_DIR` of `env` unless told. */
  readonly dataDir?: string;
  /** 0 lets the system choose. `PORT` of `env` unless told. */
  readonly port?: number;
  /** The variables that the services know; those about the bus and the databases are set here. */
  readonly env?: NodeJS.ProcessEnv;
  /** Takes everybody's log lines; unless told, a log of the level LOG_LEVEL. */
  readonly log?: Log;
}

export interface Standalone {
  /** `http://host:port` */
  readonly url: string;
  /** Whether demo accounts were asked for. */
  readonly demo: boolean;
  /** Says goodbye to the clients and closes everything. What was acknowledged is stored even without it. */
  close(): Promise<void>;
}

const defaultDirectory = join(import.meta.dirname, '..', '..', '..', '.data');

/**
 * Starts all services in this process: on SQLite files and a bus that lives in memory.
 * @returns when they serve; rejects with ConfigError, whose sentence is for whoever started it
 */
export async function startStandalone(options: StandaloneOptions = {}): Promise<Standalone> {
  const env = options.env ?? process.env;
  const directory = resolve(options.dataDir ?? (env.DATA_DIR || defaultDirectory));
  const settings = {
    ...env,
    ...own(directory, env),
    ...(options.port === undefined ? {} : { PORT: `${options.port}` }),
  };
  const gateway = loadConfig(gatewayConfig, settings);
  const auth = loadConfig(authConfig, settings);
  const group = loadConfig(groupChatConfig, settings);
  const personal = loadConfig(privateChatConfig, settings);
  const log = options.log ?? createLog({ name: 'teahouse', level: gateway.LOG_LEVEL });
  const opened = new Opened();
  try {
    makeDirectory(directory);
    opened.add(await lockDirectory(directory, log));
    const hub = createMemoryHub();
    const connect = (name: string): { bus: Bus; log: Log } => {
      const service = log.child({ service: name });
      return { bus: opened.add(hub.connect(name, service)), log: service };
    };
    const open = async (file: string, tables: Tables): Promise<Database> =>
      opened.add(await openDatabase({ url: databaseUrl(directory, file), name: file, log, ...tables }));
    const authTables = { entities: authEntities, migrations: authMigrations };
    const groupTables = { entities: groupChatEntities, migrations: groupChatMigrations };
    const privateTables = { entities: privateChatEntities, migrations: privateChatMigrations };
    const authDatabase = await open('auth', authTables);
    opened.add(await startAuth({ ...connect('auth'), database: authDatabase, config: auth }));
    const groupDatabase = await open('group', groupTables);
    opened.add(await startGroupChat({ ...connect('group-chat'), database: groupDatabase, config: group }));
    const privateDatabase = await open('private', privateTables);
    opened.add(await startPrivateChat({ ...connect('private-chat'), database: privateDatabase, config: personal }));
    const { url } = opened.add(await startGateway({ ...connect('gateway'), config: gateway }));
    return { url, demo: auth.SEED_DEMO, close: () => opened.close() };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

type Tables = Pick<Parameters<typeof openDatabase>[0], 'entities' | 'migrations'>;

function databaseUrl(directory: string, file: string): string {
  return `sqlite:${join(directory, `${file}.sqlite`)}`;
}

/** What the embedded default decides for the services, whatever the environment says. */
function own(directory: string, env: NodeJS.ProcessEnv): Record<string, string> {
  return {
    NATS_URL: 'nats://in-this-process',
    AUTH_DB_URL: databaseUrl(directory, 'auth'),
    GROUP_DB_URL: databaseUrl(directory, 'group'),
    PRIVATE_DB_URL: databaseUrl(directory, 'private'),
    SEED_DEMO: env.SEED_DEMO || 'true',
  };
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new ConfigError(`DATA_DIR ${directory} cannot be made.`, { cause });
  }
}

/** What was opened, to be closed the other way round. */
class Opened {
  readonly #things: { close(): Promise<void> }[] = [];

  add<T extends { close(): Promise<void> }>(thing: T): T {
    this.#things.push(thing);
    return thing;
  }

  async close(): Promise<void> {
    for (let thing = this.#things.pop(); thing !== undefined; thing = this.#things.pop()) await thing.close();
  }
}
