import type { Frame } from '@teahouse/test';
import { type GroupRows, type Said, timeless } from './group-rows.js';
import type { Ids } from './matrix-effects.js';
import { type Cell, states } from './matrix-table.js';

/** What one connection hears of one group: messages in order, and the pushed frames, whose order among them is open. */
export interface Heard {
  readonly messages: readonly (Said & { seq: number })[];
  readonly pushed: readonly object[];
}

const policies = ['open', 'approval', 'invite'];
const rightsWords = ['member', 'owner', 'admin'];
const pushedTypes = new Set(['groupChanged', 'readMarker', 'typing', 'joinRequest', 'joinAnswer', 'catchUp']);

const sorted = (frames: readonly object[]): object[] =>
  [...frames].sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));

function whole(groupId: number, rows: GroupRows): object {
  return {
    id: groupId,
    groupNumber: 88_888_886 + groupId,
    groupName: rows.groupName,
    state: states[rows.state],
    announcement: rows.announcement,
    joinPolicy: policies[rows.joinPolicy],
    memberCount: rows.memberCount,
  };
}

/** One group, before and after the operation of a cell. */
export interface Turn {
  readonly cell: Cell;
  readonly groupId: number;
  readonly before: GroupRows;
  readonly after: GroupRows;
}

/**
 * What a connection of a user is to hear.
 * @param asked whether the operation was asked on this very connection, which gets the ack of a send instead
 */
export function toBeHeard({ cell, groupId, before, after }: Turn, ids: Ids, userId: number, asked: boolean): Heard {
  const news = after.messages
    .map((said, i) => ({ ...said, seq: i + 1 }))
    .slice(before.messages.length)
    .map((said) => ({ ...said, recalled: false }));
  const was = userId in before.members;
  const member = after.members[userId];
  const pushed: object[] = [];
  const changed = news.some(({ notice }) => notice && notice.event !== 'recalled');
  if (changed && was && member) pushed.push({ type: 'groupChanged', group: whole(groupId, after) });
  if (member && !was) {
    const { rights, readSeq } = member;
    const own = { rights: rightsWords[rights], lastSeq: before.lastSeq, readSeq };
    pushed.push({ type: 'groupChanged', group: { ...whole(groupId, after), ...own } });
  }
  if (cell.verdict === 'yes') pushed.push(...special(cell, groupId, before, ids, userId, asked));
  return {
    messages: was || member ? news.filter(({ kind }) => kind === 'notice' || !asked) : [],
    pushed: sorted(pushed),
  };
}

/** What an operation pushes besides notices and the new whole. */
function special(cell: Cell, groupId: number, before: GroupRows, ids: Ids, userId: number, asked: boolean): object[] {
  const by = ids[cell.caller];
  const rights = before.members[userId]?.rights;
  if (cell.type === 'typing' && rights !== undefined && !asked) return [{ type: 'typing', groupId, userId: by }];
  if (cell.type === 'markRead' && userId === by && !asked)
    return [{ type: 'readMarker', groupId, userId, seq: before.lastSeq }];
  if (cell.operation === 'joinGroup approval' && rights) {
    const username = cell.caller === 'system' ? 'admin' : cell.caller;
    return [{ type: 'joinRequest', groupId, user: { id: by, username, nickname: username } }];
  }
  if (cell.type === 'answerJoinRequest' && userId === ids.asker)
    return [{ type: 'joinAnswer', groupId, accepted: cell.operation.endsWith(' yes') }];
  return [];
}

/** What was heard of a group, in the form of `toBeHeard`. */
export function asHeard(frames: readonly Frame[], isNew: boolean): Heard {
  const messages = frames.filter(({ type }) => type === 'groupMessage').map(said);
  const pushed = frames
    .filter(({ type }) => pushedTypes.has(type))
    // The group's new whole, which all hear, reaches whoever just came in or not: they were told already.
    .filter(({ type, group }) => !isNew || type !== 'groupChanged' || 'rights' in (group as object));
  return { messages, pushed: sorted(pushed) };
}

function said(frame: Frame): Said & { seq: number } {
  return {
    from: Number(frame.from),
    kind: frame.kind as Said['kind'],
    content: String(frame.content),
    recalled: frame.recalled === true,
    ...(frame.notice ? { notice: timeless(frame.notice as Record<string, unknown>) } : {}),
    seq: Number(frame.seq),
  };
}
