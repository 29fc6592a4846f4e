import { ChatClient, ChatError, type ReadyFrame, type ReceivedMessage, type SocketLike } from '@teahouse/client';
import { WebSocket } from 'ws';
import type { Account } from '../accounts.js';
import type { Ledger, Sent } from '../ledger.js';
import { groupPlace, messageOf, type Place, pairPlace, targetOf } from '../message.js';
import { Witness } from '../witness.js';
import type { Person } from './person.js';

/** Messages that one person has under way at most. */
const mostOpen = 20;
const handshakeTimeout = 5_000;

/** Chats through the SDK, as an application does: it leaves coming back, repeating and catching up to it. */
export class SdkPerson implements Person {
  readonly witness: Witness;
  losses = 0;
  readonly #client: ChatClient;
  #socket: WebSocket | undefined;
  readonly #open = new Set<Sent>();

  constructor(
    private readonly account: Account,
    url: string,
    life: number,
    private readonly ledger: Ledger,
    private readonly failed: (text: string) => void,
  ) {
    this.witness = new Witness(`sdk ${account.username}/${life}`, account.userId);
    this.#client = new ChatClient({
      url,
      token: account.token,
      openSocket: (address) => {
        this.#socket = new WebSocket(address, { perMessageDeflate: false, handshakeTimeout });
        return this.#socket as unknown as SocketLike;
      },
    });
    this.#listen();
  }

  get userId(): number {
    return this.account.userId;
  }

  get online(): boolean {
    return this.#client.state === 'ready';
  }

  async connect(): Promise<void> {
    await this.#client.connect();
  }

  say(place: Place): void {
    if (this.#open.size >= mostOpen) return;
    const sent = this.ledger.begin(place, this.userId);
    this.#open.add(sent);
    this.#send(sent)
      .catch((error: unknown) => this.#fell(sent, error))
      .finally(() => this.#open.delete(sent));
  }

  move(): void {
    this.#socket?.terminate();
  }

  wake(): void {
    this.#client.wake();
  }

  leave(): void {
    this.witness.gone = true;
    this.#client.close();
  }

  async #send(sent: Sent): Promise<void> {
    const { place, content, clientId } = sent;
    const target = targetOf(place, this.userId);
    this.ledger.tried(sent, this.witness.name);
    const ack =
      'groupId' in target
        ? await this.#client.sendToGroup(content, target.groupId, clientId)
        : await this.#client.sendToUser(target.with, content, clientId);
    this.ledger.acknowledge(sent, ack);
  }

  #fell(sent: Sent, error: unknown): void {
    // What was refused may have been sent before, unseen, on a connection that went: that one is stored or not.
    this.ledger.drop(sent);
    if (error instanceof ChatError && ['CLOSED', 'NOT_A_MEMBER', 'NOT_FOUND'].includes(error.code)) return;
    this.failed(`${this.witness.name} cannot send ${sent.clientId}: ${String(error)}`);
  }

  #listen(): void {
    const { witness } = this;
    const hear = (received: ReceivedMessage) => {
      const message = messageOf({ ...received });
      witness.heard(message.place, { seq: message.seq, message, way: 'merged', line: witness.name });
    };
    this.#client.on('groupMessage', hear);
    this.#client.on('privateMessage', hear);
    this.#client.on('ready', ({ groups, conversations, unavailable = [], moreConversations }) => {
      if (!unavailable.includes('groups')) this.#groups(groups);
      if (!unavailable.includes('conversations')) this.#conversations(conversations, moreConversations);
    });
    this.#client.on('groups', ({ groups }) => this.#groups(groups));
    this.#client.on('conversations', (frame) => this.#conversations(frame.conversations, frame.moreConversations));
    this.#client.on('groupChanged', ({ group }) => {
      if (group.lastSeq !== undefined) witness.told(groupPlace(group.id), group.lastSeq);
    });
    this.#client.on('state', (state) => {
      if (state === 'waiting') this.losses += 1;
    });
    this.#client.on('error', (error) => this.failed(`${witness.name}: ${String(error)}`));
    this.#client.on('closed', ({ error }) => {
      if (error) this.failed(`${witness.name} was closed: ${String(error)}`);
    });
  }

  #groups(groups: ReadyFrame['groups']): void {
    for (const { id, lastSeq } of groups) this.witness.told(groupPlace(id), lastSeq);
  }

  #conversations(conversations: ReadyFrame['conversations'], more: true | undefined): void {
    for (const { userId, lastSeq } of conversations) this.witness.told(pairPlace(this.userId, userId), lastSeq);
    this.witness.knowsAll ||= more !== true;
  }
}
