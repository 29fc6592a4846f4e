import { hash } from 'node:crypto';
import { TeahouseError } from '@teahouse/contracts';
import type { Row } from '@teahouse/service-kit/database';
import { uuidv7 } from 'uuidv7';
import type { Draft, LogRules, Stored, StoredBatch, StoredMessage, Verdict } from './types.js';

/** What a transaction knows once its first round trip is back. */
export interface Known<D extends Draft> {
  /** The conversations that are locked for us, by id. */
  readonly locked: ReadonlyMap<number, Row>;
  /** Conversations that exist and whose rows somebody else has locked. */
  readonly busy: ReadonlySet<number>;
  /** Rows of the sent table, by `sentKey`. */
  readonly sent: ReadonlyMap<string, Row>;
  readonly judge: (draft: D) => Verdict;
  readonly missing: LogRules<D>['missing'];
  /** The time that new messages get. */
  readonly now: number;
}

export interface Plan {
  /** For each draft its answer; undefined where it is put off because its conversation is busy. */
  readonly results: (Stored | TeahouseError | undefined)[];
  /** 1 for each draft whose answer holds only once the transaction has committed. */
  readonly pending: Uint8Array;
  /** What to store. */
  readonly batches: OpenBatch[];
}

interface OpenBatch extends StoredBatch {
  readonly messages: StoredMessage[];
  readonly connectionIds: string[];
  quiet: boolean;
}

export const sentKey = (from: number, clientId: string): string => `${from} ${clientId}`;

/** Tells contents apart that came under one `clientId`; 32 hexadecimal digits. */
export const contentHash = (content: string): string => hash('sha256', content, 'hex').slice(0, 32);

/**
 * Decides over a batch, in its order, without touching anything. A `clientId` that was sent before, in this batch or
 * earlier, comes first: the same message again shares the first one's answer, anything else is a CONFLICT. Then existence,
 * then the service's rules. Drafts of a busy conversation are all put off, so that their order holds.
 */
export function plan<D extends Draft>(drafts: readonly D[], known: Known<D>): Plan {
  const results = new Array<Stored | TeahouseError | undefined>(drafts.length);
  const pending = new Uint8Array(drafts.length);
  const open = new Map<number, OpenBatch>();
  const firsts = new Map<string, number>();
  for (let i = 0; i < drafts.length; i++) {
    const draft = drafts[i] as D;
    const { conversationId, clientId } = draft;
    if (known.busy.has(conversationId)) continue;
    if (clientId !== undefined) {
      const key = sentKey(draft.from, clientId);
      const before = known.sent.get(key);
      if (before) {
        results[i] = answerAgain(draft, before);
        continue;
      }
      const first = firsts.get(key);
      if (first !== undefined) {
        const earlier = drafts[first] as D;
        const same = earlier.conversationId === conversationId && earlier.content === draft.content;
        if (same || pending[first]) {
          results[i] = same ? shared(results[first]) : new TeahouseError('CONFLICT');
          pending[i] = pending[first] as number;
          continue;
        }
      }
      firsts.set(key, i);
    }
    const conversation = known.locked.get(conversationId);
    const verdict = conversation ? known.judge(draft) : refusalOf(draft, known.missing);
    if (verdict !== undefined) {
      results[i] = typeof verdict === 'string' ? new TeahouseError(verdict) : verdict;
    } else if (conversation) {
      results[i] = place(draft, conversation, open, known.now);
      pending[i] = 1;
    }
  }
  return { results, pending, batches: [...open.values()] };
}

function refusalOf<D extends Draft>(draft: D, missing: Known<D>['missing']): Verdict {
  return typeof missing === 'function' ? missing(draft) : missing;
}

function answerAgain(draft: Draft, before: Row): Stored | TeahouseError {
  const same = before.conversationId === draft.conversationId && before.contentHash === contentHash(draft.content);
  if (!same) return new TeahouseError('CONFLICT');
  return {
    id: String(before.id),
    seq: Number(before.seq),
    createTime: Number(before.createTime),
    duplicate: true,
  };
}

function shared(result: Stored | TeahouseError | undefined): Stored | TeahouseError | undefined {
  return result === undefined || result instanceof TeahouseError ? result : { ...result, duplicate: true };
}

function place(draft: Draft, conversation: Row, open: Map<number, OpenBatch>, createTime: number): Stored {
  const { conversationId, from, content, clientId } = draft;
  let batch = open.get(conversationId);
  if (!batch) {
    batch = { conversationId, messages: [], connectionIds: [], quiet: true, conversation };
    open.set(conversationId, batch);
  }
  const seq = Number(conversation.lastSeq) + batch.messages.length + 1;
  const id = uuidv7();
  batch.messages.push({
    conversationId,
    seq,
    id,
    from,
    content,
    kind: 'normal',
    clientId,
    createTime,
    recalled: false,
  });
  batch.connectionIds.push(draft.connectionId);
  if (draft.quiet !== true) batch.quiet = false;
  return { id, seq, createTime };
}
