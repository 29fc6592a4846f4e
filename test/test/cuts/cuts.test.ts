import { randomInt } from 'node:crypto';
import t from 'tap';
import { cutsRun } from './cuts.js';
import { sayCuts } from './say.js';

t.setTimeout(300_000);

t.test('connections are cut at every point of a send: nothing is lost, doubled or out of order', async (t) => {
  const seed = Number(process.env.CUTS_SEED ?? randomInt(2 ** 31));
  t.comment(`CUTS_SEED=${seed}`);
  const result = await cutsRun({ cuts: 250, seed });
  for (const line of sayCuts(result)) t.comment(line);
  t.strictSame(result.faults, []);
  t.equal(result.points.size, 5, 'every kind of point was met');
  t.ok(result.repeated > 0, 'some acks were lost');
});
