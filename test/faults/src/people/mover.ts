import { setTimeout as delay } from 'node:timers/promises';
import { RequestError, TestClient } from '@teahouse/test';
import type { Account } from '../accounts.js';
import type { Random } from '../random.js';

const answerMs = 4_000;
const pauseMs = 150;

/** Keeps people coming and going in one group: they join and leave, and the owner removes and invites them. */
export class Mover {
  readonly #clients = new Map<number, TestClient>();
  #working = false;
  #idle: Promise<void> = Promise.resolve();
  /** Changes that were carried out. */
  moves = 0;

  constructor(
    private readonly socketUrl: string,
    private readonly groupId: number,
    private readonly owner: Account,
    private readonly movers: readonly Account[],
    private readonly random: Random,
    private readonly failed: (text: string) => void,
  ) {}

  start(): void {
    if (this.#working) return;
    this.#working = true;
    this.#idle = this.#work().catch((error: unknown) => this.failed(`mover: ${String(error)}`));
  }

  /** Resolves when nothing is under way any more. */
  async rest(): Promise<void> {
    this.#working = false;
    await this.#idle;
  }

  async close(): Promise<void> {
    await this.rest();
    for (const client of this.#clients.values()) client.terminate();
  }

  async #work(): Promise<void> {
    while (this.#working) {
      const who = this.random.pick(this.movers);
      const [by, frame] = this.random.pick([
        [who, { type: 'joinGroup', groupId: this.groupId }],
        [who, { type: 'leaveGroup', groupId: this.groupId }],
        [this.owner, { type: 'removeMember', groupId: this.groupId, userId: who.userId }],
        [this.owner, { type: 'inviteMember', groupId: this.groupId, userId: who.userId }],
      ] as const);
      await this.#ask(by, frame);
      await delay(pauseMs);
    }
  }

  /** What is refused was done already; what has no answer may have been done. Neither matters: the log tells. */
  async #ask(by: Account, frame: { type: string; groupId: number }): Promise<void> {
    try {
      const client = await this.#client(by);
      await client.request(frame, answerMs);
      this.moves += 1;
    } catch (error) {
      if (error instanceof RequestError) {
        if (error.code === 'INTERNAL' || error.code === 'BAD_REQUEST')
          this.failed(`${frame.type} was answered with ${error.message}`);
        return;
      }
      this.#clients.get(by.userId)?.terminate();
      this.#clients.delete(by.userId);
    }
  }

  async #client(account: Account): Promise<TestClient> {
    const known = this.#clients.get(account.userId);
    if (known) return known;
    const client = await TestClient.connect(this.socketUrl);
    client.forward(() => {});
    void client.closed.then(() => {
      if (this.#clients.get(account.userId) === client) this.#clients.delete(account.userId);
    });
    await client.request({ type: 'init', token: account.token }, answerMs);
    this.#clients.set(account.userId, client);
    return client;
  }
}
