import { setTimeout as delay } from 'node:timers/promises';
import { RequestError, TestClient } from '@teahouse/test';
import { type Account, password, post } from './accounts.js';
import type { Ledger } from './ledger.js';
import { officialGroup, pairPlace } from './message.js';
import type { Random } from './random.js';

/** What the outside can do, each with a service of its own behind it; `connect` is the gateway's, `history` reads old pages. */
export const domains = ['connect', 'login', 'group', 'history', 'private'] as const;
export type Domain = (typeof domains)[number];

export interface Answer {
  readonly domain: Domain;
  readonly startedAt: number;
  readonly ms: number;
  /** `ok`, the code of a refusal, or `closed` where the connection went instead. */
  readonly outcome: string;
}

const pauseMs: Readonly<Record<Domain, number>> = { connect: 250, login: 300, group: 120, history: 200, private: 120 };
const answerMs = 10_000;

/** Does everything that the outside can do again and again, on connections that stay, and notes how it was answered. */
export class Probe {
  answers: Answer[] = [];
  readonly #clients = new Map<Domain, TestClient>();
  #working = true;
  #resting = true;
  #busy = 0;
  readonly #work: Promise<unknown>;
  /** Connections that were lost so far. */
  losses = 0;

  constructor(
    private readonly url: string,
    private readonly account: Account,
    private readonly other: Account,
    private readonly ledger: Ledger,
    private readonly random: Random,
  ) {
    this.#work = Promise.all(domains.map((domain) => this.#repeat(domain)));
  }

  start(): void {
    this.answers = [];
    this.#resting = false;
  }

  /** Resolves when nothing is under way any more. */
  async rest(): Promise<void> {
    this.#resting = true;
    while (this.#busy > 0) await delay(20);
  }

  async close(): Promise<void> {
    this.#working = false;
    for (const client of this.#clients.values()) client.terminate();
    await this.#work;
  }

  async #repeat(domain: Domain): Promise<void> {
    while (this.#working) {
      if (!this.#resting) await this.#once(domain);
      await delay(pauseMs[domain]);
    }
  }

  async #once(domain: Domain): Promise<void> {
    const startedAt = Date.now();
    let outcome = 'ok';
    this.#busy += 1;
    try {
      await this.#ask(domain);
    } catch (error) {
      outcome = outcomeOf(error);
    } finally {
      this.#busy -= 1;
    }
    if (this.#working) this.answers.push({ domain, startedAt, ms: Date.now() - startedAt, outcome });
  }

  async #ask(domain: Domain): Promise<void> {
    const { username, token, userId } = this.account;
    switch (domain) {
      case 'login':
        await post(`${this.url}/login`, { username, password });
        break;
      case 'connect': {
        const { client } = await TestClient.login(this.url.replace(/^http/, 'ws'), { token });
        await client.close();
        break;
      }
      case 'history': {
        const client = await this.#client(domain);
        const afterSeq = this.random.int(0, 40);
        await client.request(
          { type: 'history', groupId: Number(officialGroup.slice(1)), afterSeq, limit: 20 },
          answerMs,
        );
        break;
      }
      case 'group':
        await this.#send(domain, officialGroup, { type: 'groupMessage', groupId: Number(officialGroup.slice(1)) });
        break;
      case 'private':
        await this.#send(domain, pairPlace(userId, this.other.userId), {
          type: 'privateMessage',
          to: this.other.userId,
        });
    }
  }

  /** A message of its own each time, sent once: what is not acked may be stored or not. */
  async #send(domain: Domain, place: string, frame: { type: string; groupId?: number; to?: number }): Promise<void> {
    const client = await this.#client(domain);
    const sent = this.ledger.begin(place, this.account.userId);
    this.ledger.tried(sent, `probe ${this.losses}`);
    try {
      const { clientId, content } = sent;
      const ack = await client.request({ ...frame, clientId, content }, answerMs);
      this.ledger.acknowledge(sent, ack as unknown as { id: string; seq: number });
    } finally {
      this.ledger.drop(sent);
    }
  }

  async #client(domain: Domain): Promise<TestClient> {
    const known = this.#clients.get(domain);
    if (known) return known;
    const { client } = await TestClient.login(this.url.replace(/^http/, 'ws'), { token: this.account.token });
    client.forward(() => {});
    this.#clients.set(domain, client);
    void client.closed.then(() => {
      this.losses += this.#working ? 1 : 0;
      this.#clients.delete(domain);
    });
    return client;
  }
}

function outcomeOf(error: unknown): string {
  if (error instanceof RequestError) return error.code;
  const { message, cause } = error as Error;
  if (message === 'UNAVAILABLE') return message;
  if (/ms\)$/.test(message) || (error as Error).name === 'TimeoutError') return 'silent';
  return `closed (${cause instanceof Error ? cause.message : message})`;
}
