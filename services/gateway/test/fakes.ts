import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import {
  type Bus,
  type CallDefinition,
  createMemoryHub,
  type MemoryHub,
  type Subscription,
  serveCall,
} from '@teahouse/bus';
import {
  authCalls,
  type Call,
  groupCalls,
  type KeyEntry,
  type ProfileEntry,
  privateCalls,
  queueGroups,
  type RevocationEntry,
  type User,
  views,
} from '@teahouse/contracts';
import { type Gateway, type GatewaySettings, gatewayConfig, startGateway } from '@teahouse/gateway';
import { createLog, loadConfig } from '@teahouse/service-kit';
import jwt from 'jsonwebtoken';
import type { Registry } from 'prom-client';
import { Compile } from 'typebox/compile';

type Answer = (request: Record<string, unknown>) => unknown;

const owner: Record<string, string> = {
  auth: queueGroups.auth,
  group: queueGroups.group,
  private: queueGroups.private,
};

/**
 * auth, group-chat and private-chat as far as the gateway sees them: they answer each call by the example of its contract
 * unless told otherwise, and keep what they were asked. What is out of shape is refused, as real services do.
 */
export class FakeServices {
  readonly asked: { readonly subject: string; readonly request: Record<string, unknown> }[] = [];
  readonly kid = 'k1';
  readonly key: KeyObject;
  readonly publicKey: string;
  readonly #bus: Bus;
  readonly #answers = new Map<string, Answer>();
  readonly #serving = new Map<string, Subscription[]>();
  readonly #seqs = new Map<string, number>();
  readonly #ended = new Set<string>();

  constructor(bus: Bus) {
    this.#bus = bus;
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.key = pair.privateKey;
    this.publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    this.answer(groupCalls.append, (request) => this.#append(request));
    this.answer(privateCalls.append, (request) => this.#append(request));
    this.answer(groupCalls.sessions, (request) => listsFor(request, groupCalls.sessions.replyExample));
    this.answer(privateCalls.sessions, (request) => listsFor(request, privateCalls.sessions.replyExample));
    this.answer(authCalls.confirm, (request) => {
      const loginIds = request.loginIds as string[];
      return { answers: loginIds.map((loginId) => ({ ended: this.#ended.has(loginId) })) };
    });
    this.answer(authCalls.login, (request) => {
      const user = userOf(String(request.username));
      return { token: this.token(user), refreshToken: 'kT1nTq0w1J6mH0vXbX2Y4w', expiresIn: 3600, user };
    });
  }

  /** Puts the public key where gateways look for it. */
  async publishKey(until?: number): Promise<void> {
    const keys = await this.#bus.view<KeyEntry>(views.keys);
    const entry = { kid: this.kid, publicKey: this.publicKey, ...(until === undefined ? {} : { until }) };
    await keys.put(this.kid, entry, until === undefined ? 1 : 2);
  }

  /** As where the bus has lost its disk. */
  async loseKey(): Promise<void> {
    await (await this.#bus.view<KeyEntry>(views.keys)).delete(this.kid);
  }

  async publishProfile(user: User): Promise<void> {
    await (await this.#bus.view<ProfileEntry>(views.profiles)).put(String(user.id), user, 1);
  }

  async revoke(userId: number, loginId: string): Promise<void> {
    this.#ended.add(loginId);
    const entry = { userId, until: Date.now() + 3600_000 };
    await (await this.#bus.view<RevocationEntry>(views.revocations)).put(loginId, entry, 1);
  }

  start(name: 'auth' | 'group' | 'private'): void {
    const calls = { auth: authCalls, group: groupCalls, private: privateCalls }[name];
    const serving = (Object.values(calls) as unknown as Call[]).map((call) => this.#serve(name, call));
    this.#serving.set(name, serving);
  }

  stop(name: 'auth' | 'group' | 'private'): void {
    for (const subscription of this.#serving.get(name) ?? []) subscription.unsubscribe();
    this.#serving.delete(name);
  }

  /** From now on this call is answered so; `answer` may return a promise, and may throw. */
  answer(call: { readonly subject: string }, answer: Answer): void {
    this.#answers.set(call.subject, answer);
  }

  /** How this call is answered now. */
  answerOf(call: { readonly subject: string }): Answer {
    return this.#answers.get(call.subject) ?? (() => (call as Partial<Call>).replyExample);
  }

  /** What was asked on this call, oldest first. */
  of(call: { readonly subject: string }): Record<string, unknown>[] {
    return this.asked.filter(({ subject }) => subject === call.subject).map(({ request }) => request);
  }

  /** An access token for this user. */
  token(
    user: Pick<User, 'id' | 'username' | 'role'>,
    options: {
      sid?: string;
      expiresIn?: number;
      kid?: string;
      key?: KeyObject;
      issuer?: string;
      audience?: string;
    } = {},
  ): string {
    return jwt.sign(
      { sid: options.sid ?? randomUUID(), username: user.username, role: user.role },
      options.key ?? this.key,
      {
        algorithm: 'ES256',
        keyid: options.kid ?? this.kid,
        issuer: options.issuer ?? 'teahouse',
        audience: options.audience ?? 'teahouse',
        subject: String(user.id),
        expiresIn: options.expiresIn ?? 3600,
      },
    );
  }

  #serve(name: string, call: Call): Subscription {
    const reply = Compile(call.reply);
    const serve = async (request: unknown) => {
      this.asked.push({ subject: call.subject, request: request as Record<string, unknown> });
      const answer = this.#answers.get(call.subject);
      const given = answer === undefined ? call.replyExample : await answer(request as Record<string, unknown>);
      if (!reply.Check(given)) throw new Error(`the test answers ${call.subject} out of shape`);
      return given;
    };
    const definition = call as unknown as CallDefinition;
    return serveCall(this.#bus, definition, owner[name] as string, serve, { concurrency: 2000 });
  }

  /** Every conversation counts from 1. */
  #append(request: Record<string, unknown>): unknown {
    const items = request.items as { groupId?: number; from: number; to?: number }[];
    const results = items.map(({ groupId, from, to }) => {
      const place = groupId === undefined ? [from, to].sort().join('-') : `g${groupId}`;
      const seq = (this.#seqs.get(place) ?? 0) + 1;
      this.#seqs.set(place, seq);
      return { id: '01890a5d-ac96-774b-bcce-b302099a8057', seq, createTime: '2026-11-22T08:00:00.000Z' };
    });
    return { results };
  }
}

/** The list of the example for each who was asked for. */
function listsFor({ userIds }: Record<string, unknown>, example: Readonly<Record<string, unknown>>): unknown {
  const [one] = example.sessions as object[];
  return { sessions: (userIds as number[]).map((userId) => ({ ...one, userId })) };
}

/** `player7` has the id 7; the user's name is `admin`: 1, with that role. */
export function userOf(username: string): User {
  const id = Number(/\d+$/.exec(username)?.[0] ?? 1);
  return { id, username, nickname: username, role: username === 'admin' ? 'admin' : 'user' };
}

/** The defaults, on a free port. */
export function testSettings(): GatewaySettings {
  return loadConfig(gatewayConfig, { NATS_URL: 'nats://unused', PORT: '0' });
}

export interface TestGateway {
  readonly url: string;
  readonly ws: string;
  readonly gateway: Gateway;
  readonly services: FakeServices;
  readonly hub: MemoryHub;
  /** The fakes' end of the bus. */
  readonly bus: Bus;
}

interface Teardown {
  teardown(work: () => unknown): unknown;
}

/** A gateway on a free port with all fakes started and the key published; it ends with the test. */
export async function testGateway(
  t: Teardown,
  config: Partial<GatewaySettings> = {},
  options: { pageDir?: string; publishKey?: boolean; metrics?: Registry } = {},
): Promise<TestGateway> {
  const hub = createMemoryHub();
  const bus = hub.connect('fakes');
  const services = new FakeServices(bus);
  for (const name of ['auth', 'group', 'private'] as const) services.start(name);
  if (options.publishKey ?? true) await services.publishKey();
  const settings = { ...testSettings(), ...config };
  const own = hub.connect('gateway');
  const gateway = await startGateway({
    bus: own,
    config: settings,
    log: createLog({ name: 'gateway-test', level: 'silent' }),
    pageDir: options.pageDir ?? '/nonexistent',
    ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
  });
  t.teardown(async () => {
    await gateway.close();
    await own.close();
    await bus.close();
  });
  return { url: gateway.url, ws: gateway.url.replace('http', 'ws'), gateway, services, hub, bus };
}
