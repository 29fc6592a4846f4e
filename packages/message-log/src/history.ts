import { limits } from '@teahouse/contracts';
import type { ReadPage } from './pages.js';
import { jsonBytes, toMessage } from './rows.js';
import type { Page, PageRequest, StoredMessage } from './types.js';

/** Left for what wraps a page. */
export const pageBytes = limits.payloadBytes - 2048;

export type History = (conversationId: number, page: PageRequest) => Promise<Page>;

/** Tells pages as messages, as many as an answer may have bytes. */
export function createHistory(readPage: ReadPage): History {
  return async (conversationId, page) => {
    const { rows, lastSeq } = await readPage(conversationId, page);
    const forward = page.afterSeq !== undefined;
    const kept = fit(
      rows.map((row) => toMessage(conversationId, row)),
      forward,
    );
    const [first, last] = [kept[0], kept.at(-1)];
    return { messages: kept, more: forward ? (last?.seq ?? lastSeq) < lastSeq : (first?.seq ?? 1) > 1 };
  };
}

/** As many messages as a page may have bytes, from the end where reading goes on; one at least. */
export function fit(messages: StoredMessage[], forward: boolean): StoredMessage[] {
  let room = pageBytes;
  let count = 0;
  while (count < messages.length) {
    const message = messages[forward ? count : messages.length - 1 - count] as StoredMessage;
    room -= jsonBytes(message);
    if (room < 0 && count > 0) break;
    count++;
  }
  return forward ? messages.slice(0, count) : messages.slice(messages.length - count);
}
