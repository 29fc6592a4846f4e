import { type Bus, call } from '@teahouse/bus';
import {
  type ConversationSummary,
  type GroupAtLogin,
  type GroupMessage,
  type GroupWhole,
  groupCalls,
  limits,
  type MembershipChange,
  membershipChange,
  type PrivateMessage,
  privateCalls,
} from '@teahouse/contracts';
import { CrowdReader } from '../crowd-reader.js';
import type { Run } from './track.js';

/** What the hub asks of the services. Each call is bounded by 1.8 s and rejects with a TeahouseError. */
const timeoutMs = 1800;
const encoder = new TextEncoder();

export interface ConversationList {
  readonly conversations: ConversationSummary[];
  readonly more: boolean;
}

/** A group after the message `seq`, and as each of those asked for who are members may see it. */
export interface WholeOfGroup {
  readonly seq: number;
  readonly group: GroupWhole;
  readonly members: ReadonlyMap<number, GroupWhole>;
  /** who is missing in `members` was none after this seq, or after a later one */
  readonly askedAt: number;
}

export class Reads {
  readonly #bus: Bus;
  readonly #groups: CrowdReader<number, { readonly userId: number; readonly groups: GroupAtLogin[] }>;
  readonly #conversations: CrowdReader<number, ConversationList & { readonly userId: number }>;

  constructor(bus: Bus) {
    this.#bus = bus;
    this.#groups = new CrowdReader(async (users, timeoutMs) => {
      const userIds = [...new Set(users)];
      return inOrder(users, (await call(bus, groupCalls.sessions, { userIds }, { timeoutMs })).sessions);
    }, limits.logins);
    this.#conversations = new CrowdReader(async (users, timeoutMs) => {
      const userIds = [...new Set(users)];
      return inOrder(users, (await call(bus, privateCalls.sessions, { userIds }, { timeoutMs })).sessions);
    }, limits.logins);
  }

  /** Read together with the lists of others who log in. */
  async groups(userId: number): Promise<GroupAtLogin[]> {
    return (await this.#groups.of(userId)).groups;
  }

  conversations(userId: number): Promise<ConversationList> {
    return this.#conversations.of(userId);
  }

  async groupHeads(groupIds: number[]): Promise<[number, number][]> {
    return (await call(this.#bus, groupCalls.heads, { groupIds }, { timeoutMs })).heads;
  }

  async privateHeads(userIds: number[], since: number): Promise<[number, number, number][]> {
    return (await call(this.#bus, privateCalls.moved, { userIds, since }, { timeoutMs })).heads;
  }

  /** @param isHere whether somebody with this user id is connected here, so that what they are told is wanted */
  async groupRun(groupId: number, afterSeq: number, isHere: (userId: number) => boolean): Promise<Run> {
    const { messages } = await call(
      this.#bus,
      groupCalls.repair,
      { groupId, afterSeq, limit: limits.history },
      { timeoutMs },
    );
    const run = runOf('groupMessage', messages, afterSeq);
    if (!messages.some(({ notice }) => notice !== undefined && notice.event !== 'recalled')) return run;
    const joined = run.changes?.flatMap(({ join }) => (join !== undefined && isHere(join) ? [join] : [])) ?? [];
    const { seq, group, members } = await this.whole(groupId, joined);
    const whole = { seq, frame: groupChanged(group) };
    // Who has gone out again meanwhile was a member in between.
    const gone = { ...group, rights: 'member' as const, readSeq: seq };
    return { ...run, whole, entrants: new Map(joined.map((userId) => [userId, members.get(userId) ?? gone])) };
  }

  /** The whole of a group after what any run read before it says. */
  async whole(groupId: number, userIds: readonly number[]): Promise<WholeOfGroup> {
    const members = new Map<number, GroupWhole>();
    let askedAt: number | undefined;
    for (let at = 0; ; at += limits.wholeUsers) {
      const page = userIds.slice(at, at + limits.wholeUsers);
      const {
        seq,
        group,
        members: found,
      } = await call(this.#bus, groupCalls.whole, { groupId, userIds: page }, { timeoutMs });
      askedAt ??= seq;
      for (const { userId, ...standing } of found) members.set(userId, { ...group, ...standing });
      if (at + limits.wholeUsers >= userIds.length) return { seq, group, members, askedAt };
    }
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

function inOrder<List extends { userId: number }>(userIds: number[], lists: List[]): (List | undefined)[] {
  const byUser = new Map(lists.map((list) => [list.userId, list]));
  return userIds.map((userId) => byUser.get(userId));
}

/** The ready frame. */
export const groupChanged = (group: GroupWhole): Uint8Array =>
  encoder.encode(JSON.stringify({ type: 'groupChanged', group }));

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
