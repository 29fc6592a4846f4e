import { queues, type ServiceToken, type subjects } from './subjects.js';
import { views } from './views.js';

/*
 * Who may do what on the bus. Every subject, queue and view needs its line here, or this does not compile; from these lines
 * come the permissions of the NATS users.
 */

/** The services of the real system; each is a user of the bus under this name. */
export const busUsers = ['gateway', 'auth', 'group-chat', 'private-chat'] as const;
export type BusUser = (typeof busUsers)[number];

interface Way {
  /** As NATS reads it: `*` stands for one token. */
  readonly pattern: string;
  readonly from?: BusUser;
  readonly to?: BusUser;
}

const ways: Readonly<Record<keyof typeof subjects, readonly Way[]>> = {
  groupEvent: [{ pattern: 'group.event.*', from: 'group-chat', to: 'gateway' }],
  user: [
    { pattern: 'user.*.auth', from: 'auth' },
    { pattern: 'user.*.group', from: 'group-chat' },
    { pattern: 'user.*.private', from: 'private-chat' },
  ],
  userAll: [{ pattern: 'user.*.*', to: 'gateway' }],
  groupHeads: [{ pattern: 'group.heads', from: 'group-chat', to: 'gateway' }],
  privateHeads: [{ pattern: 'private.heads', from: 'private-chat', to: 'gateway' }],
  seen: [{ pattern: 'gateway.seen', from: 'gateway', to: 'auth' }],
  presence: [{ pattern: 'gateway.presence', from: 'gateway', to: 'gateway' }],
};

/** Who answers the calls `SERVICE.call.*`; the gateway asks. */
const answers: Readonly<Record<ServiceToken, BusUser>> = { auth: 'auth', group: 'group-chat', private: 'private-chat' };

const viewUsers: Readonly<Record<keyof typeof views, { writer: BusUser; readers: readonly BusUser[] }>> = {
  keys: { writer: 'auth', readers: ['gateway'] },
  revocations: { writer: 'auth', readers: ['gateway'] },
  profiles: { writer: 'auth', readers: ['gateway', 'group-chat', 'private-chat'] },
  memberships: { writer: 'group-chat', readers: ['gateway', 'private-chat'] },
};

/** Who rings a doorbell answers it too. */
const queueUsers: Readonly<Record<keyof typeof queues, BusUser>> = {
  groupArchive: 'group-chat',
  privateArchive: 'private-chat',
};

/** What one user does on the bus, and so all that it may do. Subjects are patterns; queues and views are named. */
export interface BusRights {
  readonly publishes: readonly string[];
  readonly listens: readonly string[];
  readonly serves: readonly string[];
  readonly asks: readonly string[];
  readonly queues: readonly string[];
  readonly writes: readonly string[];
  readonly reads: readonly string[];
}

export function busRights(user: BusUser): BusRights {
  const all = Object.values(ways).flat();
  const calls = Object.entries(answers).map(([token, server]) => ({ pattern: `${token}.call.*`, server }));
  const viewsWhere = (test: (users: { writer: BusUser; readers: readonly BusUser[] }) => boolean) =>
    keysOf(viewUsers)
      .filter((key) => test(viewUsers[key]))
      .map((key) => views[key]);
  return {
    publishes: all.filter(({ from }) => from === user).map(({ pattern }) => pattern),
    listens: all.filter(({ to }) => to === user).map(({ pattern }) => pattern),
    serves: calls.filter(({ server }) => server === user).map(({ pattern }) => pattern),
    asks: user === 'gateway' ? calls.map(({ pattern }) => pattern) : [],
    queues: keysOf(queueUsers)
      .filter((key) => queueUsers[key] === user)
      .map((key) => queues[key]),
    writes: viewsWhere(({ writer }) => writer === user),
    reads: viewsWhere(({ readers }) => readers.includes(user)),
  };
}

function keysOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[];
}
