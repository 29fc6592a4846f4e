import t, { type Test } from 'tap';
import { type Addresses, openStand, readAll, type StandOptions, upTo } from './archive-stand.js';
import { draft, say } from './chat.js';

/** What a log with an archive does on every database. `make` gives the addresses of two empty ones. */
export function archiveBehaviour(name: string, make: () => Promise<Addresses>): void {
  const stand = async (t: Test, options: StandOptions = {}) => openStand(t, await make(), { rooms: 3, ...options });

  t.test(`${name}: messages are archived as they are, and leave the hot database only then`, async (t) => {
    const chat = await stand(t, { maxRows: 40 });
    await chat.fill(1, 100);
    await say(chat, [draft(2, 2, '茶 🍵 \\ \' "', 'x')]);
    await chat.untilArchived(1, 100);
    await chat.untilArchived(2, 1);
    await chat.untilEvicted(1, 61);
    const [hot] = await chat.query('SELECT MIN(seq) AS first, COUNT(*) AS n FROM room_message WHERE roomId = 1');
    const room = await chat.room(1);
    t.strictSame([Number(hot?.first), Number(hot?.n)], [Number(room.hotFromSeq), 101 - Number(room.hotFromSeq)]);
    t.ok(Number(hot?.n) <= 40, `${hot?.n} are left`);
    const rows = await chat.archived('SELECT * FROM room_message_archive ORDER BY roomId, seq');
    t.strictSame(
      rows.map(({ roomId, seq }) => `${roomId} ${seq}`),
      [...upTo(100).map((seq) => `1 ${seq}`), '2 1'],
    );
    t.match(rows.at(-1), {
      content: '茶 🍵 \\ \' "',
      clientId: 'x',
      fromUserId: 2,
      kind: 0,
      recalled: 0,
      notice: null,
    });
    t.strictSame(await say(chat, [draft(2, 2, '茶 🍵 \\ \' "', 'x'), draft(1, 1, 'next')]), ['1 again', 101]);
    t.strictSame(chat.lines, []);
  });

  t.test(`${name}: pages cross the border in both directions, from every cursor`, async (t) => {
    const chat = await stand(t, { maxRows: 17 });
    await chat.fill(1, 40);
    await chat.untilEvicted(1, 23);
    const border = Number((await chat.room(1)).hotFromSeq);
    t.ok(border > 20 && border <= 40);
    for (const limit of [1, 2, 7, 16, 40, 200]) {
      t.strictSame(await chat.readAll(1, limit, 'older'), upTo(40), `older by ${limit}`);
      t.strictSame(await chat.readAll(1, limit, 'newer'), upTo(40), `newer by ${limit}`);
    }
    for (let cursor = 0; cursor <= 42; cursor++) {
      const older = await chat.log.history(1, { beforeSeq: cursor, limit: 10 });
      const newest = Math.min(cursor - 1, 40);
      t.equal(older.messages.at(-1)?.seq, newest < 1 ? undefined : newest, `before ${cursor}`);
      t.equal(older.more, (older.messages[0]?.seq ?? 1) > 1);
      const newer = await chat.log.history(1, { afterSeq: cursor, limit: 10 });
      t.equal(newer.messages[0]?.seq, cursor < 40 ? cursor + 1 : undefined, `after ${cursor}`);
      t.equal(newer.more, (newer.messages.at(-1)?.seq ?? 40) < 40);
      for (const { messages } of [older, newer]) {
        const first = messages[0]?.seq ?? 0;
        t.strictSame(
          messages.map(({ seq, content }) => [seq, content]),
          messages.map((_, i) => [first + i, `m${first + i}`]),
        );
      }
    }
  });

  t.test(`${name}: what is too old leaves whole conversations empty, and they go on`, async (t) => {
    const chat = await stand(t, { maxAgeMs: 0 });
    await chat.fill(1, 30);
    await chat.fill(2, 1);
    await chat.untilEvicted(1, 30);
    await chat.untilEvicted(2, 1);
    t.strictSame(await chat.query('SELECT seq FROM room_message'), []);
    t.strictSame(await chat.readAll(1, 20, 'older'), upTo(30));
    t.strictSame(await say(chat, [draft(1, 1, 'm31')]), [31]);
    t.strictSame(await chat.readAll(1, 20, 'newer'), upTo(31));
    await chat.untilEvicted(1, 31);
    t.strictSame(await chat.readAll(1, 20, 'newer'), upTo(31));
    t.strictSame(await chat.log.history(3, { limit: 5 }), { messages: [], more: false });
  });

  t.test(`${name}: eviction takes the oldest first, over all conversations`, async (t) => {
    const at = await make();
    const first = await openStand(t, at, { rooms: 3 });
    for (const room of [2, 1, 3]) {
      await first.fill(room, 50);
      await first.query('UPDATE room_message SET createTime = ? + seq WHERE roomId = ?', [room * 1_000_000, room]);
    }
    for (const room of [1, 2, 3]) await first.untilArchived(room, 50);
    // As if they had been archived when they were said.
    for (const room of [1, 2, 3])
      await first.query('UPDATE room SET evictableSince = ? WHERE id = ?', [room * 1_000_000, room]);
    await first.close();
    const chat = await openStand(t, at, { maxRows: 80 });
    await chat.untilEvicted(2, 20);
    const starts = (await chat.query('SELECT hotFromSeq FROM room ORDER BY id')).map((row) => Number(row.hotFromSeq));
    t.strictSame(starts, [51, 21, 1]);
  });

  t.test(`${name}: a recall reaches its message wherever it is, and everything that reads it`, async (t) => {
    const chat = await stand(t, { maxRows: 10 });
    await chat.fill(1, 30);
    await chat.untilEvicted(1, 20);
    const inside = (seq: number) => chat.database.transaction((manager) => chat.log.messageInside(manager, 1, seq));
    t.match(await inside(3), { seq: 3, content: 'm3', recalled: false });
    t.equal(await inside(31), undefined);
    t.equal(await inside(0), undefined);
    t.match(await chat.database.transaction((manager) => chat.log.recallInside(manager, 1, 3, 1)), { seq: 31 });
    t.match(await inside(3), { content: '', recalled: true });
    const page = () => chat.log.history(1, { afterSeq: 1, limit: 3 });
    t.strictSame(
      (await page()).messages.map(({ content, recalled }) => [content, recalled]),
      [
        ['m2', false],
        ['', true],
        ['m4', false],
      ],
    );
    t.strictSame(
      (await chat.log.search(1, { text: 'm3', limit: 1 })).messages.map(({ seq }) => seq),
      [30],
    );
    t.strictSame((await chat.log.search(1, { text: 'm3', beforeSeq: 30, limit: 5 })).messages, []);
    await chat.untilRecalled(1, 3);
    t.match(await inside(3), { content: '', recalled: true });
    t.strictSame((await page()).messages[1]?.recalled, true);
    // One that is hot still, and one that the archiver has read but not moved over.
    await chat.fill(2, 2);
    await chat.untilArchived(2, 2);
    await chat.query('UPDATE room SET archivedThroughSeq = 0 WHERE id = 2');
    await chat.database.transaction((manager) => chat.log.recallInside(manager, 2, 1, 1));
    await chat.untilRecalled(2, 1);
    t.strictSame(await chat.query('SELECT * FROM room_message_recall'), []);
  });

  t.test(`${name}: search goes on into the archive in its steps`, async (t) => {
    const chat = await stand(t, { maxRows: 100 });
    await say(chat, [draft(1, 1, 'needle one')]);
    await chat.fill(1, 700, 2);
    await say(chat, [draft(1, 1, 'Needle two'), draft(1, 1, 'other')]);
    await chat.untilEvicted(1, 603);
    const found: number[] = [];
    let beforeSeq: number | undefined;
    for (let more = true; more; ) {
      const result = await chat.log.search(1, { text: 'NEEDLE', beforeSeq, limit: 1 });
      found.push(...result.messages.map(({ seq }) => seq));
      more = result.more;
      beforeSeq = result.beforeSeq;
    }
    t.strictSame(found, [702, 1]);
  });

  t.test(`${name}: a system that gets its first archive is filled in, notices too, and counted`, async (t) => {
    const at = await make();
    const before = await openStand(t, at, { rooms: 2, archive: undefined });
    await before.fill(1, 1200);
    await before.fill(2, 3);
    await before.database.transaction((manager) =>
      before.log.appendInside(manager, 2, [{ from: 3, notice: { event: 'joined', userId: 3 } }]),
    );
    await before.close();
    const chat = await openStand(t, at, { maxAgeMs: 0 });
    await chat.untilEvicted(1, 1200);
    await chat.untilEvicted(2, 4);
    t.strictSame(await chat.readAll(1, 200, 'older'), upTo(1200));
    t.match((await chat.log.history(2, { limit: 1 })).messages, [{ seq: 4, notice: { event: 'joined', userId: 3 } }]);
    await chat.untilMetric('teahouse_hot_messages', 0);
    await chat.untilMetric('teahouse_archive_lag_messages', 0);
    await chat.untilMetric('teahouse_evicted_messages_total', 1204);
    await chat.untilMetric('teahouse_archived_messages_total', 1204);
  });

  t.test(
    `${name}: an instance without the archive's address does not start once messages are only there`,
    async (t) => {
      const at = await make();
      const chat = await openStand(t, at, { rooms: 1, maxAgeMs: 0 });
      await (await openStand(t, at, { archive: undefined })).close();
      await chat.fill(1, 5);
      await chat.untilEvicted(1, 5);
      await t.rejects(openStand(t, at, { archive: undefined }), {
        name: 'ConfigError',
        message: /^ROOM_ARCHIVE_DB_URL is missing: .*\.$/,
      });
    },
  );

  t.test(
    `${name}: another message under the same seq stops that conversation, and nothing is overwritten`,
    async (t) => {
      const chat = await stand(t, { maxAgeMs: 0 });
      await chat.fill(1, 10);
      await chat.untilEvicted(1, 10);
      // As after an old backup of the hot database was restored: the archive knows of messages that are not here.
      await chat.archived(
        `INSERT INTO room_message_archive SELECT roomId, 12, 'other', fromUserId, 'theirs', 0, NULL, NULL, 1, 0
       FROM room_message_archive WHERE roomId = 1 AND seq = 10`,
      );
      await chat.fill(1, 5, 11);
      await chat.fill(2, 5);
      await chat.untilMetric('teahouse_archive_alarms', 1);
      await chat.untilEvicted(2, 5);
      t.strictSame(
        (await chat.query('SELECT roomId, seq, reason FROM room_message_alarm')).map((row) => ({ ...row })),
        [{ roomId: 1, seq: 12, reason: 'conflict' }],
      );
      t.ok(chat.lines.some((line) => line.includes('archiving and eviction of a conversation have stopped')));
      t.match(await chat.room(1), { archivedThroughSeq: 10, hotFromSeq: 11, lastSeq: 15 });
      t.strictSame(
        (await chat.archived('SELECT id FROM room_message_archive WHERE roomId = 1 AND seq = 12')).map(({ id }) => id),
        ['other'],
      );
      t.strictSame(await readAll(chat, 1, 4, 'older'), upTo(15), 'and people notice nothing');
    },
  );

  t.test(`${name}: before they are deleted, the archive gets messages again that it has lost`, async (t) => {
    const at = await make();
    const first = await openStand(t, at, { rooms: 1 });
    await first.fill(1, 20);
    await first.untilArchived(1, 20);
    await first.archived('DELETE FROM room_message_archive WHERE seq IN (1, 2, 7)');
    await first.close();
    const chat = await openStand(t, at, { maxAgeMs: 0 });
    await chat.untilEvicted(1, 20);
    t.strictSame(await chat.readAll(1, 6, 'newer'), upTo(20));
  });
}
