import type { Row } from '@teahouse/service-kit/database';
import { copy } from '../archive/copy.js';
import type { Remote } from '../archive/remote.js';
import { archiveTablesOf } from '../archive/tables.js';
import { columnsOfMessage as columns, messageColumns } from '../rows.js';
import type { Tools } from './tools.js';

/** Messages compared at once. */
const step = 500;
/** Looks at one stretch while the service changes it; what two of them find in a row is so. */
const looks = 5;

export interface Finding {
  readonly conversationId: number;
  readonly seq: number;
  readonly problem: 'conflict' | 'hole' | 'lost';
}

type Found = Omit<Finding, 'conversationId'>;

interface Head {
  readonly lastSeq: number;
  readonly hotFromSeq: number;
  readonly archivedThroughSeq: number;
}

/** Compares one conversation after the other. */
export class Verifier {
  compared = 0;
  repaired = 0;
  readonly #head: string;
  readonly #hot: string;
  readonly #archived: string;
  readonly #ahead: string;
  readonly #noted: string;

  constructor(
    private readonly tools: Tools,
    private readonly remote: Remote,
  ) {
    const { conversation, message, key } = tools.tables;
    const { archive, recall } = archiveTablesOf(tools.tables);
    const range = `WHERE ${key} = ? AND seq BETWEEN ? AND ?`;
    this.#head = `SELECT lastSeq, hotFromSeq, archivedThroughSeq FROM ${conversation} WHERE id = ?`;
    this.#hot = `SELECT ${messageColumns} FROM ${message} ${range} ORDER BY seq`;
    this.#archived = `SELECT ${messageColumns} FROM ${archive} ${range} ORDER BY seq`;
    this.#ahead = `SELECT MIN(seq) AS seq FROM ${archive} WHERE ${key} = ? AND seq > ?`;
    this.#noted = `SELECT seq FROM ${recall} ${range}`;
  }

  /** The first problem of each kind in each stretch. */
  async check(conversationId: number): Promise<Finding[]> {
    const findings: Finding[] = [];
    const { lastSeq } = await this.#read(conversationId);
    for (let from = 1; from <= lastSeq; from += step) {
      const found = await this.#stretch(conversationId, from, Math.min(lastSeq, from + step - 1));
      if (found) findings.push({ conversationId, ...found });
    }
    const ahead = await this.#ask(this.#ahead, conversationId, lastSeq);
    const seq = Number(ahead[0]?.seq ?? 0);
    // What was said meanwhile may be archived already.
    if (seq > (await this.#read(conversationId)).lastSeq) findings.push({ conversationId, seq, problem: 'conflict' });
    return findings;
  }

  /** Looks again at what seems wrong: a recall or an eviction may have come between the reads of one look. */
  async #stretch(conversationId: number, from: number, to: number): Promise<Found | undefined> {
    let found: Found | undefined;
    for (let look = 1; look <= looks; look++) {
      const before = found;
      found = await this.#look(conversationId, from, to);
      if (!found || (found.seq === before?.seq && found.problem === before.problem)) break;
    }
    this.compared += to - from + 1;
    return found;
  }

  async #look(conversationId: number, from: number, to: number): Promise<Found | undefined> {
    const head = await this.#read(conversationId);
    const noted = new Set((await this.#local(this.#noted, conversationId, from, to)).map(({ seq }) => Number(seq)));
    const known = bySeq(await this.#local(this.#hot, conversationId, from, to));
    const archived = bySeq(await this.#ask(this.#archived, conversationId, from, to));
    const missing: Row[] = [];
    for (let seq = from; seq <= to; seq++) {
      const [here, there] = [known.get(seq), archived.get(seq)];
      if (seq >= head.hotFromSeq && !here) return { seq, problem: 'hole' };
      if (here && there && differ(here, there, noted.has(seq))) return { seq, problem: 'conflict' };
      if (!there && seq <= head.archivedThroughSeq) {
        if (!here) return { seq, problem: 'lost' };
        missing.push(here);
      }
    }
    if (missing.length > 0) await this.#repair(conversationId, missing);
    return undefined;
  }

  async #repair(conversationId: number, rows: Row[]): Promise<void> {
    for (const row of rows) await copy(this.remote, this.tools.tables, [{ conversationId, rows: [row] }]);
    this.repaired += rows.length;
  }

  async #read(conversationId: number): Promise<Head> {
    const [row] = await this.#local(this.#head, conversationId);
    return {
      lastSeq: Number(row?.lastSeq ?? 0),
      hotFromSeq: Number(row?.hotFromSeq ?? 1),
      archivedThroughSeq: Number(row?.archivedThroughSeq ?? 0),
    };
  }

  #local(sql: string, ...params: number[]): Promise<Row[]> {
    return this.tools.database.read((manager) => manager.query<Row[]>(sql, params));
  }

  async #ask(sql: string, ...params: number[]): Promise<Row[]> {
    const [rows = []] = await this.remote.write((run) => run([{ sql, params }]));
    return rows;
  }
}

const bySeq = (rows: readonly Row[]) => new Map(rows.map((row) => [Number(row.seq), row]));

/** A recall that is still on its way into the archive makes no difference. */
function differ(here: Row, there: Row, noted: boolean): boolean {
  const onItsWay = noted && here.recalled === 1 && there.recalled === 0;
  return columns.some((column) => {
    if (onItsWay && (column === 'content' || column === 'recalled')) return false;
    return here[column] !== there[column];
  });
}
