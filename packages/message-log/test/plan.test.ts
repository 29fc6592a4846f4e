import { TeahouseError } from '@teahouse/contracts';
import type { Draft } from '@teahouse/message-log';
import fc from 'fast-check';
import t from 'tap';
import { draft, openChat, say } from './chat.js';

/** What the protocol says about a sequence of sends, as slowly and plainly as it can be told. */
class Model {
  readonly seqs = new Map<number, number>();
  readonly sent = new Map<string, { room: number; content: string; seq: number }>();

  constructor(
    readonly rooms: ReadonlySet<number>,
    readonly closed: ReadonlySet<number>,
    readonly silenced: ReadonlySet<number>,
  ) {}

  /** `refusedNow` keeps refusals of the batch under way: a twin of a refused one is refused alike. */
  send({ from, conversationId: room, content, clientId }: Draft, refusedNow: Map<string, string>): string | number {
    const key = `${from} ${clientId}`;
    const before = clientId === undefined ? undefined : this.sent.get(key);
    if (before) return before.room === room && before.content === content ? `${before.seq} again` : 'CONFLICT';
    const code = this.refusal(from, room);
    if (code) {
      if (clientId !== undefined) refusedNow.set(key, code);
      return code;
    }
    const seq = (this.seqs.get(room) ?? 0) + 1;
    this.seqs.set(room, seq);
    if (clientId !== undefined) this.sent.set(key, { room, content, seq });
    return seq;
  }

  refusal(from: number, room: number): string | undefined {
    if (!this.rooms.has(room)) return 'NOT_FOUND';
    if (this.closed.has(room)) return 'GROUP_DISSOLVED';
    return this.silenced.has(from) ? 'MEMBER_MUTED' : undefined;
  }
}

const anyDraft = fc.record({
  from: fc.integer({ min: 1, max: 4 }),
  room: fc.integer({ min: 1, max: 4 }),
  content: fc.constantFrom('a', 'b'),
  clientId: fc.option(fc.constantFrom('x', 'y', 'z'), { nil: undefined }),
});

t.test('random batches give what a plain model gives, and leave each room with seq 1 to n', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(anyDraft, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 5 }),
      async (batches) => {
        const chat = await openChat('sqlite::memory:', { rooms: 3 });
        try {
          await chat.query('UPDATE room SET closed = 1 WHERE id = 3');
          await chat.query('INSERT INTO silenced (userId) VALUES (4)');
          const model = new Model(new Set([1, 2, 3]), new Set([3]), new Set([4]));
          for (const batch of batches) {
            const drafts = batch.map(({ from, room, content, clientId }) => draft(from, room, content, clientId));
            const refused = new Map<string, string>();
            const expected = drafts.map((one) => model.send(one, refused));
            t.strictSame(await say(chat, drafts), expected);
          }
          for (const room of [1, 2]) {
            const { messages } = await chat.log.history(room, { limit: 200 });
            const count = model.seqs.get(room) ?? 0;
            t.strictSame(
              messages.map(({ seq }) => seq),
              Array.from({ length: count }, (_, i) => i + 1),
            );
          }
          const told = chat.published.map(({ messages }) => messages.length).reduce((a, b) => a + b, 0);
          t.equal(
            told,
            [...model.seqs.values()].reduce((a, b) => a + b, 0),
            'everything stored was published once',
          );
        } finally {
          await chat.close();
        }
      },
    ),
    { numRuns: 60 },
  );
});

t.test('a conversation of which one draft is to be published is published whole', async (t) => {
  const chat = await openChat('sqlite::memory:', { rooms: 3 });
  t.teardown(() => chat.close());
  const hush = (room: number, clientId?: string) => ({ ...draft(1, room, 'a', clientId), quiet: true });
  const said = await say(chat, [
    hush(1),
    draft(2, 1, 'b'),
    hush(2),
    hush(2),
    hush(3, 'x'),
    hush(3, 'x'),
    draft(3, 3, 'c'),
  ]);
  t.strictSame(said, [1, 2, 1, 2, 1, '1 again', 2]);
  t.strictSame(
    chat.published.map(({ conversationId, quiet }) => [conversationId, quiet]),
    [
      [1, false],
      [2, true],
      [3, false],
    ],
  );
});

t.test('a rule may answer with a sentence of its own', async (t) => {
  const sentence = new TeahouseError('FORBIDDEN', 'Not on Mondays.');
  const chat = await openChat('sqlite::memory:', {
    rooms: 1,
    rules: { columns: [], reads: () => [], judge: () => () => sentence, missing: 'NOT_FOUND' },
  });
  t.teardown(() => chat.close());
  t.strictSame(await chat.log.append([draft(1, 1, 'a')], Date.now() + 5000), [sentence]);
});
