import type { TeahouseError } from '@teahouse/contracts';
import type { Draft, LogRules, StoredBatch } from '@teahouse/message-log';

/** A send on its way into the log. A refused first contact has the conversation 0, which never exists, and the refusal. */
export interface PrivateDraft extends Draft {
  readonly refusal?: TeahouseError;
}

/** The rules of sends, asked under the lock of the conversation's row, which blocking takes as well. */
export const sendRules: LogRules<PrivateDraft> = {
  columns: ['userLow', 'userHigh', 'blocks'],
  // A refusal waits until here because a clientId that was used before counts first.
  missing: (draft) => draft.refusal ?? 'NOT_FOUND',
  reads: () => [],
  judge:
    (_rows, conversations) =>
    ({ conversationId }) =>
      Number(conversations.get(conversationId)?.blocks) > 0 ? 'BLOCKED' : undefined,
  foreseen: 'blocks = 0',
  assigns: readMarks,
};

/** One's own sends are read. */
function readMarks({ messages, conversation }: StoredBatch): string[] {
  const marks: string[] = [];
  const low = messages.findLastIndex(({ from }) => from === conversation.userLow);
  const high = messages.findLastIndex(({ from }) => from === conversation.userHigh);
  if (low >= 0) marks.push(`readLow = lastSeq + ${low + 1}`);
  if (high >= 0) marks.push(`readHigh = lastSeq + ${high + 1}`);
  return marks;
}
