import {
  archiveMigration,
  type Draft,
  type LogOptions,
  type LogRules,
  logMigration,
  type MessageLog,
  movedSecondMigration,
  openLog,
  type StoredBatch,
} from '@teahouse/message-log';
import { createLog, type Log } from '@teahouse/service-kit';
import { type Database, ddl, dialectOf, openDatabase, type Row } from '@teahouse/service-kit/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export const tables = { conversation: 'room', message: 'room_message', key: 'roomId', sent: 'room_sent_id' };

/** A smallest chat: rooms that are open or closed, and people who are silenced everywhere. */
class CreateRoom1700000000000 implements MigrationInterface {
  name = 'CreateRoom1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    const { id, int, bigint, tableOptions } = ddl(dialectOf(runner));
    await runner.query(
      `CREATE TABLE room (id ${id}, closed ${int} NOT NULL DEFAULT 0, readBy ${bigint} NOT NULL DEFAULT 0) ${tableOptions}`,
    );
    await runner.query(`CREATE TABLE silenced (userId ${bigint} NOT NULL PRIMARY KEY) ${tableOptions}`);
    await logMigration(tables).up(runner);
    await archiveMigration(tables).up(runner);
    await movedSecondMigration(tables).up(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await movedSecondMigration(tables).down(runner);
    await archiveMigration(tables).down(runner);
    await logMigration(tables).down(runner);
    await runner.query('DROP TABLE silenced');
    await runner.query('DROP TABLE room');
  }
}

export const rules: LogRules<Draft> = {
  columns: ['closed'],
  reads: (drafts) => {
    const people = drafts.map(({ from }) => from);
    return [{ sql: `SELECT userId FROM silenced WHERE userId IN (${people.map(() => '?').join()})`, params: people }];
  },
  // Who silences somebody moves `lastSeq`, too.
  foreseen: 'closed = 0',
  judge(rows, rooms) {
    const silenced = new Set((rows[0] ?? []).map((row) => row.userId));
    return (draft) => {
      if (rooms.get(draft.conversationId)?.closed === 1) return 'GROUP_DISSOLVED';
      return silenced.has(draft.from) ? 'MEMBER_MUTED' : undefined;
    };
  },
  missing: 'NOT_FOUND',
};

export interface Chat {
  readonly database: Database;
  readonly log: MessageLog<Draft>;
  /** Everything that was published, in order. */
  readonly published: StoredBatch[];
  /** Every line that was logged at `warn` or above. */
  readonly lines: string[];
  readonly logger: Log;
  query(sql: string, params?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

function recorder(lines: string[]): Log {
  return createLog({ name: 'test', level: 'warn' }, { write: (line: string) => void lines.push(line) });
}

export interface ChatOptions extends Partial<Omit<LogOptions<Draft>, 'archive'>> {
  readonly rooms?: number;
  readonly timeoutMs?: number;
  readonly archive?: (database: Database, log: Log) => Promise<LogOptions<Draft>['archive']>;
}

/** One instance with `rooms` rooms, 1 to n, made by the first one. */
export async function openChat(url: string, options: ChatOptions = {}): Promise<Chat> {
  const lines: string[] = [];
  const published: StoredBatch[] = [];
  const log = recorder(lines);
  const { rooms = 0, timeoutMs = 1800, archive: openArchive, ...rest } = options;
  const database = await openDatabase({
    url,
    entities: [],
    migrations: [CreateRoom1700000000000],
    name: 'test',
    log,
    timeoutMs,
  });
  const query = (sql: string, params: unknown[] = []) => database.read((manager) => manager.query<Row[]>(sql, params));
  for (let id = 1; id <= rooms; id++) await query('INSERT INTO room (id) VALUES (?)', [id]);
  const archive = await openArchive?.(database, log).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  const messageLog = openLog<Draft>({
    database,
    tables,
    rules,
    log,
    onStored: (batches) => published.push(...batches),
    archive,
    ...rest,
  });
  return {
    database,
    log: messageLog,
    published,
    lines,
    logger: log,
    query,
    async close() {
      await messageLog.close();
      await archive?.close();
      await database.close();
    },
  };
}

export function draft(from: number, conversationId: number, content: string, clientId?: string): Draft {
  const base = { from, conversationId, content, connectionId: `c${from}` };
  return clientId === undefined ? base : { ...base, clientId };
}

export const soon = (ms = 5000): number => Date.now() + ms;

/** What a result is, in a word: a seq, `7 again`, or a code. */
export function word(result: Awaited<ReturnType<MessageLog<Draft>['append']>>[number] | undefined): string | number {
  if (result === undefined) return 'nothing';
  if (result instanceof Error) return result.code;
  return result.duplicate ? `${result.seq} again` : result.seq;
}

export async function say(chat: Chat, drafts: readonly Draft[], deadline = soon()): Promise<(string | number)[]> {
  return (await chat.log.append(drafts, deadline)).map(word);
}
