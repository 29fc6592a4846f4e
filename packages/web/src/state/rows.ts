import { isOutgoing, type Row } from './types';

/** Messages of one sender so close together are shown as one. */
const togetherMs = 5 * 60 * 1000;

/** The same before and after a message is stored, so that its line stays the same element. */
export function rowKey(row: Row): string {
  if (isOutgoing(row)) return row.clientId;
  return row.clientId ?? `s${row.seq}`;
}

/** Whether a row goes on with what the same person said in the row before. */
export function follows(row: Row, previous: Row | undefined, me: number): boolean {
  if (!previous || isNotice(row) || isNotice(previous) || senderOf(row, me) !== senderOf(previous, me)) return false;
  return Date.parse(timeOf(row)) - Date.parse(timeOf(previous)) < togetherMs;
}

/** When it was stored, or else written. */
export function timeOf(row: Row): string {
  return isOutgoing(row) ? new Date(row.since).toISOString() : row.createTime;
}

export function senderOf(row: Row, me: number): number {
  return isOutgoing(row) ? me : row.from;
}

function isNotice(row: Row): boolean {
  return !isOutgoing(row) && row.kind === 'notice';
}
