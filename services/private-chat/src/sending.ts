import type { TeahouseError } from '@teahouse/contracts';
import { type Draft, type LogRules, pairs, type StoredBatch } from '@teahouse/message-log';
import type { Dialect, Statement } from '@teahouse/service-kit/database';

/** A send on its way into the log. A refused first contact has the conversation 0, which never exists, and the refusal. */
export interface PrivateDraft extends Draft {
  readonly to: number;
  readonly refusal?: TeahouseError;
}

/** The rules of sends, asked under the lock of the conversation's row, which blocking takes as well. */
export function sendRules(dialect: Dialect): LogRules<PrivateDraft> {
  return {
    columns: ['userLow', 'userHigh'],
    // A refusal waits until here because a clientId that was used before counts first.
    missing: (draft) => draft.refusal ?? 'NOT_FOUND',
    reads: (drafts) => [blocks(dialect, drafts)],
    judge([found = []]) {
      const blocked = new Set(found.map((row) => `${row.userId} ${row.blockedId}`));
      return ({ from, to }) => (blocked.has(`${from} ${to}`) || blocked.has(`${to} ${from}`) ? 'BLOCKED' : undefined);
    },
    revoked: (drafts) => [blocks(dialect, drafts)],
    assigns: readMarks,
  };
}

/** The blocks between the two of each conversation, either way. */
function blocks(dialect: Dialect, drafts: readonly PrivateDraft[]): Statement {
  const couples = new Map(drafts.map(({ conversationId, from, to }) => [conversationId, [from, to] as const]));
  const both = [...couples.values()].flatMap(([one, other]) => [[one, other] as const, [other, one] as const]);
  const { sql, params } = pairs(dialect, both);
  return { sql: `SELECT userId, blockedId FROM private_block WHERE (userId, blockedId) IN ${sql}`, params };
}

/** One's own sends are read. */
function readMarks({ messages, conversation }: StoredBatch): string[] {
  const marks: string[] = [];
  const low = messages.findLastIndex(({ from }) => from === conversation.userLow);
  const high = messages.findLastIndex(({ from }) => from === conversation.userHigh);
  if (low >= 0) marks.push(`readLow = lastSeq + ${low + 1}`);
  if (high >= 0) marks.push(`readHigh = lastSeq + ${high + 1}`);
  return marks;
}
