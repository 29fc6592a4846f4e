import { type AuthConfig, authEntities, authMigrations, startAuth } from '@teahouse/auth';
import { type Bus, call, connectNats, createMemoryHub } from '@teahouse/bus';
import { authCalls } from '@teahouse/contracts';
import { createLog } from '@teahouse/service-kit';
import { type Database, openDatabase } from '@teahouse/service-kit/database';
import { testDatabase, testNats } from '@teahouse/test';
import type { Test } from 'tap';
import type { Static } from 'typebox';

/** A bus and a database of one's own, as one of the two ways to run the service gives them. */
export interface Setup {
  bus(): Promise<Bus>;
  /** A bus that knows nothing of the first one: what is left when that lost its disk. */
  freshBus(): Promise<Bus>;
  database(): Promise<Database>;
}
export type MakeSetup = (t: Test) => Promise<Setup>;

const log = createLog({ name: 'auth', level: 'silent' });
const opened = (t: Test, url: string) => async () => {
  const database = await openDatabase({ url, entities: authEntities, migrations: authMigrations, name: 'auth', log });
  t.teardown(() => database.close());
  return database;
};

/** The in-process bus and SQLite: what `npm start` runs on. All share the one connection that SQLite has. */
export const memorySetup: MakeSetup = async (t) => {
  const hub = createMemoryHub();
  const database = await opened(t, 'sqlite::memory:')();
  const connect = (made: typeof hub) => async () => {
    const bus = made.connect('test');
    t.teardown(() => bus.close());
    return bus;
  };
  return { bus: connect(hub), freshBus: connect(createMemoryHub()), database: async () => database };
};

/** NATS and MariaDB. Servers of this test alone, as the names of views and subjects are fixed. */
export const natsSetup: MakeSetup = async (t) => {
  const nats = await testNats();
  const other = await testNats();
  const tables = await testDatabase('auth');
  t.teardown(() => tables.drop());
  const connect = (servers: string) => async () => {
    const bus = await connectNats({ servers, name: 'test', log });
    t.teardown(() => bus.close());
    return bus;
  };
  t.teardown(async () => {
    await nats.stop();
    await other.stop();
  });
  return { bus: connect(nats.url), freshBus: connect(other.url), database: opened(t, tables.url) };
};

const config: AuthConfig = { TOKEN_TTL_SECONDS: 3600, SEED_DEMO: true, RATE_LOGINS_PER_MINUTE: 0 };

/** Starts an instance and closes it with the test. */
export async function start(t: Test, parts: { bus: Bus; database: Database }, changes: Partial<AuthConfig> = {}) {
  const auth = await startAuth({ ...parts, config: { ...config, ...changes }, log });
  t.teardown(() => auth.close());
  return auth;
}

type Calls = typeof authCalls;
export type Ask = <Name extends keyof Calls>(
  name: Name,
  request: Static<Calls[Name]['request']>,
) => Promise<Static<Calls[Name]['reply']>>;

/** Asks as the gateway does, and checks that the answer has the agreed shape. */
export const asker =
  (bus: Bus): Ask =>
  (name, request) =>
    call(bus, authCalls[name], request, { timeoutMs: 5000, checkReply: true });

/** One running instance, a way to ask it, and SQL on its database. */
export async function running(t: Test, make: MakeSetup, changes: Partial<AuthConfig> = {}) {
  const setup = await make(t);
  const database = await setup.database();
  const bus = await setup.bus();
  const auth = await start(t, { bus: await setup.bus(), database }, changes);
  const sql = (text: string, params: unknown[] = []): Promise<Record<string, unknown>[]> =>
    database.read((manager) => manager.query(text, params));
  return { setup, bus, database, auth, ask: asker(bus), sql };
}

export const address = '192.0.2.1';
export const caller = { userId: 2, role: 'user', connectionId: 'c1' } as const;
