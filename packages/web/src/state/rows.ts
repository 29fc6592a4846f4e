import type { Outgoing, ReceivedMessage } from '@teahouse/client';
import { isOutgoing, type Row } from './types';

/** Messages of one sender so close together are shown as one. */
const togetherMs = 5 * 60 * 1000;

/**
 * The lines of a conversation as they are at one time: what is stored, then what is on its way. Each message makes another
 * of these, which costs the same with ten lines and with a hundred thousand: nothing is copied.
 */
export class Rows {
  readonly #stored: readonly ReceivedMessage[];
  readonly #own: readonly Outgoing[];
  readonly #count: number;
  readonly length: number;

  constructor(stored: readonly ReceivedMessage[], own: readonly Outgoing[] = []) {
    this.#stored = stored;
    this.#own = own;
    this.#count = stored.length;
    this.length = stored.length + own.length;
  }

  at(index: number): Row | undefined {
    return index < this.#count ? this.#stored[index] : this.#own[index - this.#count];
  }

  get last(): Row | undefined {
    return this.at(this.length - 1);
  }

  /** Where the line with this `rowKey` is; -1 where there is none. Looks from the end. */
  indexOf(key: string): number {
    for (let index = this.length - 1; index >= 0; index--) {
      const row = this.at(index);
      if (row && rowKey(row) === key) return index;
    }
    return -1;
  }

  /** For the list's library, which takes an array and asks for its length and for those elements that it draws. */
  asArray(): Row[] {
    return new Proxy<Row[]>([], {
      get: (_, name) =>
        name === 'length' ? this.length : typeof name === 'string' ? this.at(Number(name)) : undefined,
    });
  }
}

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
