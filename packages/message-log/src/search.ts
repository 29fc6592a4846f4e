import { limits } from '@teahouse/contracts';
import type { Database, Row } from '@teahouse/service-kit';
import { jsonBytes, messageColumns, toMessage } from './rows.js';
import type { LogTables, SearchRequest, SearchResult, StoredMessage } from './types.js';

/** Messages read at once, and the milliseconds after which a call ends with what it has. */
const stepRows = 500;
const callMs = 800;
const pageBytes = limits.payloadBytes - 2048;

/** Case is ignored by comparing capitals: they know `ß` as `SS` and both small sigmas as one letter. */
const fold = (text: string): string => text.normalize('NFC').toUpperCase();

export type Search = (conversationId: number, request: SearchRequest) => Promise<SearchResult>;

/**
 * Looks through a conversation from its newest message, or from `beforeSeq`, downwards. The texts are compared here and
 * not by the database, whose collations differ between dialects; a conversation of a million messages takes many calls.
 */
export function createSearch({ database, tables }: { database: Database; tables: LogTables }): Search {
  const step = `SELECT ${messageColumns} FROM ${tables.message} WHERE ${tables.key} = ? AND seq < ? ORDER BY seq DESC LIMIT ${stepRows}`;

  return async (conversationId, { text, beforeSeq = Number.MAX_SAFE_INTEGER, limit }) => {
    const wanted = fold(text);
    const end = Date.now() + callMs;
    const messages: StoredMessage[] = [];
    let room = pageBytes;
    let before = beforeSeq;
    do {
      const rows = await database.read((manager) => manager.query<Row[]>(step, [conversationId, before]));
      for (const row of rows) {
        if (row.kind === 0 && row.recalled === 0 && fold(String(row.content)).includes(wanted)) {
          const message = toMessage(conversationId, row);
          room -= jsonBytes(message);
          if (room < 0 && messages.length > 0) return { messages, more: true, beforeSeq: before };
          messages.push(message);
        }
        before = Number(row.seq);
        if (messages.length === limit && before > 1) return { messages, more: true, beforeSeq: before };
      }
      if (rows.length < stepRows) return { messages, more: false };
    } while (Date.now() < end);
    return { messages, more: true, beforeSeq: before };
  };
}
