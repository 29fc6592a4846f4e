import { setTimeout as delay } from 'node:timers/promises';
import { type Bus, call, connectNats, createMemoryHub } from '@teahouse/bus';
import {
  type CallReply,
  type CallRequest,
  decodeEvent,
  type EventHeader,
  groupCalls,
  type ProfileEntry,
  type SystemRole,
  subjects,
  TeahouseError,
} from '@teahouse/contracts';
import { groupChatConfig, groupChatEntities, groupChatMigrations, startGroupChat } from '@teahouse/group-chat';
import { createLog, loadConfig } from '@teahouse/service-kit';
import { type Database, openDatabase } from '@teahouse/service-kit/database';
import { testDatabase, testNats } from '@teahouse/test';
import type { Test } from 'tap';

/** A bus and a database of one's own, as one of the two ways to run the service gives them. */
export interface Setup {
  bus(): Promise<Bus>;
  /** A bus that knows nothing of the first one: what is left when that lost its disk. */
  freshBus(): Promise<Bus>;
  database(): Promise<Database>;
}
export type MakeSetup = (t: Test) => Promise<Setup>;

const log = createLog({ name: 'group-chat', level: 'error' });
const opened = (t: Test, url: string) => async () => {
  const database = await openDatabase({
    url,
    entities: groupChatEntities,
    migrations: groupChatMigrations,
    name: 'group',
    log,
  });
  t.teardown(() => database.close());
  return database;
};

/** The in-process bus and SQLite. All share the one connection that SQLite has. */
export const memorySetup: MakeSetup = async (t) => {
  const database = await opened(t, 'sqlite::memory:')();
  const connect = (hub: ReturnType<typeof createMemoryHub>) => async () => {
    const bus = hub.connect('test');
    t.teardown(() => bus.close());
    return bus;
  };
  return { bus: connect(createMemoryHub()), freshBus: connect(createMemoryHub()), database: async () => database };
};

/** NATS and MariaDB. Servers of this test alone, as the names of views and subjects are fixed. */
export const natsSetup: MakeSetup = async (t) => {
  const nats = await testNats();
  const other = await testNats();
  const tables = await testDatabase('group');
  t.teardown(async () => {
    await tables.drop();
    await nats.stop();
    await other.stop();
  });
  const connect = (servers: string) => async () => {
    const bus = await connectNats({ servers, name: 'test', log });
    t.teardown(() => bus.close());
    return bus;
  };
  return { bus: connect(nats.url), freshBus: connect(other.url), database: opened(t, tables.url) };
};

/** Starts an instance and closes it with the test. */
export async function start(
  t: Test,
  parts: { bus: Bus; database: Database },
  maxGroups = 1000,
  env: Record<string, string> = {},
) {
  const unused = { NATS_URL: 'nats://unused', GROUP_DB_URL: 'sqlite:unused' };
  const config = loadConfig(groupChatConfig, { ...unused, MAX_GROUPS_PER_USER: String(maxGroups), ...env });
  const app = await startGroupChat({ ...parts, config, log });
  t.teardown(() => app.close());
  return app;
}

type Calls = typeof groupCalls;
export type CallName = keyof Calls;
/** A request whose caller is told apart. */
type Fields<Name extends CallName> = Omit<CallRequest<Calls[Name]>, 'caller'>;

export const connectionOf = (userId: number) => `c${userId}`;
export const callerOf = (userId: number, role: SystemRole = 'user') => ({
  userId,
  role,
  connectionId: connectionOf(userId),
});

/** Asks again what a busy machine refused; what was refused so may have been done. */
export async function untilAvailable<T>(work: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + 30_000; ; ) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TeahouseError) || error.code !== 'UNAVAILABLE' || Date.now() > end) throw error;
      await delay(Math.random() * 500);
    }
  }
}

/** What was heard on one subject, in order. */
export interface Heard {
  readonly headers: EventHeader[];
  readonly frames: Record<string, unknown>[];
}

export type World = Awaited<ReturnType<typeof running>>;

/** One running instance, ways to ask it, and SQL on its database. */
export async function running(t: Test, make: MakeSetup, maxGroups = 1000, env: Record<string, string> = {}) {
  const setup = await make(t);
  const database = await setup.database();
  const bus = await setup.bus();
  const app = await start(t, { bus: await setup.bus(), database }, maxGroups, env);
  const profiles = await bus.view<ProfileEntry>('profiles');

  /** Asks as the gateway does, and checks that the answer has the agreed shape. */
  const ask = <Name extends CallName>(name: Name, request: CallRequest<Calls[Name]>): Promise<CallReply<Calls[Name]>> =>
    call(bus, groupCalls[name], request as never, { timeoutMs: 5000, checkReply: true }) as Promise<
      CallReply<Calls[Name]>
    >;
  /** The groups told at a login. */
  const groupsOf = async (userId: number) => (await ask('sessions', { userIds: [userId] })).sessions[0]?.groups;

  return {
    setup,
    database,
    bus,
    app,
    ask,
    /** A user's wish. */
    as: <Name extends CallName>(userId: number, name: Name, fields: Fields<Name>, role: SystemRole = 'user') =>
      ask(name, { ...fields, caller: callerOf(userId, role) } as CallRequest<Calls[Name]>),
    /** One send; resolves with its result, refused or not. */
    async say(from: number, groupId: number, content: string, clientId?: string) {
      const item = {
        from,
        connectionId: connectionOf(from),
        groupId,
        content,
        ...(clientId === undefined ? {} : { clientId }),
      };
      const { results } = await ask('append', { items: [item] });
      return results[0] as { id: string; seq: number; createTime: string; duplicate?: true; code?: string };
    },
    /** First logins of users that auth knows as `p<ID>`. */
    async login(...userIds: number[]) {
      for (const id of userIds) {
        await profiles.put(String(id), { id, username: `p${id}`, nickname: `P${id}`, role: 'user' }, 1);
        await groupsOf(id);
      }
    },
    groupsOf,
    async hear(subject: string): Promise<Heard> {
      const heard: Heard = { headers: [], frames: [] };
      bus.subscribe(subject, (payload) => {
        const { header, frames } = decodeEvent(payload);
        heard.headers.push(header);
        for (const frame of frames) heard.frames.push(JSON.parse(Buffer.from(frame).toString()));
      });
      await bus.flush();
      return heard;
    },
    hearGroup(groupId: number) {
      return this.hear(subjects.groupEvent(groupId));
    },
    hearUser(userId: number) {
      return this.hear(subjects.user(userId, 'group'));
    },
    sql: (text: string, params: unknown[] = []): Promise<Record<string, unknown>[]> =>
      database.read((manager) => manager.query(text, params)),
  };
}
