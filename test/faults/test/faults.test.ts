import { kinds, runFaults } from '@teahouse/faults';
import t from 'tap';

/** Others work on this machine while tests run: what is promised within seconds may come this much later. */
const slackMs = 6_000;
const minutes = 12;

t.setTimeout((minutes + 2) * 60_000);

t.test('everything breaks once, and nothing is lost, doubled, reordered or told to strangers', async (t) => {
  const seed = 20261124;
  t.comment(`seed ${seed}`);
  const { outcomes, violations } = await runFaults({
    seed,
    faults: kinds.length,
    kinds,
    deadline: Date.now() + minutes * 60_000,
    slackMs,
    told: ({ kind, target, violations }) => t.same(violations, [], `${kind} (${target})`),
  });
  t.same(new Set(outcomes.map(({ kind }) => kind)).size, kinds.length, 'every kind had its turn');
  t.ok(outcomes.reduce((sum, { acked }) => sum + acked, 0) > 1000, 'they talked all the time');
  t.same(violations, [], 'at the end everything that was ever acked is in history');
});
