import { setTimeout as delay } from 'node:timers/promises';
import { type Frame, RequestError, TestClient } from '@teahouse/test';
import type { Account } from '../accounts.js';
import type { Ledger, Sent } from '../ledger.js';
import { groupPlace, messageOf, type Place, pairPlace, targetOf } from '../message.js';
import type { Random } from '../random.js';
import { Witness } from '../witness.js';
import type { Person } from './person.js';

const mostOpen = 40;
const heartbeatMs = 2_000;
/** A connection on which nothing was heard for so long, heartbeats included, is given up. */
const silenceMs = 5_000;
const answerMs = 4_000;

/**
 * Chats by the protocol alone, knowing nothing of the SDK: many messages under way at once, each repeated until it is acked
 * or let go, and after a reconnect it reads from history exactly what lies between what it holds and what `ready` tells.
 * What comes later has to come by itself.
 */
export class RawPerson implements Person {
  readonly witness: Witness;
  losses = 0;
  #client: TestClient | undefined;
  #connection = 0;
  #heardAt = 0;
  #gone = false;
  readonly #open = new Set<Sent>();
  /** Up to where every message of a place is held, without those that overtook a missing one. */
  readonly #held = new Map<Place, number>();
  readonly #ahead = new Map<Place, Set<number>>();

  constructor(
    private readonly account: Account,
    private readonly socketUrl: string,
    private readonly ledger: Ledger,
    private readonly random: Random,
    private readonly slackMs: number,
    private readonly failed: (text: string) => void,
  ) {
    this.witness = new Witness(`raw ${account.username}`, account.userId);
  }

  get userId(): number {
    return this.account.userId;
  }

  get online(): boolean {
    return this.#client !== undefined;
  }

  /** Connects for the first time, and from then on again whenever the connection is lost. */
  async connect(): Promise<void> {
    await this.#login();
    void this.#stay().catch((error: unknown) => this.failed(`${this.witness.name}: ${String(error)}`));
  }

  say(place: Place): void {
    if (this.#open.size >= mostOpen) return;
    const sent = this.ledger.begin(place, this.userId);
    this.#open.add(sent);
    void this.#sendUntilAcked(sent)
      .catch((error: unknown) => this.failed(`${this.witness.name}: ${String(error)}`))
      .finally(() => this.#open.delete(sent));
  }

  move(): void {
    this.#client?.terminate();
    this.#client = undefined;
  }

  /** It tries again all the time anyway. */
  wake(): void {}

  leave(): void {
    this.witness.gone = true;
    this.#gone = true;
    this.#client?.terminate();
  }

  async #stay(): Promise<void> {
    const beat = setInterval(() => this.#beat(), heartbeatMs);
    try {
      while (!this.#gone) {
        const connection = this.#client;
        await connection?.closed;
        this.#client = undefined;
        if (this.#gone) return;
        this.losses += 1;
        for (let wait = 50; !this.#client && !this.#gone; wait = 200) {
          await delay(this.random.int(20, wait));
          await this.#login().catch(() => {});
        }
      }
    } finally {
      clearInterval(beat);
    }
  }

  #beat(): void {
    if (Date.now() - this.#heardAt > silenceMs + this.slackMs) this.#client?.terminate();
    else this.#client?.send({ type: 'heartbeat' });
  }

  async #login(): Promise<void> {
    const client = await TestClient.connect(this.socketUrl);
    this.#connection += 1;
    const line = `${this.witness.name}#${this.#connection}`;
    client.forward((frame) => this.#hear(frame, line, client));
    try {
      await client.request({ type: 'init', token: this.account.token }, answerMs);
    } catch (error) {
      client.terminate();
      throw error;
    }
    this.#heardAt = Date.now();
    this.#client = client;
  }

  #hear(frame: Frame, line: string, client: TestClient): void {
    this.#heardAt = Date.now();
    switch (frame.type) {
      case 'groupMessage':
      case 'privateMessage': {
        const message = messageOf(frame);
        this.#hold(message.place, message.seq);
        this.witness.heard(message.place, { seq: message.seq, message, way: 'live', line });
        break;
      }
      case 'ready':
      case 'groups':
      case 'conversations':
        this.#lists(frame, client);
        break;
      case 'groupChanged': {
        const { id, lastSeq } = frame.group as { id: number; lastSeq?: number };
        if (lastSeq === undefined) return;
        this.witness.told(groupPlace(id), lastSeq);
        // Who has just come in does not miss what was said before.
        this.#held.set(groupPlace(id), Math.max(lastSeq, this.#held.get(groupPlace(id)) ?? 0));
        break;
      }
      case 'catchUp': {
        const { groupId, with: other, seq } = frame as Frame & { groupId?: number; with?: number };
        const place = groupId === undefined ? pairPlace(this.userId, Number(other)) : groupPlace(groupId);
        this.#catchUp(place, Number(seq), client);
        break;
      }
      default: // Answers, and what says nothing of messages.
    }
  }

  #lists(frame: Frame, client: TestClient): void {
    const unavailable = (frame.unavailable ?? []) as string[];
    const groups = (frame.groups ?? []) as { id: number; lastSeq: number }[];
    const conversations = (frame.conversations ?? []) as { userId: number; lastSeq: number }[];
    for (const { id, lastSeq } of groups) this.#list(groupPlace(id), lastSeq, client);
    for (const { userId, lastSeq } of conversations) this.#list(pairPlace(this.userId, userId), lastSeq, client);
    if (frame.conversations && !unavailable.includes('conversations')) this.witness.knowsAll = true;
  }

  #list(place: Place, lastSeq: number, client: TestClient): void {
    const known = this.witness.places.has(place) || (place.startsWith('p') && this.witness.knowsAll);
    this.witness.told(place, known && !this.witness.places.has(place) ? 0 : lastSeq);
    if (known) this.#catchUp(place, lastSeq, client);
    else this.#hold(place, lastSeq, lastSeq);
  }

  #catchUp(place: Place, through: number, client: TestClient): void {
    if ((this.#held.get(place) ?? 0) >= through) return;
    void this.#read(place, through, client).catch((error: unknown) => this.failed(`${this.witness.name}: ${error}`));
  }

  /** Reads what is missing up to `through`, as long as this connection holds. */
  async #read(place: Place, through: number, client: TestClient): Promise<void> {
    for (let held = this.#held.get(place) ?? 0; held < through && client === (this.#client ?? client); ) {
      try {
        const request = { type: 'history', ...targetOf(place, this.userId), afterSeq: held, limit: 200 };
        const page = await client.request(request, answerMs);
        const messages = (page.messages as Record<string, unknown>[]).map(messageOf);
        for (const message of messages) {
          this.#hold(place, message.seq);
          this.witness.heard(place, { seq: message.seq, message, way: 'page', line: '' });
        }
        const last = messages.at(-1)?.seq;
        if (last === undefined) return;
        held = last;
      } catch (error) {
        if (!(error instanceof RequestError)) {
          // The connection is gone, or as good as gone: the next one reads.
          client.terminate();
          return;
        }
        if (['NOT_A_MEMBER', 'NOT_FOUND'].includes(error.code)) return;
        if (error.code !== 'UNAVAILABLE') throw error;
        await delay(200);
      }
    }
  }

  async #sendUntilAcked(sent: Sent): Promise<void> {
    const target = targetOf(sent.place, this.userId);
    const type = 'groupId' in target ? 'groupMessage' : 'privateMessage';
    const to = 'groupId' in target ? target : { to: target.with };
    const { content, clientId } = sent;
    while (!this.#gone) {
      const client = this.#client;
      if (!client) {
        await delay(30);
        continue;
      }
      this.ledger.tried(sent, `${this.witness.name}#${this.#connection}`);
      try {
        const ack = await client.request({ type, ...to, content, clientId }, answerMs);
        const { id, seq } = ack as unknown as { id: string; seq: number };
        this.#hold(sent.place, seq);
        this.witness.heard(sent.place, { seq, way: 'own', line: '' });
        this.ledger.acknowledge(sent, { id, seq });
        return;
      } catch (error) {
        if (error instanceof RequestError && error.code !== 'UNAVAILABLE') {
          // The refusal is that of the last try; an earlier one may still be stored, as by a gateway that stood still.
          if (sent.tries === 1) this.ledger.refuse(sent);
          else this.ledger.drop(sent);
          if (!['NOT_A_MEMBER', 'NOT_FOUND'].includes(error.code))
            this.failed(`${this.witness.name} cannot send ${clientId}: ${error.message}`);
          return;
        }
        // Some let go where they cannot know: that message may be there once, or not at all.
        if (this.random.chance(5)) break;
        await delay(this.random.int(50, 250));
      }
    }
    this.ledger.drop(sent);
  }

  #hold(place: Place, seq: number, start = 0): void {
    const ahead = this.#ahead.get(place) ?? new Set<number>();
    this.#ahead.set(place, ahead);
    ahead.add(seq);
    let held = this.#held.get(place) ?? start;
    while (ahead.delete(held + 1)) held += 1;
    this.#held.set(place, held);
  }
}
