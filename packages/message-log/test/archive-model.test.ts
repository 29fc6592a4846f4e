import { join } from 'node:path';
import { temporaryDirectory } from '@teahouse/test';
import fc from 'fast-check';
import t from 'tap';
import { openStand } from './archive-stand.js';
import { draft, say } from './chat.js';

const op = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('say' as const), count: fc.integer({ min: 1, max: 12 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('recall' as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('older' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      limit: fc.integer({ min: 1, max: 20 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('newer' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      limit: fc.integer({ min: 1, max: 20 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('search' as const), text: fc.constantFrom('1', '2', '17') }) },
);

t.test(
  'whatever is said, recalled, read and searched while all of it moves away is as a plain list has it',
  async (t) => {
    t.setTimeout(240_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(op, { minLength: 5, maxLength: 40 }),
        fc.integer({ min: 0, max: 20 }),
        async (ops, maxRows) => {
          const directory = temporaryDirectory('model');
          const at = { hot: `sqlite:${join(directory, 'hot')}`, archive: `sqlite:${join(directory, 'archive')}` };
          const chat = await openStand(t, at, { rooms: 1, maxRows, intervalMs: 5 });
          /** `seq` 1 first; what a message says, or undefined for a notice. */
          const list: (string | undefined)[] = [];
          const recalled = new Set<number>();
          try {
            for (const one of ops) {
              if (one.kind === 'say') {
                const contents = Array.from({ length: one.count }, (_, i) => `m${list.length + i + 1}`);
                await say(
                  chat,
                  contents.map((content) => draft(1, 1, content)),
                );
                list.push(...contents);
              } else if (one.kind === 'recall') {
                const seq = Math.ceil(one.at * list.length);
                if (list[seq - 1] === undefined || recalled.has(seq)) continue;
                await chat.database.transaction((manager) => chat.log.recallInside(manager, 1, seq, 1));
                recalled.add(seq);
                list.push(undefined);
              } else if (one.kind === 'search') {
                const found: number[] = [];
                let beforeSeq: number | undefined;
                for (let more = true; more; ) {
                  const result = await chat.log.search(1, { text: one.text, beforeSeq, limit: 5 });
                  found.push(...result.messages.map(({ seq }) => seq));
                  ({ more, beforeSeq } = result);
                }
                const expected = list.flatMap((content, i) =>
                  content?.includes(one.text) && !recalled.has(i + 1) ? [i + 1] : [],
                );
                t.strictSame(found, expected.reverse());
              } else {
                const cursor = Math.round(one.at * (list.length + 1));
                const forward = one.kind === 'newer';
                const { messages, more } = await chat.log.history(1, {
                  ...(forward ? { afterSeq: cursor } : { beforeSeq: cursor }),
                  limit: one.limit,
                });
                const whole = forward ? list.slice(cursor).length : Math.min(cursor - 1, list.length);
                const start = forward ? cursor + 1 : whole - messages.length + 1;
                t.ok(messages.length <= one.limit && (messages.length > 0 || whole <= 0));
                t.equal(more, messages.length < whole);
                t.strictSame(
                  messages.map(({ seq, content, recalled }) => [seq, content, recalled]),
                  messages.map((_, i) => {
                    const seq = start + i;
                    return [seq, recalled.has(seq) ? '' : (list[seq - 1] ?? ''), recalled.has(seq)];
                  }),
                );
              }
            }
            t.strictSame(
              chat.lines.filter((line) => line.includes('"level":50')),
              [],
            );
          } finally {
            await chat.close();
          }
        },
      ),
      { numRuns: 15 },
    );
  },
);
