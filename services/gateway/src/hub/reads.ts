import { type Bus, call } from '@teahouse/bus';
import {
  type ConversationSummary,
  type GroupAtLogin,
  type GroupMessage,
  groupCalls,
  limits,
  type MembershipChange,
  membershipChange,
  type PrivateMessage,
  privateCalls,
} from '@teahouse/contracts';
import type { Run } from './track.js';

/** What the hub asks of the services. Each call is bounded by 1.8 s and rejects with a TeahouseError. */
const timeoutMs = 1800;
const encoder = new TextEncoder();

export interface ConversationList {
  readonly conversations: ConversationSummary[];
  readonly more: boolean;
}

export class Reads {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  async groups(userId: number): Promise<GroupAtLogin[]> {
    return (await call(this.#bus, groupCalls.session, { userId }, { timeoutMs })).groups;
  }

  conversations(userId: number): Promise<ConversationList> {
    return call(this.#bus, privateCalls.session, { userId }, { timeoutMs });
  }

  async groupHeads(groupIds: number[]): Promise<[number, number][]> {
    return (await call(this.#bus, groupCalls.heads, { groupIds }, { timeoutMs })).heads;
  }

  async privateHeads(userIds: number[], since: number): Promise<[number, number, number][]> {
    return (await call(this.#bus, privateCalls.moved, { userIds, since }, { timeoutMs })).heads;
  }

  async groupRun(groupId: number, afterSeq: number): Promise<Run> {
    const { messages } = await call(
      this.#bus,
      groupCalls.repair,
      { groupId, afterSeq, limit: limits.history },
      { timeoutMs },
    );
    return runOf('groupMessage', messages, afterSeq);
  }

  async privateRun(users: [number, number], afterSeq: number): Promise<Run> {
    const { messages } = await call(
      this.#bus,
      privateCalls.repair,
      { users, afterSeq, limit: limits.history },
      { timeoutMs },
    );
    return runOf('privateMessage', messages, afterSeq);
  }

  /** The seq of the oldest message of the page before `beforeSeq` that is not older than `since`, or `beforeSeq` where all are. */
  async firstSince(users: [number, number], beforeSeq: number, since: number): Promise<number> {
    const { messages } = await call(
      this.#bus,
      privateCalls.repair,
      { users, beforeSeq, limit: limits.historyDefault },
      { timeoutMs },
    );
    return messages.find((message) => Date.parse(message.createTime) >= since)?.seq ?? beforeSeq;
  }
}

/** Messages of a page as a run; throws where the page itself has a hole. */
function runOf(type: string, messages: readonly (GroupMessage | PrivateMessage)[], afterSeq: number): Run {
  const first = messages[0]?.seq ?? afterSeq + 1;
  const changes: MembershipChange[] = [];
  const frames = messages.map((message, index) => {
    if (message.seq !== first + index) throw new Error('a page of messages has a hole');
    const change = message.notice && membershipChange(message.seq, message.notice);
    if (change !== undefined) changes.push(change);
    return encoder.encode(JSON.stringify({ type, ...message }));
  });
  return { first, frames, senders: frames.map(() => ''), changes };
}
