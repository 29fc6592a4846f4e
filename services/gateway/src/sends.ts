import { type Bus, call } from '@teahouse/bus';
import {
  type CallRequest,
  groupCalls,
  groupMessageFrame,
  privateCalls,
  privateMessageFrame,
  type Stored,
} from '@teahouse/contracts';
import { Batcher, type Result } from './batcher.js';
import { Answered } from './hub/answered.js';
import { pair } from './hub/conversation.js';
import type { Hub, HubSocket } from './hub/index.js';
import type { Run } from './hub/track.js';
import type { Presence } from './presence/index.js';

type GroupItem = CallRequest<typeof groupCalls.append>['items'][number];
type PrivateItem = CallRequest<typeof privateCalls.append>['items'][number];

/**
 * Sends what clients say to the chat services, in batches. Rejects with the TeahouseError that the client is told. Where no
 * other gateway is heard of and answers come soon, the services publish nothing and the hub is told by the answer what was
 * stored: the events would have come back here alone. Either way it knows before whoever sent it is told.
 */
export class Sends {
  readonly #hub: Hub;
  readonly #group: Batcher<GroupItem>;
  readonly #private: Batcher<PrivateItem>;
  /** Counted since the start, for /metrics. */
  readonly stats = { quietRequests: 0 };

  constructor({ bus, hub, presence }: { bus: Bus; hub: Hub; presence: Pick<Presence, 'alone'> }) {
    this.#hub = hub;
    const isQuiet = (prompt: boolean): boolean => {
      const alone = prompt && presence.alone;
      if (alone) this.stats.quietRequests += 1;
      return alone;
    };
    this.#group = new Batcher(async (items, timeoutMs, prompt) => {
      const alone = isQuiet(prompt);
      const asked = alone ? { quiet: alone, items } : { items };
      const { results } = await call(bus, groupCalls.append, asked, { timeoutMs });
      return { results, hear: () => this.#attempt(() => this.#answeredInGroups(items, results, alone)) };
    });
    this.#private = new Batcher(async (items, timeoutMs, prompt) => {
      const alone = isQuiet(prompt);
      const asked = alone ? { quiet: alone, items } : { items };
      const { results } = await call(bus, privateCalls.append, asked, { timeoutMs });
      return { results, hear: () => this.#attempt(() => this.#answeredInPrivate(items, results, alone)) };
    });
  }

  group(
    socket: HubSocket,
    message: { groupId: number; content: string; clientId?: string },
    timeoutMs: number,
  ): Promise<Stored> {
    const item = { from: socket.userId, connectionId: socket.id, ...message };
    return this.#group.send(`${socket.id}:${message.groupId}`, item, sizeOf(message.content), timeoutMs);
  }

  private(
    socket: HubSocket,
    message: { to: number; content: string; clientId?: string },
    timeoutMs: number,
  ): Promise<Stored> {
    const item = { from: socket.userId, connectionId: socket.id, ...message };
    return this.#private.send(`${socket.id}:${message.to}`, item, sizeOf(message.content), timeoutMs);
  }

  #answeredInGroups(items: readonly GroupItem[], results: readonly Result[], alone: boolean): void {
    const answered = new Answered<number>();
    eachStored(
      items,
      results,
      ({ groupId, from, connectionId, content, clientId }, { id, seq, createTime, duplicate }) => {
        if (alone && !duplicate) {
          const message = { id, seq, from, content, kind: 'normal', clientId } as const;
          answered.add(groupId, groupId, seq, groupMessageFrame(groupId, message, createTime), connectionId);
        } else this.#hub.ackedInGroup(groupId, seq, connectionId);
        // Whoever stored it first may have told nobody.
        if (duplicate) this.#hub.learnGroup(groupId, seq);
      },
    );
    this.#tell(answered, (groupId, run) => this.#hub.hearGroup(groupId, run));
  }

  #answeredInPrivate(items: readonly PrivateItem[], results: readonly Result[], alone: boolean): void {
    const answered = new Answered<[number, number]>();
    eachStored(items, results, ({ from, to, connectionId, content, clientId }, { id, seq, createTime, duplicate }) => {
      if (alone && !duplicate) {
        const message = { id, seq, from, content, kind: 'normal', clientId } as const;
        const users = pair(from, to);
        answered.add(users.join(), users, seq, privateMessageFrame(to, message, createTime), connectionId);
      } else this.#hub.ackedInPrivate(from, to, seq, connectionId);
      if (duplicate) this.#hub.learnPrivate([[...pair(from, to), seq]]);
    });
    this.#tell(answered, (users, run) => this.#hub.hearPrivate(users, run));
  }

  #tell<Place>(answered: Answered<Place>, hear: (place: Place, run: Run) => void): void {
    for (const { place, run } of answered.runs) this.#attempt(() => hear(place, run));
  }

  /** What cannot be told is stored all the same, and found by the heads: nobody's ack depends on it. */
  #attempt(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#hub.failed('telling of messages by an answer', error);
    }
  }
}

function eachStored<Item>(
  items: readonly Item[],
  results: readonly Result[],
  then: (item: Item, stored: Stored) => void,
): void {
  for (let i = 0; i < items.length; i += 1) {
    const result = results[i];
    if (result !== undefined && !('code' in result)) then(items[i] as Item, result);
  }
}

/** About as many bytes as the item takes in a request: 3 bytes a UTF-16 unit at most in UTF-8, and the fields around it. */
const sizeOf = (content: string): number => content.length * 3 + 200;
