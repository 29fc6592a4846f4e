import { limits, TeahouseError } from '@teahouse/contracts';
import type { ReadPage, RowPage } from './pages.js';
import { jsonBytes, toMessage } from './rows.js';
import type { SearchRequest, SearchResult, StoredMessage } from './types.js';

/** Messages read at once, and the milliseconds after which a call ends with what it has. */
const stepRows = 500;
const callMs = 800;
const pageBytes = limits.payloadBytes - 2048;

/** Case is ignored by comparing capitals: they know `ß` as `SS` and both small sigmas as one letter. */
const fold = (text: string): string => text.normalize('NFC').toUpperCase();

export type Search = (conversationId: number, request: SearchRequest) => Promise<SearchResult>;

/**
 * Looks through a conversation from its newest message, or from `beforeSeq`, downwards, and on into the archive. The texts
 * are compared here and not by the database, whose collations differ between dialects; a conversation of a million messages
 * takes many calls. Where the archive is away a call ends before it, and the next one is UNAVAILABLE.
 */
export function createSearch(readPage: ReadPage): Search {
  return async (conversationId, { text, beforeSeq, limit }) => {
    const wanted = fold(text);
    const end = Date.now() + callMs;
    const messages: StoredMessage[] = [];
    let room = pageBytes;
    let before = beforeSeq;
    do {
      let page: RowPage;
      try {
        page = await readPage(conversationId, { beforeSeq: before, limit: stepRows });
      } catch (error) {
        if (before === beforeSeq || !(error instanceof TeahouseError && error.code === 'UNAVAILABLE')) throw error;
        break;
      }
      for (const row of page.rows.reverse()) {
        if (row.kind === 0 && row.recalled === 0 && fold(String(row.content)).includes(wanted)) {
          const message = toMessage(conversationId, row);
          room -= jsonBytes(message);
          if (room < 0 && messages.length > 0) return goOn(messages, before);
          messages.push(message);
        }
        before = Number(row.seq);
        if (messages.length === limit && before > 1) return goOn(messages, before);
      }
      if (page.rows.length === 0 || before === 1) return { messages, more: false };
    } while (Date.now() < end);
    return goOn(messages, before);
  };
}

function goOn(messages: StoredMessage[], beforeSeq: number | undefined): SearchResult {
  return { messages, more: true, ...(beforeSeq === undefined ? {} : { beforeSeq }) };
}
