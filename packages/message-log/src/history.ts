import { limits, TeahouseError } from '@teahouse/contracts';
import type { Database, Log, Row } from '@teahouse/service-kit';
import type { EntityManager } from 'typeorm';
import { jsonBytes, messageColumns, toMessage } from './rows.js';
import type { LogTables, Page, PageRequest, StoredMessage } from './types.js';

/** Left for what wraps a page. */
const pageBytes = limits.payloadBytes - 2048;

export type History = (conversationId: number, page: PageRequest) => Promise<Page>;

/** Reads pages: one range of the clustered key each. */
export function createHistory({ database, tables, log }: { database: Database; tables: LogTables; log: Log }): History {
  const select = `SELECT ${messageColumns} FROM ${tables.message} WHERE ${tables.key} = ?`;

  /** The inclusive range of `seq` that the page covers, by what the conversation holds now. */
  async function read(manager: EntityManager, conversationId: number, page: PageRequest) {
    const [row] = await manager.query<Row[]>(`SELECT lastSeq FROM ${tables.conversation} WHERE id = ?`, [
      conversationId,
    ]);
    const lastSeq = Number(row?.lastSeq ?? 0);
    const { afterSeq, beforeSeq = lastSeq + 1, limit } = page;
    const from = afterSeq === undefined ? Math.max(1, Math.min(beforeSeq - 1, lastSeq) - limit + 1) : afterSeq + 1;
    const to = afterSeq === undefined ? Math.min(beforeSeq - 1, lastSeq) : Math.min(afterSeq + limit, lastSeq);
    if (from > to) return { from, to, lastSeq, messages: [] };
    const rows = await manager.query<Row[]>(`${select} AND seq BETWEEN ? AND ? ORDER BY seq`, [
      conversationId,
      from,
      to,
    ]);
    return { from, to, lastSeq, messages: rows.map((found) => toMessage(conversationId, found)) };
  }

  return async (conversationId, page) => {
    const { from, to, lastSeq, messages } = await database.read((manager) => read(manager, conversationId, page));
    if (messages.length !== Math.max(0, to - from + 1)) {
      // The key is unique and the range inclusive, so a page that is too short has a hole.
      log.error({ conversationId, from, to, found: messages.length }, 'a page of history has a hole');
      throw new TeahouseError('INTERNAL');
    }
    const forward = page.afterSeq !== undefined;
    const kept = fit(messages, forward);
    const [first, last] = [kept[0], kept.at(-1)];
    return { messages: kept, more: forward ? (last?.seq ?? lastSeq) < lastSeq : (first?.seq ?? 1) > 1 };
  };
}

/** As many messages as a page may have bytes, from the end where reading goes on; one at least. */
function fit(messages: StoredMessage[], forward: boolean): StoredMessage[] {
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
