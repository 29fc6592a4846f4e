import { join } from 'node:path';
import { eventually, temporaryDirectory, testDatabase } from '@teahouse/test';
import t, { type Test } from 'tap';
import { type MakeSetup, memorySetup, running } from './setups.js';

/** Messages of a group that are in the archive only, through the calls of the service. */
export function archiveSuite(name: string, make: MakeSetup): void {
  const world = async (t: Test) => {
    const directory = temporaryDirectory('archive');
    const url = make === memorySetup ? `sqlite:${join(directory, 'archive')}` : (await testDatabase('archive')).url;
    return running(t, make, 1000, {
      GROUP_ARCHIVE_DB_URL: url,
      HOT_MAX_ROWS: '5',
      RETENTION_INTERVAL_MS: '100',
    });
  };

  t.test(`${name}: history, repair, search and recalls reach evicted messages`, async (t) => {
    const { ask, as, say, login, sql } = await world(t);
    await login(1, 2);
    for (let n = 1; n <= 30; n++) await say(1, 1, n === 4 ? 'Needle' : `m${n}`, `c${n}`);
    await eventually(
      async () => Number((await sql('SELECT hotFromSeq FROM group_chat WHERE id = 1'))[0]?.hotFromSeq) > 25,
      20_000,
      'evicted',
    );
    const seqs = ({ messages }: { messages: { seq: number }[] }) => messages.map(({ seq }) => seq);
    const first = await as(2, 'history', { groupId: 1, afterSeq: 0, limit: 10 });
    t.strictSame(seqs(first), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    t.equal(first.more, true);
    const [, page] = await Promise.all([
      ask('catchUp', { items: [{ userId: 2, groupId: 1, afterSeq: 0, limit: 10 }] }),
      ask('catchUp', {
        items: [
          { userId: 2, groupId: 1, afterSeq: 5, limit: 10 },
          { userId: 2, groupId: 1, afterSeq: 28, limit: 10 },
        ],
      }),
    ]);
    t.match(page, { answers: ['alone', 0], pages: [{ messages: [{ seq: 29 }, { seq: 30 }], more: false }] });
    const missed = await ask('repair', { groupId: 1, afterSeq: 3, limit: 2 });
    t.strictSame([seqs(missed), missed.more], [[4, 5], true]);
    t.match(missed.messages[0], { content: 'Needle', from: 1, clientId: 'c4', kind: 'normal' });
    t.strictSame(seqs(await as(2, 'search', { groupId: 1, text: 'needle' })), [4]);
    t.match(await say(1, 1, 'Needle', 'c4'), { seq: 4, duplicate: true }, 'sent ids are not evicted');
    await t.rejects(as(2, 'recallMessage', { groupId: 1, seq: 4 }), { code: 'FORBIDDEN' });
    t.match(await as(1, 'recallMessage', { groupId: 1, seq: 4 }), { seq: 31 });
    await t.rejects(as(1, 'recallMessage', { groupId: 1, seq: 4 }), { code: 'NOT_FOUND' }, 'once');
    t.strictSame(seqs(await as(2, 'search', { groupId: 1, text: 'needle' })), []);
    const [recalled] = (await as(2, 'history', { groupId: 1, beforeSeq: 5, limit: 1 })).messages;
    t.match(recalled, { seq: 4, content: '', recalled: true });
  });

  t.test(
    `${name}: a rare word far back in the archive is found in steps that name where the next goes on`,
    async (t) => {
      const { ask, as, login, sql } = await world(t);
      await login(1, 2);
      const said = 2_400;
      for (let n = 1; n <= said; n += 400) {
        const items = Array.from({ length: 400 }, (_, i) => ({
          from: 1,
          connectionId: 'c1',
          groupId: 1,
          content: n + i === 3 ? '很久以前的 Oolong' : `m${n + i}`,
        }));
        await ask('append', { items });
      }
      await eventually(
        async () => Number((await sql('SELECT hotFromSeq FROM group_chat WHERE id = 1'))[0]?.hotFromSeq) > said - 50,
        60_000,
        'evicted',
      );
      // The end of each call on the clock is told by its answer alone; a limit of one hit makes more of them.
      const walk = async (text: string, limit: number) => {
        const found: number[] = [];
        const ends: number[] = [];
        for (let beforeSeq: number | undefined; ; ) {
          const from = beforeSeq === undefined ? {} : { beforeSeq };
          const page = await as(2, 'search', { groupId: 1, text, limit, ...from });
          found.push(...page.messages.map(({ seq }) => seq));
          if (!page.more) return { found, ends };
          beforeSeq = Number(page.beforeSeq);
          ends.push(beforeSeq);
        }
      };
      const { found, ends } = await walk('OOLONG', 50);
      t.strictSame(found, [3]);
      t.strictSame(
        [...ends].sort((a, b) => b - a),
        ends,
        'each step ends further back',
      );
      t.strictSame((await walk('以前', 1)).found, [3]);
      const hits = (await walk('m24', 3)).found;
      const wanted = Array.from({ length: said }, (_, i) => said - i).filter((n) => `m${n}`.includes('m24'));
      t.strictSame(hits, wanted, 'newest first, each once, across the border');
      t.strictSame((await walk('nobody said this', 50)).found, []);
    },
  );
}
