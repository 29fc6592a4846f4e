import { type Bus, call } from '@teahouse/bus';
import { type CallRequest, groupCalls, privateCalls, type Stored } from '@teahouse/contracts';
import { Batcher } from './batcher.js';
import type { Hub, HubSocket } from './hub/index.js';

type GroupItem = CallRequest<typeof groupCalls.append>['items'][number];
type PrivateItem = CallRequest<typeof privateCalls.append>['items'][number];

/** Sends what clients say to the chat services, in batches. Rejects with the TeahouseError that the client is told. */
export class Sends {
  readonly #group: Batcher<GroupItem>;
  readonly #private: Batcher<PrivateItem>;

  constructor({ bus, hub }: { bus: Bus; hub: Hub }) {
    this.#group = new Batcher(
      async (items, timeoutMs) => (await call(bus, groupCalls.append, { items }, { timeoutMs })).results,
      ({ groupId, connectionId }, { seq }) => hub.ackedInGroup(groupId, seq, connectionId),
    );
    this.#private = new Batcher(
      async (items, timeoutMs) => (await call(bus, privateCalls.append, { items }, { timeoutMs })).results,
      ({ from, to, connectionId }, { seq }) => hub.ackedInPrivate(from, to, seq, connectionId),
    );
  }

  group(socket: HubSocket, message: { groupId: number; content: string; clientId?: string }): Promise<Stored> {
    const item = { from: socket.userId, connectionId: socket.id, ...message };
    return this.#group.send(`${socket.id}:${message.groupId}`, item, sizeOf(message.content));
  }

  private(socket: HubSocket, message: { to: number; content: string; clientId?: string }): Promise<Stored> {
    const item = { from: socket.userId, connectionId: socket.id, ...message };
    return this.#private.send(`${socket.id}:${message.to}`, item, sizeOf(message.content));
  }
}

/** About as many bytes as the item takes in a request: 3 bytes a UTF-16 unit at most in UTF-8, and the fields around it. */
const sizeOf = (content: string): number => content.length * 3 + 200;
