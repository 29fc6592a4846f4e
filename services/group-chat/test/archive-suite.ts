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
}
