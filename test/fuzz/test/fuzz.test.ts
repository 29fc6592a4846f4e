import { runFuzz } from '@teahouse/fuzz';
import t from 'tap';

/** The same inputs each time: whoever changes something hears whether it was that. */
const seed = 20_261_124;

for (const { setup, count } of [
  { setup: 'embedded', count: 4_500 },
  { setup: 'servers', count: 500 },
] as const) {
  t.test(`${count} generated and mutated inputs break nothing: ${setup}`, async (t) => {
    const { inputs, by, violations, accepted, heap } = await runFuzz({ setup, seed, count });
    t.strictSame(violations, []);
    t.equal(inputs, count);
    for (const [to, share] of Object.entries(by)) t.ok(share > 0, `${to}: ${share}`);
    t.ok(accepted > count / 20, `${accepted} did what they asked for`);
    t.ok(heap[0] > 0);
  });
}
