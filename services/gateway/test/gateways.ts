import { type Bus, connectNats } from '@teahouse/bus';
import { type GroupAtLogin, groupCalls } from '@teahouse/contracts';
import { startGateway } from '@teahouse/gateway';
import { createLog } from '@teahouse/service-kit';
import { eventually, type Frame, TestClient, testNats } from '@teahouse/test';
import type { Test } from 'tap';
import { FakeServices, testSettings, userOf } from './fakes.js';

const log = createLog({ name: 'gateways-test', level: 'silent' });
export const patience = 20_000;

/** Opens one more connection to the bus that all share. */
export type Connect = (name: string) => Promise<Bus>;

export async function nats(t: Test): Promise<Connect> {
  const server = await testNats();
  t.teardown(() => server.stop());
  return (name) => connectNats({ servers: server.url, name });
}

/** Who is in which group, and how large group-chat says it is. */
export type Groups = Record<number, { members: readonly number[]; size?: number }>;

export async function fakes(t: Test, connect: Connect, groups: Groups): Promise<{ bus: Bus; services: FakeServices }> {
  const bus = await connect('fakes');
  const services = new FakeServices(bus);
  for (const name of ['auth', 'group', 'private'] as const) services.start(name);
  const ofUser = (userId: number) => Object.entries(groups).filter(([, { members }]) => members.includes(userId));
  const listOf = (userId: number) =>
    ofUser(userId).map(
      ([id, { members, size }]): GroupAtLogin => ({
        id: Number(id),
        groupNumber: 88888888 + Number(id),
        groupName: id,
        state: 'normal',
        rights: 'member',
        lastSeq: 0,
        readSeq: 0,
        memberCount: size ?? members.length,
      }),
    );
  services.answer(groupCalls.sessions, ({ userIds }) => ({
    sessions: (userIds as number[]).map((userId) => ({ userId, groups: listOf(userId) })),
  }));
  services.answer(groupCalls.heads, () => ({ heads: [] }));
  await services.publishKey();
  await bus.flush();
  t.teardown(() => bus.close());
  return { bus, services };
}

export async function gateway(t: Test, connect: Connect): Promise<{ ws: string; close(): Promise<void> }> {
  const bus = await connect('gateway');
  const running = await startGateway({ bus, config: testSettings(), log, pageDir: '/nonexistent' });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= running.close().then(() => bus.close());
    return closed;
  };
  t.teardown(close);
  return { ws: running.url.replace('http', 'ws'), close };
}

export const player = async (services: FakeServices, ws: string, id: number) =>
  (await TestClient.login(ws, { token: services.token(userOf(`player${id}`)) })).client;

export const onlineOf = async (client: TestClient, userIds: readonly number[]) =>
  ((await client.request({ type: 'presence', userIds })).online as number[]).join();

export const shows = (client: TestClient, userIds: readonly number[], online: string) =>
  eventually(
    async () => (await onlineOf(client, userIds)) === online,
    patience,
    `online of ${userIds} is not [${online}]`,
  );

export const pushes = (client: TestClient): Frame[] => client.frames.filter(({ type }) => type === 'presence');
export const pushed = (client: TestClient, userId: number, online: boolean) =>
  client.waitFor((frame) => frame.type === 'presence' && frame.userId === userId && frame.online === online, patience);
