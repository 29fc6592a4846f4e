import { type Bus, call } from '@teahouse/bus';
import { type CallRequest, groupCalls, privateCalls, type Stored } from '@teahouse/contracts';
import { Batcher } from './batcher.js';
import type { Hub, HubSocket } from './hub/index.js';

type GroupItem = CallRequest<typeof groupCalls.append>['items'][number];
type PrivateItem = CallRequest<typeof privateCalls.append>['items'][number];

/** Sends what clients say to the chat services, in batches. Rejects with the TeahouseError that the client is told. */
export class Sends {
  readonly #hub: Hub;
  readonly #group: Batcher<GroupItem>;
  readonly #private: Batcher<PrivateItem>;

  constructor(options: { bus: Bus; hub: Hub }) {
    const { bus } = options;
    this.#hub = options.hub;
    this.#group = new Batcher(
      async (items, timeoutMs) => (await call(bus, groupCalls.append, { items }, { timeoutMs })).results,
    );
    this.#private = new Batcher(
      async (items, timeoutMs) => (await call(bus, privateCalls.append, { items }, { timeoutMs })).results,
    );
  }

  async group(socket: HubSocket, message: { groupId: number; content: string; clientId?: string }): Promise<Stored> {
    const { groupId } = message;
    const item = { from: socket.userId, connectionId: socket.id, ...message };
    const stored = await this.#group.send(`${socket.id}:${groupId}`, item, sizeOf(message.content));
    this.#hub.ackedInGroup(groupId, stored.seq, socket.id);
    return stored;
  }

  async private(socket: HubSocket, message: { to: number; content: string; clientId?: string }): Promise<Stored> {
    const { userId, id } = socket;
    const { to } = message;
    const item = { from: userId, connectionId: id, ...message };
    const stored = await this.#private.send(`${id}:${to}`, item, sizeOf(message.content));
    this.#hub.ackedInPrivate(userId, to, stored.seq, id);
    return stored;
  }
}

/** About as many bytes as the item takes in a request: 3 bytes a UTF-16 unit at most in UTF-8, and the fields around it. */
const sizeOf = (content: string): number => content.length * 3 + 200;
