import type { Database, Row } from '@teahouse/service-kit/database';
import type { EntityManager } from 'typeorm';
import { fit, pageBytes } from './history.js';
import { jsonBytes, messageColumns, toMessage } from './rows.js';
import type { CatchUp, LogTables, MessageLog, Page } from './types.js';

/** Rows read for one question; as many short messages fit into an answer. */
const mostRows = 500;
/** What wraps a page among others. */
const pageFrame = 64;

interface Range {
  readonly from: number;
  readonly to: number;
  readonly lastSeq: number;
}

/** Reads many pages in two statements, as each of them alone costs a round trip. */
export function createCatchUps(
  database: Database,
  { conversation, message, key }: LogTables,
): MessageLog<never>['catchUps'] {
  async function headsOf(manager: EntityManager, ids: readonly number[]): Promise<Map<number, Row>> {
    const sql = `SELECT id, lastSeq, hotFromSeq FROM ${conversation} WHERE id IN (${ids.map(() => '?').join()})`;
    return new Map((await manager.query<Row[]>(sql, [...ids])).map((row) => [Number(row.id), row]));
  }

  /** By conversation, ascending. */
  async function rowsOf(manager: EntityManager, ranges: ReadonlyMap<CatchUp, Range>): Promise<Map<number, Row[]>> {
    const found = new Map<number, Row[]>();
    if (ranges.size === 0) return found;
    const params = [...ranges].flatMap(([{ conversationId }, { from, to }]) => [conversationId, from, to]);
    const where = Array<string>(ranges.size).fill(`(${key} = ? AND seq BETWEEN ? AND ?)`).join(' OR ');
    const sql = `SELECT ${key}, ${messageColumns} FROM ${message} WHERE ${where}`;
    for (const row of await manager.query<Row[]>(sql, params)) {
      const id = Number(row[key]);
      const rows = found.get(id);
      if (rows === undefined) found.set(id, [row]);
      else rows.push(row);
    }
    for (const rows of found.values()) rows.sort((a, b) => Number(a.seq) - Number(b.seq));
    return found;
  }

  return async (asks) => {
    if (asks.length === 0) return [];
    const { ranges, rows } = await database.read(async (manager) => {
      const heads = await headsOf(manager, [...new Set(asks.map(({ conversationId }) => conversationId))]);
      const ranges = rangesOf(asks, heads);
      return { ranges, rows: await rowsOf(manager, ranges) };
    });
    let room = pageBytes + pageFrame;
    return asks.map((ask): Page | 'alone' => {
      const range = ranges.get(ask);
      if (range === undefined) return 'alone';
      const { from, to, lastSeq } = range;
      const found = (rows.get(ask.conversationId) ?? []).filter(({ seq }) => Number(seq) >= from && Number(seq) <= to);
      // They were evicted meanwhile, or there is a hole.
      if (found.length !== to - from + 1) return 'alone';
      const messages = fit(
        found.map((row) => toMessage(ask.conversationId, row)),
        true,
      );
      const bytes = messages.reduce((sum, one) => sum + jsonBytes(one), pageFrame);
      if (bytes > room) return 'alone';
      room -= bytes;
      return { messages, more: (messages.at(-1)?.seq ?? lastSeq) < lastSeq };
    });
  };
}

/** What each asks for, where all of it was hot when the heads were read, as far as there is room. */
function rangesOf(asks: readonly CatchUp[], heads: ReadonlyMap<number, Row>): Map<CatchUp, Range> {
  const ranges = new Map<CatchUp, Range>();
  let room = mostRows;
  for (const ask of asks) {
    const head = heads.get(ask.conversationId);
    if (head === undefined) continue;
    const lastSeq = Number(head.lastSeq);
    const from = ask.afterSeq + 1;
    const to = Math.max(Math.min(ask.afterSeq + ask.limit, lastSeq), ask.afterSeq);
    if (from < Number(head.hotFromSeq) || to - ask.afterSeq > room) continue;
    room -= to - ask.afterSeq;
    ranges.set(ask, { from, to, lastSeq });
  }
  return ranges;
}
