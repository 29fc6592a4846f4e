import type { Notice } from '@teahouse/contracts';
import type { Row } from '@teahouse/service-kit/database';
import type { StoredMessage } from './types.js';

/** What `toMessage` needs of a message's row. */
export const columnsOfMessage = [
  'seq',
  'id',
  'fromUserId',
  'content',
  'kind',
  'notice',
  'clientId',
  'createTime',
  'recalled',
];

export const messageColumns = columnsOfMessage.join(', ');

/** The same where the table goes by another name. */
export const messageColumnsOf = (alias: string): string =>
  columnsOfMessage.map((column) => `${alias}.${column}`).join(', ');

export function toMessage(conversationId: number, row: Row): StoredMessage {
  const { notice, clientId } = row;
  return {
    conversationId,
    seq: Number(row.seq),
    id: String(row.id),
    from: Number(row.fromUserId),
    content: String(row.content),
    kind: row.kind === 1 ? 'notice' : 'normal',
    ...(typeof notice === 'string' ? { notice: JSON.parse(notice) as Notice } : {}),
    ...(typeof clientId === 'string' ? { clientId } : {}),
    createTime: Number(row.createTime),
    recalled: row.recalled === 1,
  };
}

/** Bytes of everything in a message's JSON but its content and notice: names, ids, times, an escaped `clientId`. */
const frameBytes = 512;

/** No less than what the message takes as JSON on its way to a client. */
export function jsonBytes({ content, notice }: StoredMessage): number {
  return (
    frameBytes + Buffer.byteLength(JSON.stringify(content)) + (notice ? Buffer.byteLength(JSON.stringify(notice)) : 0)
  );
}
