import type { Log } from '@teahouse/service-kit';
import type { Database, Param, Row, Session } from '@teahouse/service-kit/database';
import { messageColumns } from '../rows.js';
import type { LogTables } from '../types.js';
import type { Alarms } from './alarms.js';
import type { Between } from './archiver.js';
import { compare, copy } from './copy.js';
import type { Remote } from './remote.js';
import { archiveTablesOf, nothingEvictable } from './tables.js';

/** Rows of one DELETE: small ones hold the conversation's row briefly. */
const stepRows = 500;
/** Conversations looked up at once. */
const pageSize = 50;

export interface RetentionOptions {
  readonly database: Database;
  readonly session: Promise<Session>;
  readonly remote: Remote;
  readonly tables: LogTables;
  readonly alarms: Alarms;
  readonly log: Log;
  /** Hears of each step how many messages went. */
  readonly onEvicted: (count: number) => void;
}

interface Candidate {
  readonly id: number;
  readonly since: number;
}

/**
 * Takes messages out of the hot database, oldest first. Before each step the archive is asked whether it holds exactly
 * these; `hotFromSeq` moves in the transaction that deletes. Several instances may do so at once.
 *
 * `evictableSince` of a conversation is not later than its oldest hot message that is archived, so that the index over it
 * leads to what should go first, without a look at the messages of all the others.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #candidates: string;
  readonly #head: string;
  readonly #oldest: string;
  readonly #whole: string;
  readonly #lock: string;
  readonly #delete: string;
  readonly #moveStart: string;
  readonly #count: string;
  readonly #correct: string;

  constructor(options: RetentionOptions) {
    this.#options = options;
    const { conversation, message, key } = options.tables;
    const { alarm, keeping } = archiveTablesOf(options.tables);
    const forUpdate = options.database.dialect === 'sqlite' ? '' : ' FOR UPDATE';
    this.#candidates = `SELECT id, evictableSince FROM ${conversation}
      WHERE evictableSince < ? AND (evictableSince > ? OR (evictableSince = ? AND id > ?))
      AND id NOT IN (SELECT ${key} FROM ${alarm}) ORDER BY evictableSince, id LIMIT ${pageSize}`;
    this.#head = `SELECT hotFromSeq, archivedThroughSeq, evictableSince FROM ${conversation} WHERE id = ?`;
    this.#oldest = `SELECT m.seq, m.id, m.createTime FROM ${conversation} c JOIN ${message} m ON m.${key} = c.id
      AND m.seq BETWEEN c.hotFromSeq AND c.archivedThroughSeq WHERE c.id = ? ORDER BY m.seq LIMIT ${stepRows + 1}`;
    this.#whole = `SELECT ${messageColumns} FROM ${message} WHERE ${key} = ? AND seq BETWEEN ? AND ? ORDER BY seq`;
    this.#lock = `${this.#head}${forUpdate}`;
    this.#delete = `DELETE FROM ${message} WHERE ${key} = ? AND seq BETWEEN ? AND ?`;
    this.#moveStart = `UPDATE ${conversation} SET hotFromSeq = ?, evictableSince = ? WHERE id = ?`;
    this.#count = `UPDATE ${keeping} SET evicted = evicted + ? WHERE id = 1`;
    this.#correct = `UPDATE ${conversation} SET evictableSince = ? WHERE id = ? AND evictableSince = ? AND hotFromSeq = ?`;
  }

  /** Evicts what was created before `before` (unix milliseconds). */
  async byAge(before: number, between: Between): Promise<void> {
    for (let page = await this.#find(before); page.length > 0; page = await this.#find(before, page.at(-1))) {
      for (const { id } of page) {
        do await between();
        while ((await this.#evict(id, before, stepRows)) === stepRows);
      }
    }
  }

  /**
   * Evicts `excess` of the oldest, or all that the archive has. Messages count as equally old where their ages differ by
   * a sixteenth, so that conversations that go on side by side are not taken apart message by message.
   */
  async byCount(excess: number, between: Between): Promise<void> {
    let passed: Candidate | undefined;
    for (let left = excess; left > 0; ) {
      await between();
      const [first, second] = await this.#find(nothingEvictable, passed);
      if (!first) return;
      const before = second ? second.since + (Date.now() - second.since) / 16 + 1 : nothingEvictable;
      const gone = await this.#evict(first.id, before, Math.min(stepRows, left));
      left -= gone;
      // What can be evicted comes again, with a later time; what cannot, at present, is passed by.
      if (gone === 0) passed = first;
    }
  }

  async #find(before: number, after: Candidate = { id: 0, since: -1 }): Promise<Candidate[]> {
    const params = [before, after.since, after.since, after.id];
    const rows = await this.#options.database.read((manager) => manager.query<Row[]>(this.#candidates, params));
    return rows.map((row) => ({ id: Number(row.id), since: Number(row.evictableSince) }));
  }

  /** Evicts at most `count` of a conversation's oldest messages, those created before `before`; how many went. */
  async #evict(id: number, before: number, count: number): Promise<number> {
    const seen = await this.#look(id);
    if (!seen) return 0;
    const { head, rows } = seen;
    const stays = rows.findIndex((row, i) => i === count || Number(row.createTime) >= before);
    const going = stays < 0 ? rows.slice(0, count) : rows.slice(0, stays);
    const next = rows[going.length];
    const hotFromSeq = Number(head.hotFromSeq);
    if (going.length === 0) {
      const since = next ? Number(next.createTime) : nothingEvictable;
      if (since !== Number(head.evictableSince))
        await this.#run([this.#correct, [since, id, Number(head.evictableSince), hotFromSeq]]);
      return 0;
    }
    if (!(await this.#holds(id, going))) return 0;
    return this.#remove(id, hotFromSeq, going, next);
  }

  /** The conversation's row and its oldest messages that are archived; undefined, and an alarm, where one is missing. */
  async #look(id: number): Promise<{ head: Row; rows: Row[] } | undefined> {
    for (let before: unknown; ; ) {
      const [[head] = [], rows = []] = await this.#run([this.#head, [id]], [this.#oldest, [id]]);
      if (!head) return undefined;
      const first = Number(head.hotFromSeq);
      const hole = rows.findIndex((row, i) => Number(row.seq) !== first + i);
      const none = rows.length === 0 && Number(head.archivedThroughSeq) >= first;
      if (hole < 0 && !none) return { head, rows };
      // Where another instance evicted between the two statements, the row tells so the next time.
      if (before === head.hotFromSeq) {
        await this.#options.alarms.raise(id, first + Math.max(0, hole), 'hole');
        return undefined;
      }
      before = head.hotFromSeq;
    }
  }

  /** Whether the archive holds these messages. It gets them again where it lost them; an alarm where it holds others. */
  async #holds(id: number, rows: readonly Row[]): Promise<boolean> {
    const { remote, tables, alarms, log } = this.#options;
    const wrong = await compare(remote, tables, [{ conversationId: id, rows }]);
    if (wrong.size === 0) return true;
    const [whole = []] = await this.#run([this.#whole, [id, Number(rows[0]?.seq), Number(rows.at(-1)?.seq)]]);
    log.warn({ conversationId: id, seq: wrong.get(id) }, 'the archive has lost messages, which it gets again');
    const conflict = (await copy(remote, tables, [{ conversationId: id, rows: whole }])).get(id);
    if (conflict === undefined) return whole.length === rows.length;
    await alarms.raise(id, conflict, 'conflict');
    return false;
  }

  async #remove(id: number, first: number, going: readonly Row[], next: Row | undefined): Promise<number> {
    const session = await this.#options.session;
    const last = going.at(-1) as Row;
    const through = Number(last.seq);
    const gone = await session.exclusive(async (run) => {
      const [, [head] = []] = await run([{ sql: session.begin }, { sql: this.#lock, params: [id] }]);
      if (Number(head?.hotFromSeq) !== first) {
        await run([{ sql: 'ROLLBACK' }]);
        return 0;
      }
      const rest = Number(head?.archivedThroughSeq) > through;
      const since = rest ? Number((next ?? last).createTime) : nothingEvictable;
      await run([
        { sql: this.#delete, params: [id, first, through] },
        { sql: this.#moveStart, params: [through + 1, since, id] },
        { sql: this.#count, params: [going.length] },
        { sql: 'COMMIT' },
      ]);
      return going.length;
    });
    if (gone > 0) this.#options.onEvicted(gone);
    return gone;
  }

  async #run(...statements: readonly [string, readonly Param[]][]): Promise<Row[][]> {
    const session = await this.#options.session;
    return session.exclusive((run) => run(statements.map(([sql, params]) => ({ sql, params }))));
  }
}
