import { setTimeout as delay } from 'node:timers/promises';
import { RequestError, TestClient } from '@teahouse/test';
import type { Account } from './accounts.js';
import { type Message, membersOfPair, messageOf, type Place, targetOf } from './message.js';

const answerMs = 10_000;
const patienceMs = 20_000;

/** Reads history as its members do, on connections of its own that stay for one reading. */
export class LogReader {
  readonly #clients = new Map<number, TestClient>();

  constructor(
    private readonly socketUrl: string,
    private readonly accounts: readonly Account[],
  ) {}

  /** All messages after `after`, ascending; repeated while the service says that it is not there, for at most 20 s. */
  async read(place: Place, after: number): Promise<Message[]> {
    const pair = membersOfPair(place);
    const reader = this.accounts.find(({ userId }) => !pair || pair.includes(userId));
    if (!reader) throw new Error(`Nobody may read ${place}.`);
    const messages: Message[] = [];
    const deadline = Date.now() + patienceMs;
    for (let more = true; more; ) {
      try {
        const afterSeq = messages.at(-1)?.seq ?? after;
        const client = await this.#client(reader);
        const request = { type: 'history', ...targetOf(place, reader.userId), afterSeq, limit: 200 };
        const page = await client.request(request, answerMs);
        messages.push(...(page.messages as Record<string, unknown>[]).map(messageOf));
        more = page.more === true;
      } catch (error) {
        const again = !(error instanceof RequestError) || error.code === 'UNAVAILABLE';
        if (!again || Date.now() > deadline) throw error;
        if (!(error instanceof RequestError)) this.close();
        await delay(200);
      }
    }
    return messages;
  }

  close(): void {
    for (const client of this.#clients.values()) client.terminate();
    this.#clients.clear();
  }

  async #client(account: Account): Promise<TestClient> {
    const known = this.#clients.get(account.userId);
    if (known) return known;
    const client = await TestClient.connect(this.socketUrl);
    client.forward(() => {});
    this.#clients.set(account.userId, client);
    await client.request({ type: 'init', token: account.token }, answerMs);
    return client;
  }
}
