import { type Notice, TeahouseError } from '@teahouse/contracts';
import { type Dialect, type Param, type Row, values } from '@teahouse/service-kit/database';
import { uuidv7 } from 'uuidv7';
import { hideRecalled } from './archive/recalls.js';
import { archiveTablesOf } from './archive/tables.js';
import type { Clock } from './clock.js';
import { secondOf } from './moved.js';
import { messageColumns, toMessage } from './rows.js';
import type { Archive, Draft, LogTables, MessageLog, StoredMessage } from './types.js';

type Inside = Pick<MessageLog<Draft>, 'appendInside' | 'messageInside' | 'recallInside'>;

export interface InsideOptions {
  readonly tables: LogTables;
  readonly dialect: Dialect;
  readonly clock: Clock;
  readonly archive: Archive | undefined;
}

/** What verbs do to a log in transactions of their own, which hold the conversation's lock. */
export function createInside({ tables, dialect, clock, archive }: InsideOptions): Inside {
  const { conversation, message, key } = tables;
  const { recall } = archiveTablesOf(tables);
  const ignore = dialect === 'sqlite' ? 'OR IGNORE' : 'IGNORE';

  const appendInside: Inside['appendInside'] = async (manager, conversationId, notices) => {
    if (notices.length === 0) return [];
    const [row] = await manager.query<Row[]>(`SELECT lastSeq FROM ${conversation} WHERE id = ?`, [conversationId]);
    if (!row) throw new Error(`appendInside: there is no conversation ${conversationId}`);
    const lastSeq = Number(row.lastSeq);
    const createTime = clock();
    const stored = notices.map(({ from, notice, content = '' }, i): StoredMessage => {
      return {
        conversationId,
        seq: lastSeq + i + 1,
        id: uuidv7(),
        from,
        content,
        kind: 'notice',
        notice,
        createTime,
        recalled: false,
      };
    });
    const { sql, params } = values(
      stored.map((one): Param[] => [
        conversationId,
        one.seq,
        one.id,
        one.from,
        one.content,
        1,
        JSON.stringify(one.notice satisfies Notice | undefined),
        null,
        createTime,
        0,
      ]),
    );
    await manager.query(`INSERT INTO ${message} (${key}, ${messageColumns}) VALUES ${sql}`, params);
    await manager.query(`UPDATE ${conversation} SET lastSeq = ?, movedAt = ?, movedSecond = ? WHERE id = ?`, [
      lastSeq + stored.length,
      createTime,
      secondOf(createTime),
      conversationId,
    ]);
    return stored;
  };

  const messageInside: Inside['messageInside'] = async (manager, conversationId, seq) => {
    const [row] = await manager.query<Row[]>(`SELECT ${messageColumns} FROM ${message} WHERE ${key} = ? AND seq = ?`, [
      conversationId,
      seq,
    ]);
    if (row) return toMessage(conversationId, row);
    const [head] = await manager.query<Row[]>(`SELECT hotFromSeq FROM ${conversation} WHERE id = ?`, [conversationId]);
    if (!head || seq < 1 || seq >= Number(head.hotFromSeq)) return undefined;
    if (!archive) throw new TeahouseError('UNAVAILABLE');
    const noted = await manager.query<Row[]>(`SELECT seq FROM ${recall} WHERE ${key} = ? AND seq = ?`, [
      conversationId,
      seq,
    ]);
    const rows = await archive.read(conversationId, seq, seq);
    const [archived] = hideRecalled(rows, new Set(noted.map(() => seq)));
    return archived && toMessage(conversationId, archived);
  };

  const recallInside: Inside['recallInside'] = async (manager, conversationId, seq, by) => {
    await manager.query(`UPDATE ${message} SET content = '', recalled = 1 WHERE ${key} = ? AND seq = ?`, [
      conversationId,
      seq,
    ]);
    // Whether the archive has it already or will get it: the archiver may have read it a moment ago.
    await manager.query(`INSERT ${ignore} INTO ${recall} (${key}, seq) VALUES (?, ?)`, [conversationId, seq]);
    const [notice] = await appendInside(manager, conversationId, [
      { from: by, notice: { event: 'recalled', by, seq } },
    ]);
    return notice as StoredMessage;
  };

  return { appendInside, messageInside, recallInside };
}
