import { type Bus, call, connectNats, createMemoryHub } from '@teahouse/bus';
import {
  type CallReply,
  type CallRequest,
  decodeEvent,
  type EventHeader,
  type MembershipEntry,
  type ProfileEntry,
  privateCalls,
  subjects,
  views,
} from '@teahouse/contracts';
import {
  privateChatConfig,
  privateChatEntities,
  privateChatMigrations,
  startPrivateChat,
} from '@teahouse/private-chat';
import { createLog, loadConfig } from '@teahouse/service-kit';
import { type Database, openDatabase } from '@teahouse/service-kit/database';
import { testDatabase, testNats } from '@teahouse/test';
import type { Test } from 'tap';

/** A bus and a database of one's own, as one of the two ways to run the service gives them. */
export interface Setup {
  bus(): Promise<Bus>;
  database(): Promise<Database>;
  /** Addresses of the servers, where there are any. */
  readonly servers?: { readonly nats: string; readonly mysql: string };
}
export type MakeSetup = (t: Test) => Promise<Setup>;

const log = createLog({ name: 'private-chat', level: 'fatal' });
const opened = (t: Test, url: string) => async () => {
  const database = await openDatabase({
    url,
    entities: privateChatEntities,
    migrations: privateChatMigrations,
    name: 'private',
    log,
  });
  t.teardown(() => database.close());
  return database;
};

/** The in-process bus and SQLite. All share the one connection that SQLite has. */
export const memorySetup: MakeSetup = async (t) => {
  const database = await opened(t, 'sqlite::memory:')();
  const hub = createMemoryHub();
  return {
    async bus() {
      const bus = hub.connect('test');
      t.teardown(() => bus.close());
      return bus;
    },
    database: async () => database,
  };
};

/** NATS and MariaDB. A NATS server of this test alone, as the names of views and subjects are fixed. */
export const natsSetup: MakeSetup = async (t) => {
  const nats = await testNats();
  const tables = await testDatabase('private');
  t.teardown(async () => {
    await tables.drop();
    await nats.stop();
  });
  return {
    async bus() {
      const bus = await connectNats({ servers: nats.url, name: 'test', log });
      t.teardown(() => bus.close());
      return bus;
    },
    database: opened(t, tables.url),
    servers: { nats: nats.url, mysql: tables.url },
  };
};

type Calls = typeof privateCalls;
export type CallName = keyof Calls;
type Fields<Name extends CallName> = Omit<CallRequest<Calls[Name]>, 'caller'>;
export type Result = { id: string; seq: number; createTime: string; duplicate?: true; code?: string };

export const connectionOf = (userId: number) => `c${userId}`;

/** What was heard on one subject, in order. */
export interface Heard {
  readonly headers: EventHeader[];
  readonly frames: Record<string, unknown>[];
}

/** Running instances on one bus and database, ways to ask them, and SQL. */
export async function running(
  t: Test,
  make: MakeSetup,
  { instances = 1, users = [1, 2, 3, 4], served = (bus: Bus) => bus, env = {} } = {},
) {
  const config = loadConfig(privateChatConfig, { NATS_URL: 'nats://unused', PRIVATE_DB_URL: 'sqlite:unused', ...env });
  const setup = await make(t);
  const bus = await setup.bus();
  const database = await setup.database();
  for (let i = 0; i < instances; i++) {
    const app = await startPrivateChat({
      bus: served(await setup.bus()),
      database: await setup.database(),
      config,
      log,
    });
    t.teardown(() => app.close());
  }
  const profiles = await bus.view<ProfileEntry>(views.profiles);
  const memberships = await bus.view<MembershipEntry>(views.memberships);
  for (const id of users)
    await profiles.put(String(id), { id, username: `p${id}`, nickname: `P${id}`, role: 'user' }, 1);

  /** Asks as the gateway does, and checks that the answer has the agreed shape. */
  const ask = <Name extends CallName>(name: Name, request: CallRequest<Calls[Name]>): Promise<CallReply<Calls[Name]>> =>
    call(bus, privateCalls[name], request as never, { timeoutMs: 5000, checkReply: true }) as Promise<
      CallReply<Calls[Name]>
    >;
  const item = (from: number, to: number, content: string, clientId?: string) => {
    const base = { from, to, content, connectionId: connectionOf(from) };
    return clientId === undefined ? base : { ...base, clientId };
  };
  const send = async (...items: Parameters<typeof item>[]) => {
    const { results } = await ask('append', { items: items.map((one) => item(...one)) });
    return results as Result[];
  };
  const hear = async (subject: string): Promise<Heard> => {
    const heard: Heard = { headers: [], frames: [] };
    bus.subscribe(subject, (payload) => {
      const { header, frames } = decodeEvent(payload);
      heard.headers.push(header);
      for (const frame of frames) heard.frames.push(JSON.parse(Buffer.from(frame).toString()));
    });
    await bus.flush();
    return heard;
  };

  return {
    setup,
    bus,
    profiles,
    memberships,
    ask,
    send,
    /** The conversations told at a login. */
    async listOf(userId: number) {
      const [list] = (await ask('sessions', { userIds: [userId] })).sessions;
      return { conversations: list?.conversations ?? [], more: list?.more };
    },
    /** What became of the sends, in a word each: a seq, `7 again`, or a code. */
    async words(...items: Parameters<typeof item>[]) {
      return (await send(...items)).map(({ code, seq, duplicate }) => code ?? (duplicate ? `${seq} again` : seq));
    },
    as: <Name extends CallName>(userId: number, name: Name, fields: Fields<Name>) =>
      ask(name, { ...fields, caller: { userId, role: 'user', connectionId: connectionOf(userId) } } as CallRequest<
        Calls[Name]
      >),
    hearUser: (userId: number) => hear(subjects.user(userId, 'private')),
    sql: (text: string, params: unknown[] = []): Promise<Record<string, unknown>[]> =>
      database.read((manager) => manager.query(text, params)),
  };
}
