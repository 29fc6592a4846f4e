import type { Draft, LogRules, StoredBatch } from '@teahouse/message-log';
import type { Dialect, Param, Row, Statement } from '@teahouse/service-kit/database';
import type { GroupChat, GroupChatMember } from './entities.js';
import { speakingRefusal } from './rules.js';

type MemberRow = Pick<GroupChatMember, 'groupId' | 'userId' | 'rights' | 'mutedUntil'>;

/** The rules of sends, asked where the truth is: under the lock of the group's row, which every change of a group takes. */
export function sendRules(dialect: Dialect): LogRules<Draft> {
  return {
    columns: ['state', 'joinPolicy'],
    missing: 'NOT_FOUND',
    reads: (drafts) => [senders(drafts)],
    judge([members = []], groups) {
      const known = new Map<string, MemberRow>();
      for (const row of members as readonly (Row & MemberRow)[]) known.set(`${row.groupId}:${row.userId}`, row);
      const now = Date.now();
      return (draft) => {
        const group = groups.get(draft.conversationId) as (Row & Pick<GroupChat, 'state' | 'joinPolicy'>) | undefined;
        return group ? speakingRefusal(group, known.get(`${draft.conversationId}:${draft.from}`), now) : 'NOT_FOUND';
      };
    },
    // Who leaves, is removed, muted or loses an office, and a group that changes its state: a notice says so.
    foreseen: 'TRUE',
    writes: (batches) => [readMarks(dialect, batches)],
  };
}

/** The member rows of exactly the senders, a range of the primary key for each group; SQLite knows no pairs in an IN. */
function senders(drafts: readonly Draft[]): Statement {
  const byGroup = new Map<number, Set<number>>();
  for (const { conversationId, from } of drafts) {
    const users = byGroup.get(conversationId);
    if (users) users.add(from);
    else byGroup.set(conversationId, new Set([from]));
  }
  const parts: string[] = [];
  const params: Param[] = [];
  for (const [groupId, users] of byGroup) {
    parts.push(`(groupId = ? AND userId IN (${'?,'.repeat(users.size - 1)}?))`);
    params.push(groupId, ...users);
  }
  return {
    sql: `SELECT groupId, userId, rights, mutedUntil FROM group_chat_member WHERE ${parts.join(' OR ')}`,
    params,
  };
}

/** One's own sends are read. The rows are there, as nobody leaves without a notice: the INSERT never inserts. */
function readMarks(dialect: Dialect, batches: readonly StoredBatch[]): Statement {
  const params: Param[] = [];
  for (const { conversationId, messages } of batches) {
    const newest = new Map<number, number>();
    for (const { from, seq } of messages) newest.set(from, seq);
    for (const [userId, seq] of newest) params.push(conversationId, userId, seq);
  }
  const rows = Array<string>(params.length / 3)
    .fill('(?,?,0,0,?,0)')
    .join();
  const update =
    dialect === 'sqlite'
      ? 'ON CONFLICT (groupId, userId) DO UPDATE SET readSeq = excluded.readSeq'
      : 'ON DUPLICATE KEY UPDATE readSeq = VALUES(readSeq)';
  return {
    sql: `INSERT INTO group_chat_member (groupId, userId, rights, mutedUntil, readSeq, joinTime) VALUES ${rows} ${update}`,
    params,
  };
}
