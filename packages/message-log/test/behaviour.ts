import { limits } from '@teahouse/contracts';
import { openLog } from '@teahouse/message-log';
import t, { type Test } from 'tap';
import { pruneSent } from '../dist/prune.js';
import { type Chat, draft, openChat, rules, say, soon, tables, word } from './chat.js';

/** What a log does on every database. `make` gives the address of an empty one. */
export function logBehaviour(name: string, make: () => Promise<string>): void {
  const withChat = async (test: Test, rooms = 3): Promise<Chat> => {
    const chat = await openChat(await make(), { rooms });
    test.teardown(() => chat.close());
    return chat;
  };

  t.test(
    `${name}: seq counts in the order given, and what is stored is published and read back as it was sent`,
    async (t) => {
      const chat = await withChat(t);
      const contents = ['大家好', 'it\'s \\ "quoted" ? %', '  blanks around  ', '🍵'.repeat(4096), 'é e\u0301'];
      const results = await chat.log.append(
        contents.map((content, i) => draft(i + 1, 1, content, `id-${i}`)),
        soon(),
      );
      t.strictSame(results.map(word), [1, 2, 3, 4, 5]);
      t.equal(chat.published.length, 1, 'one run for one conversation');
      t.strictSame(
        chat.published[0]?.messages.map(({ seq, content }) => [seq, content]),
        contents.map((content, i) => [i + 1, content]),
      );
      t.strictSame(chat.published[0]?.connectionIds, ['c1', 'c2', 'c3', 'c4', 'c5']);
      t.equal(chat.published[0]?.conversation.closed, 0);
      const { messages, more } = await chat.log.history(1, { limit: 50 });
      t.strictSame(messages, chat.published[0]?.messages);
      t.equal(more, false);
      const [room] = await chat.query('SELECT lastSeq, movedAt, movedSecond FROM room WHERE id = 1');
      t.equal(room?.lastSeq, 5);
      t.equal(room?.movedAt, messages[0]?.createTime);
      t.equal(room?.movedSecond, Math.floor(Number(room?.movedAt) / 1000));
      t.strictSame(
        (await chat.log.movedSince(messages[0]?.createTime ?? 0, 10)).map((row) => [row.id, row.lastSeq, row.closed]),
        [[1, 5, 0]],
      );
      t.strictSame(await chat.log.movedSince((messages[0]?.createTime ?? 0) + 1, 10), []);
    },
  );

  t.test(`${name}: the same message again is answered by the first, whoever says otherwise meanwhile`, async (t) => {
    const chat = await withChat(t);
    const [first] = await chat.log.append([draft(1, 1, 'hello', 'x')], soon());
    await chat.query('INSERT INTO silenced (userId) VALUES (1)');
    await chat.query('UPDATE room SET closed = 1 WHERE id = 1');
    const [again] = await chat.log.append([draft(1, 1, 'hello', 'x')], soon());
    t.strictSame(again, { ...first, duplicate: true });
    t.strictSame(await say(chat, [draft(1, 1, 'other', 'x'), draft(1, 2, 'hello', 'x'), draft(1, 99, 'hello', 'x')]), [
      'CONFLICT',
      'CONFLICT',
      'CONFLICT',
    ]);
    t.strictSame(
      await say(chat, [draft(2, 2, 'hello', 'x'), draft(2, 2, 'hello', 'X')]),
      [1, 2],
      'another sender, and another case, are others',
    );
    t.equal(chat.published.length, 2);
  });

  t.test(`${name}: twins in one batch share the first one's answer, also when it is refused`, async (t) => {
    const chat = await withChat(t);
    await chat.query('UPDATE room SET closed = 1 WHERE id = 2');
    const words = await say(chat, [
      draft(1, 1, 'a', 'x'),
      draft(1, 1, 'a', 'x'),
      draft(1, 1, 'b', 'x'),
      draft(1, 3, 'a', 'x'),
      draft(1, 2, 'c', 'y'),
      draft(1, 2, 'c', 'y'),
      draft(1, 1, 'c', 'y'),
      draft(1, 1, 'c', 'y'),
    ]);
    t.strictSame(words, [1, '1 again', 'CONFLICT', 'CONFLICT', 'GROUP_DISSOLVED', 'GROUP_DISSOLVED', 2, '2 again']);
  });

  t.test(`${name}: a refusal is an answer of its own and harms no other draft`, async (t) => {
    const chat = await withChat(t);
    await chat.query('UPDATE room SET closed = 1 WHERE id = 2');
    await chat.query('INSERT INTO silenced (userId) VALUES (9)');
    const words = await say(chat, [
      draft(1, 1, 'a'),
      draft(1, 2, 'b'),
      draft(9, 1, 'c'),
      draft(1, 77, 'd'),
      draft(1, 1, 'e'),
      draft(1, 3, 'f'),
    ]);
    t.strictSame(words, [1, 'GROUP_DISSOLVED', 'MEMBER_MUTED', 'NOT_FOUND', 2, 1]);
    t.strictSame(await say(chat, [draft(1, 2, 'b')]), ['GROUP_DISSOLVED']);
    t.strictSame(await say(chat, []), []);
  });

  t.test(`${name}: an expired draft is answered and not stored; drafts beyond the capacity at once`, async (t) => {
    const chat = await withChat(t);
    t.strictSame(await say(chat, [draft(1, 1, 'late')], Date.now() - 1), ['UNAVAILABLE']);
    const small = openLog({
      database: chat.database,
      tables,
      rules,
      log: chat.logger,
      onStored: () => {},
      capacity: 3,
    });
    const all = small.append(
      [1, 2, 3, 4, 5].map((n) => draft(1, 1, `m${n}`)),
      soon(),
    );
    t.strictSame((await all).map(word), [1, 2, 3, 'UNAVAILABLE', 'UNAVAILABLE']);
    t.strictSame((await small.append([draft(1, 1, 'm6')], soon())).map(word), [4], 'the room is given back');
    await small.close();
    t.strictSame((await small.append([draft(1, 1, 'm7')], soon())).map(word), ['UNAVAILABLE'], 'closed');
  });

  t.test(
    `${name}: statements of the service run in the same transaction; one that fails undoes the messages`,
    async (t) => {
      const chat = await withChat(t);
      let sql = 'UPDATE room SET readBy = ? WHERE id = ?';
      const log = openLog({
        database: chat.database,
        tables,
        log: chat.logger,
        onStored: () => {},
        rules: {
          ...rules,
          writes: (batches) =>
            batches.map(({ conversationId, messages }) => ({
              sql,
              params: [messages.at(-1)?.seq ?? 0, conversationId],
            })),
        },
      });
      t.teardown(() => log.close());
      t.strictSame(
        (await log.append([draft(1, 1, 'a'), draft(1, 1, 'b'), draft(1, 2, 'c')], soon())).map(word),
        [1, 2, 1],
      );
      t.strictSame(
        (await chat.query('SELECT readBy FROM room ORDER BY id')).map((row) => row.readBy),
        [2, 1, 0],
      );
      sql = 'UPDATE nowhere SET readBy = ? WHERE id = ?';
      t.strictSame((await log.append([draft(1, 1, 'd')], soon())).map(word), ['INTERNAL']);
      t.equal((await log.history(1, { limit: 10 })).messages.length, 2);
    },
  );

  t.test(`${name}: pages end at the cursor, at the limit and at 256 KiB, and say whether there is more`, async (t) => {
    const chat = await withChat(t);
    await say(
      chat,
      Array.from({ length: 120 }, (_, i) => draft(1, 1, `m${i + 1}`)),
    );
    const page = async (request: Parameters<Chat['log']['history']>[1], room = 1) => {
      const { messages, more } = await chat.log.history(room, request);
      return [messages[0]?.seq, messages.at(-1)?.seq, messages.length, more];
    };
    t.strictSame(await page({ limit: 50 }), [71, 120, 50, true]);
    t.strictSame(await page({ beforeSeq: 71, limit: 50 }), [21, 70, 50, true]);
    t.strictSame(await page({ beforeSeq: 21, limit: 50 }), [1, 20, 20, false]);
    t.strictSame(await page({ beforeSeq: 1, limit: 50 }), [undefined, undefined, 0, false]);
    t.strictSame(await page({ beforeSeq: 5000, limit: 2 }), [119, 120, 2, true]);
    t.strictSame(await page({ afterSeq: 0, limit: 50 }), [1, 50, 50, true]);
    t.strictSame(await page({ afterSeq: 100, limit: 50 }), [101, 120, 20, false]);
    t.strictSame(await page({ afterSeq: 120, limit: 50 }), [undefined, undefined, 0, false]);
    t.strictSame(await page({ afterSeq: 5000, limit: 50 }), [undefined, undefined, 0, false]);
    t.strictSame(await page({ limit: 50 }, 77), [undefined, undefined, 0, false]);
    await say(
      chat,
      Array.from({ length: 60 }, () => draft(1, 2, '\u0001'.repeat(limits.content))),
    );
    const wide = await chat.log.history(2, { limit: 50 });
    t.ok(wide.messages.length > 1 && JSON.stringify(wide).length < limits.payloadBytes, 'as JSON');
    t.equal(wide.messages.at(-1)?.seq, 60);
    t.equal(wide.more, true);
    t.equal((await chat.log.history(2, { afterSeq: 0, limit: 50 })).messages[0]?.seq, 1);
    await chat.query('DELETE FROM room_message WHERE roomId = 1 AND seq = 60');
    await t.rejects(
      chat.log.history(1, { afterSeq: 50, limit: 50 }),
      { code: 'INTERNAL' },
      'a hole is never told as a page',
    );
  });

  t.test(`${name}: many pages at once are those that history tells one by one`, async (t) => {
    const chat = await withChat(t);
    await say(
      chat,
      Array.from({ length: 120 }, (_, i) => draft(1, 1, `m${i + 1}`)),
    );
    await say(chat, [draft(1, 2, 'a'), draft(1, 2, 'b')]);
    const asks = [
      { conversationId: 2, afterSeq: 1, limit: 50 },
      { conversationId: 1, afterSeq: 110, limit: 5 },
      { conversationId: 1, afterSeq: 0, limit: 50 },
      { conversationId: 1, afterSeq: 20, limit: 200 },
      { conversationId: 2, afterSeq: 2, limit: 50 },
      { conversationId: 2, afterSeq: 5000, limit: 50 },
      { conversationId: 3, afterSeq: 0, limit: 50 },
    ];
    const alone = await Promise.all(asks.map(({ conversationId, ...page }) => chat.log.history(conversationId, page)));
    t.strictSame(await chat.log.catchUps(asks), alone);
    t.strictSame(
      alone.map(({ messages, more }) => [messages.length, more]),
      [
        [1, false],
        [5, true],
        [50, true],
        [100, false],
        [0, false],
        [0, false],
        [0, false],
      ],
    );
    t.strictSame(await chat.log.catchUps([]), []);
    t.strictSame(await chat.log.catchUps([{ conversationId: 77, afterSeq: 0, limit: 50 }]), ['alone']);
    const many = await chat.log.catchUps(
      Array.from({ length: 128 }, () => ({ conversationId: 1, afterSeq: 0, limit: 50 })),
    );
    t.equal(many.filter((page) => page !== 'alone').length, 10, 'as many rows as an answer may carry');
    await say(
      chat,
      Array.from({ length: 60 }, () => draft(1, 3, '\u0001'.repeat(limits.content))),
    );
    const wide = await chat.log.catchUps([
      { conversationId: 3, afterSeq: 0, limit: 50 },
      { conversationId: 3, afterSeq: 30, limit: 50 },
      { conversationId: 2, afterSeq: 0, limit: 50 },
    ]);
    t.ok(JSON.stringify(wide).length < limits.payloadBytes, 'no more than an answer carries');
    t.match(wide, [{ more: true }, 'alone', { messages: [{}, {}] }]);
    await chat.query('DELETE FROM room_message WHERE roomId = 1 AND seq = 60');
    const holed = await chat.log.catchUps([
      { conversationId: 1, afterSeq: 50, limit: 50 },
      { conversationId: 1, afterSeq: 60, limit: 50 },
    ]);
    t.match(holed, ['alone', { messages: { length: 50 } }], 'a hole is never told as a page');
  });

  t.test(`${name}: notices and recalls take their place in the log`, async (t) => {
    const chat = await withChat(t);
    await say(chat, [draft(1, 1, 'a', 'x'), draft(2, 1, 'b')]);
    const notice = { event: 'joined', userId: 3 } as const;
    const appended = await chat.database.transaction((manager) =>
      chat.log.appendInside(manager, 1, [
        { from: 3, notice },
        { from: 3, notice },
      ]),
    );
    t.strictSame(
      appended.map(({ seq }) => seq),
      [3, 4],
    );
    const recall = await chat.database.transaction((manager) => chat.log.recallInside(manager, 1, 1, 1));
    t.match(recall, { seq: 5, kind: 'notice', notice: { event: 'recalled', by: 1, seq: 1 } });
    t.strictSame(await say(chat, [draft(1, 1, 'a', 'x'), draft(1, 1, 'c')]), ['1 again', 6]);
    const { messages } = await chat.log.history(1, { limit: 10 });
    t.strictSame(
      messages.map(({ kind }) => kind),
      ['normal', 'normal', 'notice', 'notice', 'notice', 'normal'],
    );
    t.strictSame(messages.slice(2, 4), appended);
    t.match(messages[0], { content: '', recalled: true, clientId: 'x' });
    const one = await chat.database.transaction((manager) => chat.log.messageInside(manager, 1, 2));
    t.strictSame(one, messages[1]);
    await t.rejects(chat.database.transaction((manager) => chat.log.appendInside(manager, 77, [{ from: 3, notice }])));
  });

  t.test(`${name}: search finds text of any script whatever its case, newest first, in bounded steps`, async (t) => {
    const chat = await withChat(t);
    const seed = ['Straße', 'ПРИВЕТ мир', '今天喝茶', 'e\u0301clair', 'ΣΊΣΥΦΟΣ', '100%_x'];
    await say(
      chat,
      [...seed, ...Array.from({ length: 994 }, (_, i) => `m${i + 7}`)]
        .slice(0, 500)
        .map((content) => draft(1, 1, content)),
    );
    await say(
      chat,
      Array.from({ length: 500 }, (_, i) => draft(1, 1, `m${i + 501}`)),
    );
    const find = async (text: string, beforeSeq?: number, limit = 20) => {
      const { messages, more, beforeSeq: next } = await chat.log.search(1, { text, beforeSeq, limit });
      return [messages.map(({ seq }) => seq), more, next];
    };
    t.strictSame(await find('STRASSE'), [[1], false, undefined]);
    t.strictSame(await find('привет'), [[2], false, undefined]);
    t.strictSame(await find('喝茶'), [[3], false, undefined]);
    t.strictSame(await find('ÉCLAIR'), [[4], false, undefined]);
    t.strictSame(await find('σίσυφος'), [[5], false, undefined]);
    t.strictSame(await find('%_'), [[6], false, undefined]);
    t.strictSame(await find('nothing of the kind'), [[], false, undefined]);
    t.strictSame(await find('m99', undefined, 3), [[999, 998, 997], true, 997]);
    t.strictSame(await find('m99', 997), [[996, 995, 994, 993, 992, 991, 990, 99], false, undefined]);
    await chat.database.transaction((manager) => chat.log.recallInside(manager, 1, 3, 1));
    t.strictSame(await find('喝茶'), [[], false, undefined], 'not what was recalled');
  });

  t.test(`${name}: client ids are forgotten by age`, async (t) => {
    const chat = await withChat(t);
    await say(
      chat,
      Array.from({ length: 500 }, (_, i) => draft(1, 1, 'old', `old-${i}`)),
    );
    await say(
      chat,
      Array.from({ length: 500 }, (_, i) => draft(2, 1, 'old', `old-${i}`)),
    );
    await chat.query('UPDATE room_sent_id SET createTime = createTime - 1000000');
    await say(
      chat,
      Array.from({ length: 10 }, (_, i) => draft(1, 1, 'new', `new-${i}`)),
    );
    await pruneSent(chat.database, tables, Date.now() - 500_000);
    t.strictSame((await chat.query('SELECT clientId FROM room_sent_id')).length, 10);
    t.strictSame(await say(chat, [draft(1, 1, 'new', 'new-3'), draft(1, 1, 'old', 'old-3')]), ['1004 again', 1011]);
  });
}
