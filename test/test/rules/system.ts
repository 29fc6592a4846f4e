import { authConfig, authEntities, authMigrations, startAuth } from '@teahouse/auth';
import { type Bus, call, connectNats, createMemoryHub } from '@teahouse/bus';
import { groupCalls } from '@teahouse/contracts';
import { gatewayConfig, startGateway } from '@teahouse/gateway';
import { groupChatConfig, groupChatEntities, groupChatMigrations, startGroupChat } from '@teahouse/group-chat';
import {
  privateChatConfig,
  privateChatEntities,
  privateChatMigrations,
  startPrivateChat,
} from '@teahouse/private-chat';
import { createLog, loadConfig } from '@teahouse/service-kit';
import { type Database, openDatabase, type Row } from '@teahouse/service-kit/database';
import { eventually, TestClient, testDatabase, testNats } from '@teahouse/test';
import type { Test } from 'tap';
import { socketOf } from '../e2e/people.js';

/** What the services run on: the in-process bus and SQLite, or NATS and MariaDB. */
export type Ground = 'memory' | 'servers';

export interface Account {
  readonly id: number;
  readonly username: string;
  readonly token: string;
}

/** All services in this process, with two gateways and, on the servers, two instances of group-chat; and SQL on their tables. */
export interface System {
  /** `http://…` of the two gateways. */
  readonly urls: readonly [string, string];
  readonly bus: Bus;
  /** The system's admin. */
  readonly admin: Account;
  /** A new account that has logged in once. */
  account(username: string): Promise<Account>;
  /** A connection to the first gateway, or to the other one. */
  connect(account: Account, gateway?: 0 | 1): Promise<TestClient>;
  readonly group: Sql;
  readonly personal: Sql;
}

export type Sql = (text: string, params?: readonly unknown[]) => Promise<Row[]>;

const password = '123456';
const log = createLog({ name: 'rules', level: 'fatal' });
/** Who opens the buses and the databases is this file; the configuration asks for their addresses all the same. */
const settings = {
  NATS_URL: 'nats://in-this-process',
  GROUP_DB_URL: 'sqlite::memory:',
  PRIVATE_DB_URL: 'sqlite::memory:',
  HOST: '127.0.0.1',
  PORT: '0',
  SEED_DEMO: 'true',
  RATE_LOGINS_PER_MINUTE: '0',
  RATE_MESSAGES_PER_SECOND: '0',
};

/** @param disturb what a gateway's bus is replaced by */
export async function startSystem(t: Test, ground: Ground, disturb = (bus: Bus) => bus): Promise<System> {
  const connectBus = ground === 'memory' ? memoryBus() : await natsBus(t);
  const connect = async (name: string) => {
    const bus = await connectBus(name);
    t.teardown(() => bus.close());
    return bus;
  };
  const open = async (name: string, url: string, tables: Tables) => {
    const database = await openDatabase({ url, name, log, ...tables });
    t.teardown(() => database.close());
    return database;
  };
  /** Instances share one database, over connections of their own; SQLite in memory is one connection's alone. */
  const chatUrl = async (name: string) => {
    if (ground === 'memory') return 'sqlite::memory:';
    const { url, drop } = await testDatabase(name);
    t.teardown(drop);
    return url;
  };
  const authTables = { entities: authEntities, migrations: authMigrations };
  const groupTables = { entities: groupChatEntities, migrations: groupChatMigrations };
  const privateTables = { entities: privateChatEntities, migrations: privateChatMigrations };
  const groupUrl = await chatUrl('group');
  const group = await open('group', groupUrl, groupTables);
  const personal = await open('private', await chatUrl('private'), privateTables);
  const auth = await startAuth({
    bus: await connect('auth'),
    database: await open('auth', 'sqlite::memory:', authTables),
    config: loadConfig(authConfig, settings),
    log,
  });
  const groupChat = async (name: string, database: Database) =>
    startGroupChat({ bus: await connect(name), database, config: loadConfig(groupChatConfig, settings), log });
  const groups = [await groupChat('group-chat-1', group)];
  if (ground === 'servers') groups.push(await groupChat('group-chat-2', await open('group', groupUrl, groupTables)));
  const privates = await startPrivateChat({
    bus: await connect('private-chat'),
    database: personal,
    config: loadConfig(privateChatConfig, settings),
    log,
  });
  const gateway = async (name: string) =>
    startGateway({ bus: disturb(await connect(name)), config: loadConfig(gatewayConfig, settings), log });
  const gateways = [await gateway('gateway-1'), await gateway('gateway-2')] as const;
  for (const one of [auth, ...groups, privates, ...gateways]) t.teardown(() => one.close());

  const bus = await connect('test');
  const urls = [gateways[0].url, gateways[1].url] as const;
  /** A busy machine may not answer in time. Whoever was registered all the same logs in. */
  const enter = async (path: string, username: string): Promise<Account> => {
    const answer = await eventually(
      async () => {
        const first = await post(`${urls[0]}${path}`, { username, password });
        return first === 'taken' ? await post(`${urls[0]}/login`, { username, password }) : first;
      },
      60_000,
      `${username} has no account`,
    );
    if (answer === 'taken') throw new Error('a login answered 409');
    const { token, user } = answer;
    const session = () => call(bus, groupCalls.sessions, { userIds: [user.id] }, { timeoutMs: 10_000 });
    await eventually(session, 60_000, `${username} is in no group`);
    return { id: user.id, username, token };
  };
  return {
    urls,
    bus,
    admin: await enter('/login', 'admin'),
    account: (username) => enter('/register', username),
    async connect({ token }, index = 0) {
      const { client } = await TestClient.login(socketOf(urls[index]), { token });
      t.teardown(() => client.terminate());
      return client;
    },
    group: sqlOn(group),
    personal: sqlOn(personal),
  };
}

type Tables = Pick<Parameters<typeof openDatabase>[0], 'entities' | 'migrations'>;

function memoryBus(): (name: string) => Promise<Bus> {
  const hub = createMemoryHub();
  return async (name) => hub.connect(name, log);
}

async function natsBus(t: Test): Promise<(name: string) => Promise<Bus>> {
  const nats = await testNats();
  t.teardown(() => nats.stop());
  return (name) => connectNats({ servers: nats.url, name, log });
}

const sqlOn =
  (database: Database): Sql =>
  (text, params = []) =>
    database.read((manager) => manager.query<Row[]>(text, [...params]));

async function post(url: string, body: object): Promise<{ token: string; user: { id: number } } | 'taken'> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  if (response.status === 409) return 'taken';
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { token: string; user: { id: number } };
}
