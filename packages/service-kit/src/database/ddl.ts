import type { QueryRunner } from 'typeorm';
import type { Dialect } from './types.js';

/** Column types of one dialect, so that a migration is written once for all. Add NOT NULL, DEFAULT and keys yourself. */
export interface Ddl {
  /** A whole column definition: the primary key that counts up by itself. */
  readonly id: string;
  /** 64 bits: ids, `seq`, times in milliseconds. */
  readonly bigint: string;
  readonly int: string;
  /** Up to `length` ASCII characters, compared as bytes: ids, hashes, tokens. */
  ascii(length: number): string;
  /** Up to `length` code points of any script, compared as they are. */
  text(length: number): string;
  /** As `text`, compared without case. SQLite ignores the case of A to Z only. */
  textIgnoringCase(length: number): string;
  /** Begins an INSERT, up to INTO, that leaves alone the rows that are there: a migration may be run again. */
  readonly insertNew: string;
  /** Follows the closing parenthesis of CREATE TABLE. */
  readonly tableOptions: string;
}

const mysql: Ddl = {
  id: 'BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY',
  bigint: 'BIGINT',
  int: 'INT',
  ascii: (length) => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`,
  text: (length) => `VARCHAR(${length}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  textIgnoringCase: (length) => `VARCHAR(${length}) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci`,
  insertNew: 'INSERT IGNORE',
  tableOptions: 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci',
};

const sqlite: Ddl = {
  id: 'INTEGER PRIMARY KEY AUTOINCREMENT',
  bigint: 'INTEGER',
  int: 'INTEGER',
  ascii: () => 'TEXT',
  text: () => 'TEXT',
  textIgnoringCase: () => 'TEXT COLLATE NOCASE',
  insertNew: 'INSERT OR IGNORE',
  tableOptions: '',
};

export function ddl(dialect: Dialect): Ddl {
  return dialect === 'sqlite' ? sqlite : mysql;
}

/** The dialect that a migration's query runner speaks. */
export function dialectOf(runner: QueryRunner): Dialect {
  const { type } = runner.dataSource.options;
  return type === 'mysql' || type === 'mariadb' ? type : 'sqlite';
}
