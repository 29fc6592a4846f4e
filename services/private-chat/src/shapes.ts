import { iso, type PrivateMessage } from '@teahouse/contracts';
import type { StoredMessage } from '@teahouse/message-log';
import type { Pair } from './pair.js';

export const otherOf = ([low, high]: Pair, userId: number): number => (userId === low ? high : low);

/** A message as clients get it in history. */
export function privateMessage(pair: Pair, message: StoredMessage): PrivateMessage {
  const { id, seq, from, content, kind, createTime, clientId, notice, recalled } = message;
  return {
    from,
    to: otherOf(pair, from),
    id,
    seq,
    content,
    kind,
    createTime: iso(createTime),
    ...(clientId === undefined ? {} : { clientId }),
    ...(notice === undefined ? {} : { notice }),
    ...(recalled ? { recalled } : {}),
  };
}
