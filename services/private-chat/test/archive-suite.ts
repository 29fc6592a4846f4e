import { join } from 'node:path';
import { eventually, temporaryDirectory, testDatabase } from '@teahouse/test';
import t from 'tap';
import { type MakeSetup, memorySetup, running } from './setups.js';

/** Messages between two people that are in the archive only, through the calls of the service. */
export function archiveSuite(name: string, make: MakeSetup): void {
  t.test(`${name}: history, repair, search and recalls reach evicted messages`, async (t) => {
    const directory = temporaryDirectory('archive');
    const url = make === memorySetup ? `sqlite:${join(directory, 'archive')}` : (await testDatabase('archive')).url;
    const env = { PRIVATE_ARCHIVE_DB_URL: url, HOT_MAX_AGE_DAYS: '0', RETENTION_INTERVAL_MS: '100' };
    const { ask, as, send, sql, words } = await running(t, make, { env });
    for (let n = 1; n <= 20; n++) await send([1, 2, n === 4 ? 'Needle' : `m${n}`, `c${n}`]);
    const evicted = async () =>
      Number((await sql('SELECT hotFromSeq FROM private_conversation'))[0]?.hotFromSeq) === 21;
    await eventually(evicted, 20_000, 'evicted');
    const seqs = ({ messages }: { messages: { seq: number }[] }) => messages.map(({ seq }) => seq);
    const first = await as(2, 'history', { with: 1, afterSeq: 0, limit: 5 });
    t.strictSame([seqs(first), first.more], [[1, 2, 3, 4, 5], true]);
    const newest = await as(2, 'history', { with: 1, limit: 3 });
    t.strictSame([seqs(newest), newest.more], [[18, 19, 20], true]);
    t.strictSame(seqs(await ask('repair', { users: [1, 2], beforeSeq: 3, limit: 10 })), [1, 2]);
    t.strictSame(seqs(await as(1, 'search', { with: 2, text: 'needle' })), [4]);
    t.strictSame(await words([1, 2, 'Needle', 'c4'], [2, 1, 'm21', 'd1']), ['4 again', 21]);
    await t.rejects(as(2, 'recallMessage', { with: 1, seq: 4 }), { code: 'FORBIDDEN' });
    t.match(await as(1, 'recallMessage', { with: 2, seq: 4 }), { seq: 22 });
    await t.rejects(as(1, 'recallMessage', { with: 2, seq: 4 }), { code: 'NOT_FOUND' });
    const [recalled] = (await as(2, 'history', { with: 1, beforeSeq: 5, limit: 1 })).messages;
    t.match(recalled, { seq: 4, content: '', recalled: true });
  });
}
