import { createMemoryHub, type MemoryHub } from '@teahouse/bus';
import { openArchive } from '@teahouse/message-log';
import { createMetrics } from '@teahouse/service-kit';
import { type Database, openDatabase, type Row } from '@teahouse/service-kit/database';
import { eventually } from '@teahouse/test';
import type { Test } from 'tap';
import { type Chat, draft, openChat, say, soon, tables } from './chat.js';

export interface Addresses {
  readonly hot: string;
  readonly archive: string;
}

export interface StandOptions {
  readonly rooms?: number;
  /** The same for all stands that share a queue. */
  readonly hub?: MemoryHub;
  /** Nothing is evicted unless told. */
  readonly maxAgeMs?: number;
  readonly maxRows?: number;
  readonly intervalMs?: number;
  /** `undefined`: without an archive. */
  readonly archive?: string | undefined;
}

/** A chat with an archive, and SQL on both of its databases. */
export async function openStand(t: Test, at: Addresses, options: StandOptions = {}) {
  const { rooms = 0, hub = createMemoryHub(), maxAgeMs = 1e13, maxRows = 1e9, intervalMs = 50 } = options;
  const bus = hub.connect('test');
  const metrics = createMetrics('test');
  const chat = await openChat(at.hot, {
    rooms,
    archive: (database, log) =>
      openArchive({
        database,
        tables,
        settings: {
          variable: 'ROOM_ARCHIVE_DB_URL',
          url: 'archive' in options ? options.archive : at.archive,
          maxAgeMs,
          maxRows,
          intervalMs,
        },
        bus,
        queue: 'room-archive',
        metrics,
        log,
      }),
  });
  // Of its own, for a look at the archive past the log.
  let opened: Promise<Database> | undefined;
  const reached = async () => {
    opened ??= openDatabase({ url: at.archive, entities: [], migrations: [], name: 'test', log: chat.logger });
    return opened;
  };
  const archived = async (sql: string, params: unknown[] = []) =>
    (await reached()).read((manager) => manager.query<Row[]>(sql, params));
  const room = async (id: number): Promise<Row> => (await chat.query('SELECT * FROM room WHERE id = ?', [id]))[0] ?? {};
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await chat.close();
    await (await opened)?.close();
    await bus.close();
  };
  t.teardown(close);
  return {
    ...chat,
    metrics,
    room,
    close,
    archived,
    /** Says `count` messages, `m1`, `m2` and so on; those of one call have one time. */
    async fill(roomId: number, count: number, first = 1) {
      for (let start = 0; start < count; start += 500) {
        const size = Math.min(500, count - start);
        await say(
          chat,
          Array.from({ length: size }, (_, i) => draft(1, roomId, `m${first + start + i}`)),
          soon(30_000),
        );
      }
    },
    untilArchived: (roomId: number, seq: number) =>
      eventually(async () => Number((await room(roomId)).archivedThroughSeq) >= seq, 20_000, `archived through ${seq}`),
    untilEvicted: (roomId: number, seq: number) =>
      eventually(async () => Number((await room(roomId)).hotFromSeq) > seq, 20_000, `evicted through ${seq}`),
    untilRecalled: (roomId: number, seq: number) =>
      eventually(
        async () => {
          const [row] = await archived(
            'SELECT content, recalled FROM room_message_archive WHERE roomId = ? AND seq = ?',
            [roomId, seq],
          );
          const [noted] = await chat.query('SELECT seq FROM room_message_recall WHERE roomId = ? AND seq = ?', [
            roomId,
            seq,
          ]);
          return row?.recalled === 1 && row.content === '' && !noted;
        },
        20_000,
        `the archive knows that ${seq} was recalled`,
      ),
    untilMetric: (name: string, value: number) =>
      eventually(
        async () => (await metrics.getSingleMetric(name)?.get())?.values[0]?.value === value,
        20_000,
        `${name} is ${value}`,
      ),
    /** All of a conversation through pages of `limit`, in one direction. */
    async readAll(roomId: number, limit: number, direction: 'older' | 'newer'): Promise<number[]> {
      return readAll(chat, roomId, limit, direction);
    },
  };
}

export async function readAll(chat: Chat, roomId: number, limit: number, direction: 'older' | 'newer') {
  const seqs: number[] = [];
  for (let cursor: number | undefined = direction === 'newer' ? 0 : undefined; ; ) {
    const page = await chat.log.history(roomId, {
      ...(direction === 'newer' ? { afterSeq: cursor } : { beforeSeq: cursor }),
      limit,
    });
    const found = page.messages.map(({ seq }) => seq);
    if (direction === 'newer') seqs.push(...found);
    else seqs.unshift(...found);
    if (!page.more) return seqs;
    if (found.length === 0) throw new Error('an empty page says that there is more');
    cursor = direction === 'newer' ? found.at(-1) : found[0];
  }
}

export const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
