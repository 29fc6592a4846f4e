import { TeahouseError } from '@teahouse/contracts';
import t from 'tap';
import { createSearch } from '../dist/search.js';

const newest = 40_000;
const border = 12_345;
const pageMs = 50;

/** A long conversation on a clock of its own: each page takes 50 ms, and one never reaches across the border. */
function conversation(contentOf: (seq: number) => string) {
  let now = 1_000_000;
  const read: number[] = [];
  const away = { archive: false };
  t.intercept(Date, 'now', { value: () => now });
  const search = createSearch(async (_, { beforeSeq = newest + 1, limit }) => {
    now += pageMs;
    if (away.archive && beforeSeq <= border) throw new TeahouseError('UNAVAILABLE');
    const from = Math.max(beforeSeq - limit, beforeSeq > border ? border : 1);
    const seqs = Array.from({ length: beforeSeq - from }, (_, i) => from + i);
    read.push(...seqs);
    const rows = seqs.map((seq) => ({
      ...{ seq, id: Buffer.alloc(16), fromUserId: 1, content: contentOf(seq), kind: 0, createTime: 0 },
      ...{ clientId: null, notice: null, recalled: 0 },
    }));
    return { rows, lastSeq: newest };
  });
  return { search, read, away, took: (since: number) => now - since, now: () => now };
}

t.test('a rare word far back is found in calls of bounded length that look at each message once', async (t) => {
  const { search, read, took, now } = conversation((seq) => (seq === 3 ? '很久以前的 Oolong' : `m${seq}`));
  const found: number[] = [];
  let calls = 0;
  for (let beforeSeq: number | undefined; ; calls++) {
    const begun = now();
    const page = await search(1, { text: 'oolong', beforeSeq, limit: 50 });
    t.ok(took(begun) <= 800 + pageMs, `call ${calls} ends`);
    found.push(...page.messages.map(({ seq }) => seq));
    if (!page.more) break;
    beforeSeq = page.beforeSeq;
  }
  t.strictSame(found, [3]);
  t.equal(calls, 5);
  t.strictSame(
    [...read].sort((a, b) => b - a),
    Array.from({ length: newest }, (_, i) => newest - i),
  );
});

t.test('while the archive is away a call ends at its border, and the next is refused', async (t) => {
  const { search, away } = conversation((seq) => (seq === border + 1 || seq === 3 ? 'tea' : 'x'));
  away.archive = true;
  let beforeSeq: number | undefined;
  const found: number[] = [];
  while (beforeSeq !== border) {
    const page = await search(1, { text: 'TEA', beforeSeq, limit: 50 });
    found.push(...page.messages.map(({ seq }) => seq));
    t.equal(page.more, true);
    beforeSeq = page.beforeSeq;
  }
  t.strictSame(found, [border + 1]);
  await t.rejects(search(1, { text: 'TEA', beforeSeq, limit: 50 }), { code: 'UNAVAILABLE' });
  away.archive = false;
  for (let more = true; more; ) {
    const page = await search(1, { text: 'TEA', beforeSeq, limit: 50 });
    found.push(...page.messages.map(({ seq }) => seq));
    ({ more, beforeSeq } = page);
  }
  t.strictSame(found, [border + 1, 3]);
});
