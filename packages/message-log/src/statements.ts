import { type Dialect, list, type Param, type Row, type Statement } from '@teahouse/service-kit/database';
import { pairs, wordsOf } from './dialect.js';
import { secondOf } from './moved.js';
import { contentHash } from './plan.js';
import { messageColumns } from './rows.js';
import type { Draft, LogRules, LogTables, StoredBatch } from './types.js';

/** The statements of the append path. Values always go through placeholders; names come from our own code. */
export interface Statements {
  /** Locks these conversations in id order; those locked elsewhere are left out, or waited for. */
  lock(ids: readonly number[], waits: boolean): Statement;
  /** Which of these conversations exist, whoever has them locked. */
  exist(ids: readonly number[]): Statement;
  /** Locks these conversations, and fails unless all are free, their `lastSeq` is what these rows say, and `foreseen` holds. */
  unmoved(rows: readonly Row[]): Statement;
  /** What was sent before under the drafts' `clientId`s; undefined where no draft has one. */
  sent(drafts: readonly Draft[]): Statement | undefined;
  /** Everything to store, as one transaction's statements up to COMMIT. */
  store(batches: readonly StoredBatch[], now: number): Statement[];
}

/**
 * The largest BIGINT. More than nothing added to it is an error (1690), and a server leaves out the rest of a packet after
 * an error: so a SELECT can decide whether what follows is done, in MySQL and in MariaDB. It goes into a variable, so that
 * it returns no rows.
 */
const overflow = '9223372036854775807';

export function createStatements(
  dialect: Dialect,
  tables: LogTables,
  { columns, assigns, foreseen }: Pick<LogRules<Draft>, 'columns' | 'assigns' | 'foreseen'>,
): Statements {
  const { byPrimaryKey, lockFree, lockAll } = wordsOf(dialect);
  const conversation = `${tables.conversation}${byPrimaryKey}`;
  const lockColumns = ['id', 'lastSeq', ...columns].join(', ');
  const insertMessages = `INSERT INTO ${tables.message} (${tables.key}, ${messageColumns}) VALUES `;
  const insertSent = `INSERT INTO ${tables.sent} (fromUserId, clientId, conversationId, seq, id, createTime, contentHash) VALUES `;

  const messages = (batches: readonly StoredBatch[]): Statement => {
    const params: Param[] = [];
    for (const { conversationId, messages } of batches) {
      for (const { seq, id, from, content, clientId, createTime } of messages) {
        params.push(conversationId, seq, id, from, content, clientId ?? null, createTime);
      }
    }
    return { sql: insertMessages + rows('(?,?,?,?,?,0,NULL,?,?,0)', params.length / 7), params };
  };

  const sent = (batches: readonly StoredBatch[]): Statement | undefined => {
    const params: Param[] = [];
    for (const { conversationId, messages } of batches) {
      for (const { seq, id, from, content, clientId, createTime } of messages) {
        if (clientId !== undefined)
          params.push(from, clientId, conversationId, seq, id, createTime, contentHash(content));
      }
    }
    return params.length === 0 ? undefined : { sql: insertSent + rows('(?,?,?,?,?,?,?)', params.length / 7), params };
  };

  // One UPDATE for all conversations that change alike: a CASE over all of them costs their square. `lastSeq` comes last, as
  // MySQL's assignments see what those before them did.
  const heads = (batches: readonly StoredBatch[], now: number): Statement[] => {
    const alike = new Map<string, number[]>();
    for (const batch of batches) {
      const changes = [...(assigns?.(batch) ?? []), `lastSeq = lastSeq + ${batch.messages.length}`].join(', ');
      const ids = alike.get(changes);
      if (ids) ids.push(batch.conversationId);
      else alike.set(changes, [batch.conversationId]);
    }
    return [...alike].map(([changes, ids]) => {
      const { sql, params } = list(ids);
      return {
        sql: `UPDATE ${conversation} SET ${changes}, movedAt = ?, movedSecond = ? WHERE id IN ${sql}`,
        params: [now, secondOf(now), ...params],
      };
    });
  };

  return {
    lock(ids, waits) {
      const { sql, params } = list(ids);
      const words = waits ? lockAll : lockFree;
      return { sql: `SELECT ${lockColumns} FROM ${conversation} WHERE id IN ${sql} ORDER BY id${words}`, params };
    },
    exist(ids) {
      const { sql, params } = list(ids);
      return { sql: `SELECT id FROM ${conversation} WHERE id IN ${sql}`, params };
    },
    unmoved(found) {
      const rows = [...found].sort((a, b) => Number(a.id) - Number(b.id));
      const ids = list(rows.map(({ id }) => Number(id)));
      const as = pairs(
        dialect,
        rows.map(({ id, lastSeq }) => [Number(id), Number(lastSeq)]),
      );
      return {
        sql: `SELECT ${overflow} + (COUNT(*) <> ?) INTO @unmoved FROM ${conversation} WHERE id IN ${ids.sql} AND (id, lastSeq) IN ${as.sql} AND ${foreseen}${lockFree}`,
        params: [rows.length, ...ids.params, ...as.params],
      };
    },
    sent(drafts) {
      const keys: [number, string][] = [];
      for (const { from, clientId } of drafts) if (clientId !== undefined) keys.push([from, clientId]);
      if (keys.length === 0) return undefined;
      const { sql, params } = pairs(dialect, keys);
      return {
        sql: `SELECT fromUserId, clientId, conversationId, seq, id, createTime, contentHash FROM ${tables.sent}${byPrimaryKey}
          WHERE (fromUserId, clientId) IN ${sql}`,
        params,
      };
    },
    store(batches, now) {
      const remember = sent(batches);
      return [messages(batches), ...(remember ? [remember] : []), ...heads(batches, now)];
    },
  };
}

const rows = (row: string, count: number): string => `${`${row},`.repeat(count - 1)}${row}`;
