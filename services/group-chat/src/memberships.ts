import type { Bus, View } from '@teahouse/bus';
import { type MembershipEntry, TeahouseError, views } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import { type Database, list } from '@teahouse/service-kit/database';
import { LRUCache } from 'lru-cache';
import { State } from './numbers.js';
import { publishMember } from './publish.js';

/** Key of the entry that says how far the view is complete. No user has the id 0. */
const markKey = '0';
type Entry = MembershipEntry & { readonly through?: number };

interface Versioned {
  readonly userId: number;
  readonly version: number;
  readonly changedAt: number;
}

/** A caller waits this long for the view; then the sweep sees to it. */
const waitMs = 500;
/** Changes this old are looked at again: transactions take time, and clocks of instances differ. */
const overlapMs = 60_000;
/** How often the mark is moved. */
const markMs = 30_000;
const pageSize = 500;
/** Users whose gateways are still to be told; those beyond learn at their next login what a killed instance did not tell. */
const maxOwed = 20_000;
const putsAtOnce = 50;

/**
 * Writes the view `memberships`: user → groups that are not dissolved. Each change of a user's memberships counts up the
 * version in their row, within its transaction; the entry is put after the commit, and `sweep` puts what a crash or a
 * broken bus left behind. A user at version 0 is in the official group alone and has no entry.
 */
export class Memberships {
  readonly #bus: Bus;
  readonly #database: Database;
  readonly #log: Log;
  /** Versions that this process has put, so that the overlap costs nothing. */
  readonly #put = new LRUCache<number, number>({ max: 20_000 });
  /**
   * Groups of users whose change was found by a sweep: whoever made it may have died before telling their gateways. Told
   * in the next round, unless this instance made the change itself and was only slow.
   */
  readonly #owed = new Map<number, readonly number[]>();
  readonly #stopWatching: () => void;
  #view: Promise<View<Entry>> | undefined;
  /** Changes before this time are in the view; undefined until the mark was read. */
  #through: number | undefined;
  #markedAt = 0;
  /** Counts how often the bus went: what was begun before says nothing about the view that is there after. */
  #losses = 0;

  constructor({ bus, database, log }: { bus: Bus; database: Database; log: Log }) {
    this.#bus = bus;
    this.#database = database;
    this.#log = log;
    this.#stopWatching = bus.onStatus((status) => {
      if (status === 'connected') return;
      // The bus may come back without what it held.
      this.#losses++;
      this.#put.clear();
      this.#through = undefined;
    });
  }

  /** Puts the entries of these users, after a commit. Never rejects and takes half a second at most. */
  async tell(userIds: readonly number[]): Promise<void> {
    const work = this.#tell(userIds).catch((error: unknown) =>
      this.#log.warn({ err: error }, 'memberships are told late'),
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs);
    });
    await Promise.race([work, late]);
    clearTimeout(timer);
  }

  async #tell(userIds: readonly number[]): Promise<void> {
    if (userIds.length === 0) return;
    const wanted = list(userIds);
    await this.#putAll(await this.#versions(`userId IN ${wanted.sql}`, wanted.params));
    for (const userId of userIds) this.#owed.delete(userId);
  }

  /** Brings the view up to date with what was committed. Rejects where bus or database fail, or at the signal; the next sweep goes on. */
  async sweep(signal: AbortSignal): Promise<void> {
    const now = Date.now();
    const losses = this.#losses;
    this.#tellOwed();
    const through = this.#through ?? (await (await this.#open()).get(markKey))?.through;
    if (through === undefined) await this.#rewrite(signal);
    else await this.#putChanged(through - overlapMs, signal);
    if (losses !== this.#losses) return;
    this.#through = now;
    if (now - this.#markedAt < markMs) return;
    await (await this.#open()).put(markKey, { groups: [], through: now }, now);
    this.#markedAt = now;
  }

  close(): void {
    this.#stopWatching();
  }

  /** For a view without a mark: it is new, or the bus lost it. */
  async #rewrite(signal: AbortSignal): Promise<void> {
    this.#markedAt = 0;
    this.#put.clear();
    for (let after = 0; ; ) {
      const page = await this.#versions('userId > ? ORDER BY userId LIMIT ?', [after, pageSize]);
      await this.#putAll(page);
      const last = page.at(-1);
      if (!last || page.length < pageSize) return;
      after = last.userId;
      signal.throwIfAborted();
    }
  }

  async #putChanged(since: number, signal: AbortSignal): Promise<void> {
    for (let time = since, user = 0; ; ) {
      const page = await this.#versions(
        '(changedAt > ? OR (changedAt = ? AND userId > ?)) ORDER BY changedAt, userId LIMIT ?',
        [time, time, user, pageSize],
      );
      const found = await this.#putAll(page.filter(({ userId, version }) => (this.#put.get(userId) ?? 0) < version));
      for (const [userId, groups] of found) if (this.#owed.size < maxOwed) this.#owed.set(userId, groups);
      const last = page.at(-1);
      if (!last || page.length < pageSize) return;
      time = last.changedAt;
      user = last.userId;
      signal.throwIfAborted();
    }
  }

  #tellOwed(): void {
    for (const [userId, groups] of this.#owed) {
      if (!publishMember(this.#bus, userId, groups)) return;
      this.#owed.delete(userId);
    }
  }

  #versions(where: string, params: readonly unknown[]): Promise<Versioned[]> {
    const sql = `SELECT userId, membershipVersion AS version, changedAt FROM group_user WHERE membershipVersion > 0 AND ${where}`;
    return this.#database.read((manager) => manager.query<Versioned[]>(sql, [...params]));
  }

  /** The versions were read before the groups: an entry may be newer than its version says, and never older. */
  async #putAll(users: readonly Versioned[]): Promise<Map<number, readonly number[]>> {
    const put = new Map<number, readonly number[]>();
    for (let start = 0; start < users.length; start += putsAtOnce) {
      const some = users.slice(start, start + putsAtOnce);
      const groups = await this.#groupsOf(some.map(({ userId }) => userId));
      const view = await this.#open();
      await Promise.all(
        some.map(async ({ userId, version }) => {
          await view.put(String(userId), { groups: groups.get(userId) ?? [] }, version);
          this.#put.set(userId, version);
          put.set(userId, groups.get(userId) ?? []);
        }),
      );
    }
    return put;
  }

  async #groupsOf(userIds: readonly number[]): Promise<Map<number, number[]>> {
    const wanted = list(userIds);
    const rows = await this.#database.read((manager) =>
      manager.query<{ userId: number; groupId: number }[]>(
        `SELECT m.userId, m.groupId FROM group_chat_member m JOIN group_chat g ON g.id = m.groupId
         WHERE m.userId IN ${wanted.sql} AND g.state <> ?`,
        [...wanted.params, State.dissolved],
      ),
    );
    const groups = new Map<number, number[]>(userIds.map((userId) => [userId, []]));
    for (const { userId, groupId } of rows) groups.get(userId)?.push(groupId);
    return groups;
  }

  async #open(): Promise<View<Entry>> {
    if (!this.#bus.connected) throw new TeahouseError('UNAVAILABLE');
    this.#view ??= this.#bus.view<Entry>(views.memberships);
    return this.#view.catch((error: unknown) => {
      this.#view = undefined;
      throw error;
    });
  }
}
