import t from 'tap';
import type { RoundResult } from '../dist/load.js';
import { pictureOf } from '../dist/picture.js';
import { halfOfPeer, tableOf } from '../dist/summary.js';
import { atRate, workloads } from '../dist/workloads.js';

function round(messagesPerSecond: number): RoundResult {
  return {
    messagesPerSecond,
    deliveriesPerSecond: messagesPerSecond * 199,
    ackP50Ms: 1,
    ackP99Ms: 2,
    deliveryP50Ms: 3,
    deliveryP99Ms: 4,
    serverCpuUs: { gateway: 500_000, database: 250_000 },
    cpuUsPerMessage: 10,
    cpuUsPerDelivery: 0.5,
    generatorCores: 0.3,
    verdict: { acked: 1, owed: 1, heard: 1, wrongConnections: 0, disordered: 0, damaged: 0 },
  };
}

t.test('a table tells medians, lowest and highest, the ratio and the failures', (t) => {
  const table = tableOf(
    {
      workload: 'group200',
      about: 'one group',
      series: [
        { server: 'teahouse', rounds: [4000, 1000, 9000].map(round), failures: ['user 3: UNAVAILABLE'] },
        { server: 'socket.io', rounds: [500, 300].map(round), failures: [] },
      ],
    },
    5,
  );
  t.match(table, '| acked messages/s | 4,000 (1,000–9,000) | 400 (300–500) | 10.00× |');
  t.match(table, 'teahouse: gateway 0.10, database 0.05');
  t.match(table, '**teahouse, a round failed:** user 3: UNAVAILABLE');
  t.end();
});

t.test('a server whose rounds all failed has no numbers and no ratio', (t) => {
  const failed = { server: 'teahouse', rounds: [], failures: ['nothing was acked'] };
  const peer = { server: 'socket.io', rounds: [round(500)], failures: [] };
  const table = tableOf({ workload: 'pairs100', about: 'pairs', series: [failed, peer] }, 5);
  t.match(table, '| acked messages/s | – | 500 (500–500) | – |');
  t.end();
});

t.test('a paced workload goes at half of what the peer took, where that was seen', (t) => {
  const series = [4000, 1001].map((rate, i) => ({ server: `${i}`, rounds: [round(rate)], failures: [] }));
  const outcomes = [{ workload: 'group200', about: '', series }];
  t.equal(halfOfPeer(outcomes, 'group200'), 501);
  t.equal(halfOfPeer(outcomes, 'groups50x10'), undefined);
  t.equal(halfOfPeer([{ workload: 'group200', about: '', series: series.slice(0, 1) }], 'group200'), undefined);
  for (const { name, halfOf, rate } of workloads.filter(({ rate }) => rate !== undefined)) {
    t.ok(
      workloads.some((other) => other.name === halfOf && other.rate === undefined),
      name,
    );
    t.ok(rate);
  }
  const [paced] = workloads.filter(({ rate }) => rate === 350);
  t.equal(paced && atRate(paced, 1234).about, 'one group of 200, 10 senders at 1,234 messages a second');
  t.end();
});

t.test('the picture has a bar for each server, in proportion, and the ratio', (t) => {
  const series = [4000, 1000].map((rate, i) => ({
    server: i ? 'socket.io' : 'teahouse',
    rounds: [round(rate)],
    failures: [],
  }));
  const svg = pictureOf([
    { workload: 'group200', about: 'one group of <200>, 10 senders', series },
    { workload: 'group200-paced', about: 'slow', series },
    { workload: 'pairs100', about: 'pairs', series: [{ server: 'teahouse', rounds: [], failures: ['x'] }] },
  ]);
  const [ours, theirs] = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, length]) => Number(length));
  t.equal((ours as number) / (theirs as number), 4);
  t.match(svg, 'one group of &lt;200>');
  t.match(svg, '>4.0×</text>');
  t.equal(svg.match(/<rect/g)?.length, 2, 'only what has two rates to compare');
  t.end();
});
