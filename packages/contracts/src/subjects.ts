/**
 * Every subject on the bus, spelled here and nowhere else. `call` subjects are part of the calls themselves.
 *
 * | subject | publisher | listener |
 * | --- | --- | --- |
 * | `auth.call.*`, `group.call.*`, `private.call.*` | gateway | the service, one instance answers |
 * | `group.event.<groupId>` | group-chat | gateways with a member of the group |
 * | `user.<userId>.group`, `user.<userId>.private`, `user.<userId>.auth` | that service | gateways with a connection of the user |
 * | `group.heads`, `private.heads` | that service | all gateways |
 * | `gateway.seen` | gateway | auth, one instance |
 * | `gateway.presence` | gateway | all gateways |
 *
 * The same table for the server's permissions is in `rights.ts`.
 */

/** The services, and the last token of what they say to a user. */
export const services = ['auth', 'group', 'private'] as const;
export type ServiceToken = (typeof services)[number];

const idToken = (id: number): string => {
  if (!Number.isSafeInteger(id) || id < 1) throw new RangeError(`not an id: ${id}`);
  return String(id);
};

/** Letters, digits, `-` and `_` only: nothing that NATS reads as a wildcard, a separator or white space. */
export const safeToken = (token: string): string => {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(token)) throw new RangeError(`not a safe subject token: ${JSON.stringify(token)}`);
  return token;
};

export const subjects = {
  groupEvent: (groupId: number): string => `group.event.${idToken(groupId)}`,
  user: (userId: number, service: ServiceToken): string => `user.${idToken(userId)}.${safeToken(service)}`,
  /** All that any service says to a user. */
  userAll: (userId: number): string => `user.${idToken(userId)}.*`,
  groupHeads: 'group.heads',
  privateHeads: 'private.heads',
  seen: 'gateway.seen',
  presence: 'gateway.presence',
} as const;

/** Names of the queue groups: one instance of the service answers. */
export const queueGroups = { auth: 'auth', group: 'group-chat', private: 'private-chat' } as const;

/** Durable work queues: the doorbells of the archivers. */
export const queues = { groupArchive: 'group-archive', privateArchive: 'private-archive' } as const;
