import { pairs, secondOf } from '@teahouse/message-log';
import { type Database, list, type Row } from '@teahouse/service-kit/database';
import type { EntityManager } from 'typeorm';
import type { Pair } from './pair.js';

/** What verbs ask of the tables, besides the log. */
export interface Conversation {
  readonly id: number;
  readonly userLow: number;
  readonly userHigh: number;
  readonly lastSeq: number;
  readonly movedAt: number;
  readonly readLow: number;
  readonly readHigh: number;
}

const columns = 'id, userLow, userHigh, lastSeq, movedAt, readLow, readHigh';

export const pairOfRow = ({ userLow, userHigh }: Conversation): Pair => [userLow, userHigh];

export class Store {
  constructor(private readonly database: Database) {}

  async find([low, high]: Pair): Promise<Conversation | undefined> {
    const sql = `SELECT ${columns} FROM private_conversation WHERE userLow = ? AND userHigh = ?`;
    return (await this.#query<Conversation>(sql, [low, high]))[0];
  }

  async findAll(wanted: readonly Pair[]): Promise<Conversation[]> {
    const { sql, params } = pairs(this.database.dialect, wanted);
    return this.#query<Conversation>(
      `SELECT ${columns} FROM private_conversation WHERE (userLow, userHigh) IN ${sql}`,
      params,
    );
  }

  /** Makes the conversations that are not there yet; another instance may do the same at once. */
  async create(wanted: readonly Pair[]): Promise<void> {
    const ignore = this.database.dialect === 'sqlite' ? 'OR IGNORE' : 'IGNORE';
    // In one order everywhere, so that two instances do not wait for each other.
    const rows = [...wanted].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    const sql = `INSERT ${ignore} INTO private_conversation (userLow, userHigh) VALUES ${rows.map(() => '(?,?)').join()}`;
    await this.database.transaction((manager) => manager.query(sql, rows.flat()));
  }

  /** The row, locked until the transaction ends. */
  async lock(manager: EntityManager, id: number): Promise<Conversation | undefined> {
    const wait = this.database.dialect === 'sqlite' ? '' : ' FOR UPDATE';
    const rows = await manager.query<Conversation[]>(
      `SELECT ${columns} FROM private_conversation WHERE id = ?${wait}`,
      [id],
    );
    return rows[0];
  }

  /** After each change of the blocks between the two, while the row is locked: sends are judged by this alone. */
  async countBlocks(manager: EntityManager, { id, userLow, userHigh }: Conversation): Promise<void> {
    await manager.query(
      `UPDATE private_conversation SET blocks = (SELECT COUNT(*) FROM private_block
        WHERE (userId = ? AND blockedId = ?) OR (userId = ? AND blockedId = ?)) WHERE id = ?`,
      [userLow, userHigh, userHigh, userLow, id],
    );
  }

  async moveReadMark(manager: EntityManager, id: number, side: 'readLow' | 'readHigh', seq: number): Promise<void> {
    await manager.query(`UPDATE private_conversation SET ${side} = ? WHERE id = ?`, [seq, id]);
  }

  /** A user's conversations that hold anything, the newest first; below `before` in that order where it is given. */
  async newest(userId: number, count: number, before?: Conversation): Promise<Conversation[]> {
    const below = before ? ' AND movedSecond <= ? AND (movedAt < ? OR (movedAt = ? AND id < ?))' : '';
    const params = before ? [secondOf(before.movedAt), before.movedAt, before.movedAt, before.id] : [];
    const sides = await this.database.read(async (manager) => {
      const found: Conversation[] = [];
      for (const side of ['userLow', 'userHigh']) {
        const sql = `SELECT ${columns} FROM private_conversation WHERE ${side} = ? AND lastSeq > 0${below} ORDER BY movedSecond DESC, movedAt DESC, id DESC LIMIT ${count}`;
        found.push(...(await manager.query<Conversation[]>(sql, [userId, ...params])));
      }
      return found;
    });
    return sides.sort((a, b) => b.movedAt - a.movedAt || b.id - a.id).slice(0, count);
  }

  /** As `newest` for several users: the newest `count` of each, by user id. One statement, however many they are. */
  async newestOf(userIds: readonly number[], count: number): Promise<Map<number, Conversation[]>> {
    const found = new Map<number, Conversation[]>(userIds.map((userId) => [userId, []]));
    const [open, close] = this.database.dialect === 'sqlite' ? ['SELECT * FROM (', ')'] : ['(', ')'];
    const of = (side: string) =>
      `${open}SELECT ? AS who, ${columns} FROM private_conversation WHERE ${side} = ? AND lastSeq > 0 ORDER BY movedSecond DESC, movedAt DESC, id DESC LIMIT ${count}${close}`;
    const sql = userIds.flatMap(() => [of('userLow'), of('userHigh')]).join(' UNION ALL ');
    const params = userIds.flatMap((userId) => [userId, userId, userId, userId]);
    for (const { who, ...row } of await this.#query<Conversation & { who: number }>(sql, params))
      found.get(Number(who))?.push(row);
    for (const [userId, rows] of found)
      found.set(userId, rows.sort((a, b) => b.movedAt - a.movedAt || b.id - a.id).slice(0, count));
    return found;
  }

  /** Conversations of any of these users that moved at `since` (unix milliseconds) or later, the newest first. */
  async movedOf(userIds: readonly number[], since: number, count: number): Promise<Conversation[]> {
    const users = list(userIds);
    const found = new Map<number, Conversation>();
    for (const side of ['userLow', 'userHigh']) {
      const sql = `SELECT ${columns} FROM private_conversation WHERE ${side} IN ${users.sql} AND movedSecond >= ? AND movedAt >= ? ORDER BY movedSecond DESC, movedAt DESC LIMIT ${count}`;
      for (const row of await this.#query<Conversation>(sql, [...users.params, secondOf(since), since]))
        found.set(row.id, row);
    }
    return [...found.values()].sort((a, b) => b.movedAt - a.movedAt).slice(0, count);
  }

  /** Which of these pairs have a block, in either direction. */
  async blockedAmong(wanted: readonly Pair[]): Promise<Pair[]> {
    const { sql, params } = pairs(
      this.database.dialect,
      wanted.flatMap(
        ([a, b]) =>
          [
            [a, b],
            [b, a],
          ] as const,
      ),
    );
    const rows = await this.#query<Row>(
      `SELECT userId, blockedId FROM private_block WHERE (userId, blockedId) IN ${sql}`,
      params,
    );
    return rows.map((row) => [Number(row.userId), Number(row.blockedId)] as const);
  }

  /** The ids that somebody blocks, ascending. */
  async blockedBy(userId: number): Promise<number[]> {
    const rows = await this.#query<Row>('SELECT blockedId FROM private_block WHERE userId = ? ORDER BY blockedId', [
      userId,
    ]);
    return rows.map((row) => Number(row.blockedId));
  }

  #query<T>(sql: string, params: readonly unknown[]): Promise<T[]> {
    return this.database.read((manager) => manager.query<T[]>(sql, [...params]));
  }
}
