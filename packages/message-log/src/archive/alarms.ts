import type { Log } from '@teahouse/service-kit';
import type { Database, Row } from '@teahouse/service-kit/database';
import type { LogTables } from '../types.js';
import { archiveTablesOf } from './tables.js';

/**
 * Why a conversation's archiving and eviction have stopped. `conflict`: the archive holds another message under the same
 * `seq`, as after an old backup was restored. `hole`: a message is not in the hot database though it should be.
 */
export type AlarmReason = 'conflict' | 'hole';

export interface Alarm {
  readonly conversationId: number;
  readonly seq: number;
  readonly reason: AlarmReason;
  /** Milliseconds since 1970, UTC. */
  readonly foundAt: number;
}

/** Conversations that wait for an operator, kept in the hot database, so that every instance leaves them alone. */
export class Alarms {
  readonly #table: string;
  readonly #key: string;

  constructor(
    private readonly database: Database,
    tables: LogTables,
    private readonly log: Log,
  ) {
    this.#table = archiveTablesOf(tables).alarm;
    this.#key = tables.key;
  }

  async raise(conversationId: number, seq: number, reason: AlarmReason): Promise<void> {
    this.log.error({ conversationId, seq, reason }, 'archiving and eviction of a conversation have stopped');
    const ignore = this.database.dialect === 'sqlite' ? 'OR IGNORE' : 'IGNORE';
    const sql = `INSERT ${ignore} INTO ${this.#table} (${this.#key}, seq, reason, foundAt) VALUES (?, ?, ?, ?)`;
    await this.database.transaction((manager) => manager.query(sql, [conversationId, seq, reason, Date.now()]));
  }

  async clear(conversationId: number): Promise<void> {
    const sql = `DELETE FROM ${this.#table} WHERE ${this.#key} = ?`;
    await this.database.transaction((manager) => manager.query(sql, [conversationId]));
  }

  async count(): Promise<number> {
    const [row] = await this.#query(`SELECT COUNT(*) AS n FROM ${this.#table}`);
    return Number(row?.n);
  }

  /** The oldest, `limit` at most. */
  async list(limit: number): Promise<Alarm[]> {
    const sql = `SELECT ${this.#key} AS id, seq, reason, foundAt FROM ${this.#table} ORDER BY foundAt LIMIT ${limit}`;
    return (await this.#query(sql)).map((row) => ({
      conversationId: Number(row.id),
      seq: Number(row.seq),
      reason: row.reason as AlarmReason,
      foundAt: Number(row.foundAt),
    }));
  }

  #query(sql: string): Promise<Row[]> {
    return this.database.read((manager) => manager.query<Row[]>(sql));
  }
}
