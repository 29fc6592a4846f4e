import { type Database, list, type Row, type Session, type Statement } from '@teahouse/service-kit/database';
import { wordsOf } from '../dialect.js';
import { messageColumns } from '../rows.js';
import type { LogTables } from '../types.js';
import type { Alarms } from './alarms.js';
import { copy, type Stretch } from './copy.js';
import type { Remote } from './remote.js';
import { archiveTablesOf } from './tables.js';

/** Conversations and messages of one step. Their rows are locked together for a moment, so that they are not too many. */
const stepConversations = 50;
const stepMessages = 1000;

/** How far each conversation should be archived: a `seq` that is known to be committed on disk. */
export type Targets = ReadonlyMap<number, number>;

export interface ArchiverOptions {
  readonly database: Database;
  readonly session: Promise<Session>;
  readonly remote: Remote;
  readonly tables: LogTables;
  readonly alarms: Alarms;
  /** Hears how many messages a step moved into the archive. */
  readonly onArchived: (count: number) => void;
}

/** Called between two steps; ends the work by throwing. */
export type Between = () => Promise<void>;

/**
 * Copies messages into the archive and moves `archivedThroughSeq`: forward only and without a hole, as it moves only over a
 * stretch that begins right behind it and that was read back from the archive. Killed anywhere, or done by several at
 * once, it is done again and changes nothing. Conversations with an alarm are left alone.
 */
export class Archiver {
  readonly #options: ArchiverOptions;
  readonly #heads: string;
  readonly #alarmed: string;
  readonly #range: string;
  readonly #lock: string;
  readonly #move: string;

  constructor(options: ArchiverOptions) {
    this.#options = options;
    const { conversation, message, key } = options.tables;
    const locked = `${conversation}${wordsOf(options.database.dialect).byPrimaryKey}`;
    const forUpdate = options.database.dialect === 'sqlite' ? '' : ' FOR UPDATE';
    this.#heads = `SELECT id, lastSeq, archivedThroughSeq FROM ${locked} WHERE id IN `;
    this.#alarmed = `SELECT ${key} AS id FROM ${archiveTablesOf(options.tables).alarm} WHERE ${key} IN `;
    this.#range = `SELECT ${messageColumns} FROM ${message} WHERE ${key} = ? AND seq BETWEEN ? AND ? ORDER BY seq`;
    // All rows at once, so that a busy lane is met once and not once a row.
    this.#lock = `SELECT id FROM ${locked} WHERE id IN %s ORDER BY id${forUpdate}`;
    this.#move = `UPDATE ${conversation} SET archivedThroughSeq = ?,
      evictableSince = CASE WHEN evictableSince > ? THEN ? ELSE evictableSince END
      WHERE id = ? AND archivedThroughSeq >= ? AND archivedThroughSeq < ?`;
  }

  /** Resolves when all of it is archived, or has an alarm, or does not exist; rejects with the first failure. */
  async archive(targets: Targets, between: Between): Promise<void> {
    const left = new Map(targets);
    while (left.size > 0) {
      await between();
      await this.#step(left);
    }
  }

  /** Archives some of what is left, and takes out of `left` what needs no more. */
  async #step(left: Map<number, number>): Promise<void> {
    const { remote, tables, alarms } = this.#options;
    const ids = [...left.keys()].slice(0, stepConversations);
    const wanted = await this.#plan(ids, left);
    const stretches: Stretch[] = [];
    for (const stretch of await this.#read(wanted)) {
      const { conversationId, from, to, rows } = stretch;
      const hole = rows.findIndex((row, i) => Number(row.seq) !== from + i);
      const first = hole >= 0 ? from + hole : from + rows.length;
      if (first > to) stretches.push(stretch);
      // Another instance may have archived it meanwhile, and evicted it.
      else if (!(await this.#isArchived(conversationId, first))) {
        await alarms.raise(conversationId, first, 'hole');
        left.delete(conversationId);
      }
    }
    if (stretches.length === 0) return;
    const conflicts = await copy(remote, tables, stretches);
    for (const [conversationId, seq] of conflicts) {
      await alarms.raise(conversationId, seq, 'conflict');
      left.delete(conversationId);
    }
    await this.#moveAll(stretches.filter(({ conversationId }) => !conflicts.has(conversationId)));
  }

  async #plan(ids: readonly number[], left: Map<number, number>) {
    const wanted = list(ids);
    const [heads = [], alarmed = []] = await this.#run([
      { sql: `${this.#heads}${wanted.sql}`, params: wanted.params },
      { sql: `${this.#alarmed}${wanted.sql}`, params: wanted.params },
    ]);
    const alarms = new Set(alarmed.map((row) => Number(row.id)));
    const known = new Map(heads.map((row) => [Number(row.id), row]));
    const ranges: { conversationId: number; from: number; to: number }[] = [];
    let room = stepMessages;
    for (const id of ids) {
      const head = known.get(id);
      const from = Number(head?.archivedThroughSeq) + 1;
      const through = Math.min(left.get(id) ?? 0, Number(head?.lastSeq));
      if (!head || alarms.has(id) || from > through) left.delete(id);
      else if (room > 0) {
        const to = Math.min(through, from + room - 1);
        room -= to - from + 1;
        ranges.push({ conversationId: id, from, to });
      }
    }
    return ranges;
  }

  async #read(ranges: readonly { conversationId: number; from: number; to: number }[]) {
    if (ranges.length === 0) return [];
    const found = await this.#run(
      ranges.map(({ conversationId, from, to }) => ({ sql: this.#range, params: [conversationId, from, to] })),
    );
    return ranges.map((range, i) => ({ ...range, rows: found[i] ?? [] }));
  }

  async #isArchived(conversationId: number, seq: number): Promise<boolean> {
    const { sql, params } = list([conversationId]);
    const [heads = []] = await this.#run([{ sql: `${this.#heads}${sql}`, params }]);
    return Number(heads[0]?.archivedThroughSeq) >= seq;
  }

  async #moveAll(stretches: readonly Stretch[]): Promise<void> {
    if (stretches.length === 0) return;
    const session = await this.#options.session;
    const ordered = [...stretches].sort((a, b) => a.conversationId - b.conversationId);
    const ids = list(ordered.map(({ conversationId }) => conversationId));
    const moves = ordered.map(({ conversationId, rows }): Statement => {
      const [first, last] = [rows[0], rows.at(-1)] as [Row, Row];
      const since = Number(first.createTime);
      const [from, to] = [Number(first.seq), Number(last.seq)];
      return { sql: this.#move, params: [to, since, since, conversationId, from - 1, to] };
    });
    await session.exclusive((run) =>
      run([
        { sql: session.begin },
        { sql: this.#lock.replace('%s', ids.sql), params: ids.params },
        ...moves,
        { sql: 'COMMIT' },
      ]),
    );
    this.#options.onArchived(stretches.reduce((sum, { rows }) => sum + rows.length, 0));
  }

  async #run(statements: readonly Statement[]): Promise<Row[][]> {
    const session = await this.#options.session;
    return session.exclusive((run) => run(statements));
  }
}
