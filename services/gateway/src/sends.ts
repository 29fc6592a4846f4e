import { type Bus, call } from '@teahouse/bus';
import {
  type CallReply,
  type CallRequest,
  groupCalls,
  limits,
  privateCalls,
  type Stored,
  TeahouseError,
} from '@teahouse/contracts';
import type { Hub, HubSocket } from './hub/index.js';

/** A send answers within 2 s, whatever happens to its service. */
const answerMs = 1800;
/** With less time left than this a send is not begun any more. */
const leastMs = 200;
/** Conversations are hashed into so many queues, each with one request in flight, so that order holds whichever instance answers. */
const partitions = 16;
/** Sends of one domain that wait or are in flight here; beyond it they are refused at once. */
const capacity = 20_000;

type GroupItem = CallRequest<typeof groupCalls.append>['items'][number];
type PrivateItem = CallRequest<typeof privateCalls.append>['items'][number];
type Append<Item> = (items: Item[], timeoutMs: number) => Promise<CallReply<typeof groupCalls.append>['results']>;

interface Waiting<Item> {
  readonly item: Item;
  readonly bytes: number;
  readonly deadline: number;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: TeahouseError) => void;
}

/** One partition: what gathers while a request is under way goes on together with the next. Nothing waits for a timer. */
class Partition<Item> {
  readonly #append: Append<Item>;
  readonly #done: (count: number) => void;
  #waiting: Waiting<Item>[] = [];
  #busy = false;

  constructor(append: Append<Item>, done: (count: number) => void) {
    this.#append = append;
    this.#done = done;
  }

  add(waiting: Waiting<Item>): void {
    this.#waiting.push(waiting);
    if (this.#busy) return;
    this.#busy = true;
    // At the end of the turn, so that what other sockets sent in it goes along.
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await this.#sendBatch(this.#takeBatch());
    this.#busy = false;
  }

  #takeBatch(): Waiting<Item>[] {
    let count = 0;
    let bytes = 0;
    while (count < this.#waiting.length && count < limits.batch) {
      bytes += (this.#waiting[count] as Waiting<Item>).bytes;
      if (count > 0 && bytes > limits.payloadBytes) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #sendBatch(taken: Waiting<Item>[]): Promise<void> {
    const now = Date.now();
    const batch = taken.filter((waiting) => waiting.deadline - now >= leastMs);
    if (batch.length < taken.length) {
      for (const waiting of taken)
        if (waiting.deadline - now < leastMs) waiting.reject(new TeahouseError('UNAVAILABLE'));
    }
    const oldest = batch[0];
    if (oldest !== undefined) {
      try {
        const results = await this.#append(
          batch.map((waiting) => waiting.item),
          oldest.deadline - now,
        );
        batch.forEach((waiting, index) => {
          const result = results[index];
          if (result === undefined) waiting.reject(new TeahouseError('INTERNAL'));
          else if ('code' in result) waiting.reject(new TeahouseError(result.code, result.message));
          else waiting.resolve(result);
        });
      } catch (error) {
        const failure =
          error instanceof TeahouseError ? error : new TeahouseError('INTERNAL', undefined, { cause: error });
        for (const waiting of batch) waiting.reject(failure);
      }
    }
    this.#done(taken.length);
  }
}

class Domain<Item> {
  readonly #partitions: Partition<Item>[];
  #size = 0;

  constructor(append: Append<Item>) {
    const done = (count: number) => {
      this.#size -= count;
    };
    this.#partitions = Array.from({ length: partitions }, () => new Partition(append, done));
  }

  send(partition: number, item: Item, bytes: number): Promise<Stored> {
    if (this.#size >= capacity)
      return Promise.reject(new TeahouseError('UNAVAILABLE', undefined, { retryAfterMs: 1000 }));
    this.#size += 1;
    return new Promise((resolve, reject) => {
      (this.#partitions[partition % partitions] as Partition<Item>).add({
        item,
        bytes,
        deadline: Date.now() + answerMs,
        resolve,
        reject,
      });
    });
  }
}

/** Gathers what clients send into batches for the chat services. Rejects with the TeahouseError that the client is told. */
export class Sends {
  readonly #hub: Hub;
  readonly #group: Domain<GroupItem>;
  readonly #private: Domain<PrivateItem>;

  constructor(options: { bus: Bus; hub: Hub }) {
    const { bus } = options;
    this.#hub = options.hub;
    this.#group = new Domain(
      async (items, timeoutMs) => (await call(bus, groupCalls.append, { items }, { timeoutMs })).results,
    );
    this.#private = new Domain(
      async (items, timeoutMs) => (await call(bus, privateCalls.append, { items }, { timeoutMs })).results,
    );
  }

  async group(socket: HubSocket, message: { groupId: number; content: string; clientId?: string }): Promise<Stored> {
    const stored = await this.#group.send(
      message.groupId,
      { from: socket.userId, connectionId: socket.id, ...message },
      sizeOf(message.content),
    );
    this.#hub.ackedInGroup(message.groupId, stored.seq, socket.id);
    return stored;
  }

  async private(socket: HubSocket, message: { to: number; content: string; clientId?: string }): Promise<Stored> {
    const { userId, id } = socket;
    const partition = Math.min(userId, message.to) * 31 + Math.max(userId, message.to);
    const stored = await this.#private.send(
      partition,
      { from: userId, connectionId: id, ...message },
      sizeOf(message.content),
    );
    this.#hub.ackedInPrivate(userId, message.to, stored.seq, id);
    return stored;
  }
}

/** About as many bytes as the item takes in a request: 3 bytes a UTF-16 unit at most in UTF-8, and the fields around it. */
const sizeOf = (content: string): number => content.length * 3 + 200;
