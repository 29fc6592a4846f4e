import { kinds, runFaults } from '@teahouse/faults';
import t, { type Test } from 'tap';

/** Others work on this machine while tests run: what is promised within seconds may come this much later. */
const slackMs = 6_000;
const minutes = 12;
const seed = 20261124;

t.setTimeout((2 * minutes + 2) * 60_000);

async function breaks(t: Test, wanted: typeof kinds, gateways: 1 | 2) {
  t.comment(`seed ${seed}`);
  const { outcomes, violations, quietRequests } = await runFaults({
    seed,
    faults: wanted.length,
    kinds: wanted,
    gateways,
    deadline: Date.now() + minutes * 60_000,
    slackMs,
    told: ({ kind, target, violations }) => t.same(violations, [], `${kind} (${target})`),
  });
  t.same(new Set(outcomes.map(({ kind }) => kind)).size, wanted.length, 'every kind had its turn');
  t.same(violations, [], 'at the end everything that was ever acked is in history');
  return { acked: outcomes.reduce((sum, { acked }) => sum + acked, 0), quietRequests };
}

t.test('everything breaks once, and nothing is lost, doubled, reordered or told to strangers', async (t) => {
  const { acked } = await breaks(t, kinds, 2);
  t.ok(acked > 1000, 'they talked all the time');
});

t.test('so where the only gateway tells its clients by itself', async (t) => {
  const some = ['kill group-chat', 'stop private-chat', 'kill NATS', 'delay service to NATS', 'cut gateway to NATS'];
  const wanted = kinds.filter(({ name }) => some.includes(name));
  t.equal(wanted.length, some.length);
  const { acked, quietRequests } = await breaks(t, wanted, 1);
  t.ok(acked > 100, 'they talked all the time');
  t.ok(quietRequests > 50, `of much of it no event told: ${quietRequests} requests`);
});
