import { type Dialect, type Param, values } from '@teahouse/service-kit/database';

/** What the log's statements spell differently in each dialect. SQLite has one writer, so its rows need no locks. */
export interface Words {
  /** Follows a table's name. With few rows MariaDB prefers a full scan to `id IN (…)`, and would lock every row of it. */
  readonly byPrimaryKey: string;
  /** Ends a SELECT that locks what it finds and leaves out what is locked elsewhere. */
  readonly lockFree: string;
  /** Ends a SELECT that locks what it finds and waits for what is locked elsewhere. */
  readonly lockAll: string;
}

const mysql: Words = {
  byPrimaryKey: ' FORCE INDEX (PRIMARY)',
  lockFree: ' FOR UPDATE SKIP LOCKED',
  lockAll: ' FOR UPDATE',
};
const sqlite: Words = { byPrimaryKey: '', lockFree: '', lockAll: '' };

export function wordsOf(dialect: Dialect): Words {
  return dialect === 'sqlite' ? sqlite : mysql;
}

/** Column type of texts of up to 64 KiB of UTF-8, kept and compared as they are. */
export function wideText(dialect: Dialect): string {
  return dialect === 'sqlite' ? 'TEXT' : 'TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
}

/** The right side of `(a, b) IN …` for a list of pairs, which must not be empty. */
export function pairs(dialect: Dialect, list: readonly (readonly [Param, Param])[]): { sql: string; params: Param[] } {
  const { sql, params } = values(list);
  return { sql: dialect === 'sqlite' ? `(VALUES ${sql})` : `(${sql})`, params };
}
