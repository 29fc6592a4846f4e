import { randomUUID } from 'node:crypto';
import type { Database, Row } from '@teahouse/service-kit/database';
import type { LogTables } from '../types.js';
import { archiveTablesOf } from './tables.js';

/** An instance that keeps house and says nothing for so long has lost the turn. Milliseconds. */
const holdMs = 15_000;
const renewMs = 5_000;

/** What the last round counted, for all instances, and when it was. */
export interface Counts {
  readonly hot: number;
  readonly unarchived: number;
  /** All rows that ever left the hot database. */
  readonly evicted: number;
  /** Milliseconds since 1970, UTC; 0 before the first round. */
  readonly roundAt: number;
}

/** The turn to keep house, and what came of it: one row of the hot database that all instances share. */
export class Keeping {
  readonly #database: Database;
  readonly #table: string;
  readonly #me = randomUUID();
  #renewedAt = 0;

  constructor(database: Database, tables: LogTables) {
    this.#database = database;
    this.#table = archiveTablesOf(tables).keeping;
  }

  async counts(): Promise<Counts> {
    const { hot, unarchived, evicted, roundAt } = await this.#row();
    return {
      hot: Number(hot),
      unarchived: Number(unarchived),
      evicted: Number(evicted),
      roundAt: Number(roundAt),
    };
  }

  /** Takes the turn where nobody has it and the last round is `sinceMs` ago. */
  async take(sinceMs: number): Promise<boolean> {
    const now = Date.now();
    await this.#set('holder = ?, heldUntil = ? WHERE id = 1 AND heldUntil <= ? AND roundAt <= ?', [
      this.#me,
      now + holdMs,
      now,
      now - sinceMs,
    ]);
    this.#renewedAt = performance.now();
    const row = await this.#row();
    return row.holder === this.#me && Number(row.heldUntil) > now;
  }

  /** To be called between the steps of a round. @throws where another instance has taken the turn over */
  async keep(): Promise<void> {
    if (performance.now() - this.#renewedAt < renewMs) return;
    await this.#set('heldUntil = ? WHERE id = 1 AND holder = ?', [Date.now() + holdMs, this.#me]);
    this.#renewedAt = performance.now();
    if ((await this.#row()).holder !== this.#me) throw new Error('another instance has taken over the housekeeping');
  }

  /** Gives the turn back. */
  async end(counted: { readonly hot: number; readonly unarchived: number } | undefined): Promise<void> {
    if (counted) {
      await this.#set('heldUntil = 0, roundAt = ?, hot = ?, unarchived = ? WHERE id = 1 AND holder = ?', [
        Date.now(),
        counted.hot,
        counted.unarchived,
        this.#me,
      ]);
    } else await this.#set('heldUntil = 0 WHERE id = 1 AND holder = ?', [this.#me]);
  }

  /** Everything that was read before is on disk once this resolves: a commit writes the log of all commits before it. */
  async fence(): Promise<void> {
    await this.#set('fence = fence + 1 WHERE id = 1', []);
  }

  async #row(): Promise<Row> {
    const [row] = await this.#database.read((manager) =>
      manager.query<Row[]>(`SELECT * FROM ${this.#table} WHERE id = 1`),
    );
    if (!row) throw new Error(`${this.#table} has lost its row`);
    return row;
  }

  async #set(assignments: string, params: readonly (string | number)[]): Promise<void> {
    await this.#database.transaction((manager) =>
      manager.query(`UPDATE ${this.#table} SET ${assignments}`, [...params]),
    );
  }
}
