import { join } from 'node:path';
import { authConfig, authEntities, authMigrations, startAuth } from '@teahouse/auth';
import { type Bus, connectNats, createMemoryHub } from '@teahouse/bus';
import { gatewayConfig, startGateway } from '@teahouse/gateway';
import { groupChatConfig, groupChatEntities, groupChatMigrations, startGroupChat } from '@teahouse/group-chat';
import {
  privateChatConfig,
  privateChatEntities,
  privateChatMigrations,
  startPrivateChat,
} from '@teahouse/private-chat';
import { createLog, loadConfig } from '@teahouse/service-kit';
import { openDatabase } from '@teahouse/service-kit/database';
import { temporaryDirectory, testDatabase, testNats } from '@teahouse/test';

/** `embedded`: SQLite and the in-process bus; `servers`: MariaDB and NATS. All services are in this process either way. */
export type Setup = 'embedded' | 'servers';

export interface World {
  readonly url: string;
  /** Asks and tells as anybody on the bus might. */
  readonly bus: Bus;
  /** The last errors that were logged, newest last: what lies behind an INTERNAL. */
  readonly logged: readonly string[];
  close(): Promise<void>;
}

const loggedBound = 50;

/** Groups are few, so that what the services rightly keep does not grow for as long as the run lasts. */
const env = {
  NATS_URL: 'nats://in-this-process',
  PORT: '0',
  SEED_DEMO: 'true',
  MAX_GROUPS_PER_USER: '20',
  RATE_MESSAGES_PER_SECOND: '0',
  RATE_LOGINS_PER_MINUTE: '0',
};

/** Starts all services; resolves when they serve. */
export async function startWorld(setup: Setup): Promise<World> {
  const opened: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const one of opened.splice(0).reverse()) await one();
  };
  const logged: string[] = [];
  const write = (line: string) => {
    logged.push(line);
    if (logged.length > loggedBound) logged.shift();
  };
  const log = createLog({ name: 'fuzz', level: 'error' }, { write });
  try {
    const { connect, url } = await (setup === 'embedded' ? embedded() : servers(opened));
    const bus = async (name: string) => {
      const made = await connect(name, log);
      opened.push(() => made.close());
      return made;
    };
    const open = async (name: string, tables: Pick<Parameters<typeof openDatabase>[0], 'entities' | 'migrations'>) => {
      const database = await openDatabase({ url: await url(name), name, log, ...tables });
      opened.push(() => database.close());
      return database;
    };
    const databases = {
      auth: await open('auth', { entities: authEntities, migrations: authMigrations }),
      group: await open('group', { entities: groupChatEntities, migrations: groupChatMigrations }),
      private: await open('private', { entities: privateChatEntities, migrations: privateChatMigrations }),
    };
    const settings = { ...env, GROUP_DB_URL: 'sqlite:unused', PRIVATE_DB_URL: 'sqlite:unused' };
    const auth = { bus: await bus('auth'), database: databases.auth, config: loadConfig(authConfig, settings), log };
    const started = await startAuth(auth);
    opened.push(() => started.close());
    const group = await startGroupChat({
      bus: await bus('group-chat'),
      database: databases.group,
      config: loadConfig(groupChatConfig, settings),
      log,
    });
    opened.push(() => group.close());
    const personal = await startPrivateChat({
      bus: await bus('private-chat'),
      database: databases.private,
      config: loadConfig(privateChatConfig, settings),
      log,
    });
    opened.push(() => personal.close());
    const own = await bus('gateway');
    const gateway = await startGateway({ bus: own, config: loadConfig(gatewayConfig, settings), log });
    opened.push(() => gateway.close());
    return { url: gateway.url, bus: await bus('fuzz'), logged, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Places {
  connect(name: string, log: ReturnType<typeof createLog>): Promise<Bus>;
  /** Where the database of this service is. */
  url(name: string): Promise<string>;
}

async function embedded(): Promise<Places> {
  const hub = createMemoryHub();
  const directory = temporaryDirectory('fuzz');
  return {
    connect: async (name, log) => hub.connect(name, log),
    url: async (name) => `sqlite:${join(directory, `${name}.sqlite`)}`,
  };
}

async function servers(opened: (() => Promise<unknown>)[]): Promise<Places> {
  const nats = await testNats();
  opened.push(() => nats.stop());
  return {
    connect: (name, log) => connectNats({ servers: nats.url, name, log }),
    async url(name) {
      const database = await testDatabase(name);
      opened.push(() => database.drop());
      return database.url;
    },
  };
}
