import type { TeahouseError } from '@teahouse/contracts';
import { type Draft, type LogRules, pairs, type StoredBatch, wordsOf } from '@teahouse/message-log';
import { type Dialect, list, type Statement } from '@teahouse/service-kit/database';

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
    writes: (batches) => readMarks(dialect, batches),
  };
}

/** The blocks between the two of each conversation, either way. */
function blocks(dialect: Dialect, drafts: readonly PrivateDraft[]): Statement {
  const couples = new Map(drafts.map(({ conversationId, from, to }) => [conversationId, [from, to] as const]));
  const both = [...couples.values()].flatMap(([one, other]) => [[one, other] as const, [other, one] as const]);
  const { sql, params } = pairs(dialect, both);
  return { sql: `SELECT userId, blockedId FROM private_block WHERE (userId, blockedId) IN ${sql}`, params };
}

/**
 * One's own sends are read. `lastSeq` has moved when these run, so a mark is that many below it; nearly all conversations
 * of a batch share one such statement a side.
 */
function readMarks(dialect: Dialect, batches: readonly StoredBatch[]): Statement[] {
  const groups = new Map<string, number[]>();
  for (const { conversationId, messages, conversation } of batches) {
    const last = messages.at(-1)?.seq ?? 0;
    for (const [side, user] of [
      ['readLow', conversation.userLow],
      ['readHigh', conversation.userHigh],
    ] as const) {
      const own = messages.findLast(({ from }) => from === user);
      if (!own) continue;
      const assignment = `${side} = lastSeq - ${last - own.seq}`;
      const ids = groups.get(assignment);
      if (ids) ids.push(conversationId);
      else groups.set(assignment, [conversationId]);
    }
  }
  const table = `private_conversation${wordsOf(dialect).byPrimaryKey}`;
  return [...groups].map(([assignment, ids]) => {
    const { sql, params } = list(ids);
    return { sql: `UPDATE ${table} SET ${assignment} WHERE id IN ${sql}`, params };
  });
}
