import t from 'tap';
import type { Stage } from '../dist/adapter.js';
import { Tally } from '../dist/ledger.js';
import { complaint, runRound } from '../dist/load.js';
import type { Workload } from '../dist/workloads.js';
import { xmppStage } from '../dist/xmpp.js';
import { startTinyXmpp } from './tiny-xmpp.js';

const timing = { quietMs: 60, settleMs: 3_000, warmupMs: 20, windowMs: 100, drainMs: 500 };
const group: Workload = {
  name: 'group',
  about: 'two groups',
  conversations: [
    { kind: 'group', users: [0, 1, 2, 3] },
    { kind: 'group', users: [4, 5] },
  ],
  senders: [
    { user: 0, conversation: 0, inFlight: 2 },
    { user: 1, conversation: 0, inFlight: 1 },
    { user: 4, conversation: 1, inFlight: 1 },
  ],
};
const pair: Workload = {
  name: 'pair',
  about: 'one pair',
  conversations: [{ kind: 'pair', users: [0, 1] }],
  senders: [
    { user: 0, conversation: 0, inFlight: 2 },
    { user: 1, conversation: 0, inFlight: 2 },
  ],
};

async function verdictOf(stage: Stage, workload: Workload): Promise<string | undefined> {
  const { verdict } = await runRound(stage, workload, timing, {});
  return complaint({ promisesOrder: true }, verdict);
}

t.test('rooms and pairs over XMPP: everything is acked, counted and in order', async (t) => {
  const server = await startTinyXmpp();
  t.teardown(server.close);
  for (const workload of [group, pair]) {
    const result = await runRound(xmppStage(server.url, workload), workload, timing, {});
    t.equal(complaint({ promisesOrder: true }, result.verdict), undefined, workload.name);
    t.ok(result.verdict.acked > 50 && result.deliveryP50Ms > 0, workload.name);
  }
});

t.test('what a broken XMPP server does is found', async (t) => {
  let last = '';
  const faults: [Workload, (stanza: string) => string, RegExp][] = [
    [group, (stanza) => stanza.replace('</body>', '!</body>'), /damaged/],
    [group, (stanza) => stanza.replace(/\/u\d/, '/u9'), /damaged/],
    [group, (stanza) => stanza.replaceAll('g0@', 'g1@'), /damaged/],
    [pair, (stanza) => stanza.replace("from='u0@", "from='u7@"), /damaged/],
    [
      group,
      (stanza) => {
        const doubled = last || stanza;
        last = stanza;
        return doubled;
      },
      /heard not exactly/,
    ],
    [pair, (stanza) => stanza.replace(/id='0\.5'/, "id='0.4'"), /heard not exactly/],
  ];
  for (const [workload, change, expected] of faults) {
    const server = await startTinyXmpp();
    t.teardown(server.close);
    server.breakFor(workload === pair ? 'u1' : 'u3', change);
    t.match((await verdictOf(xmppStage(server.url, workload), workload)) ?? '', expected, String(change));
  }
  const server = await startTinyXmpp();
  t.teardown(server.close);
  server.breakFor('u0', (stanza) => stanza.replace(/<stanza-id [^>]*>/, ''));
  await t.rejects(verdictOf(xmppStage(server.url, group), group), /archived/, 'not stored');
});

t.test('a database that holds not what was acked fails the round', async (t) => {
  const server = await startTinyXmpp();
  t.teardown(server.close);
  const lossy: Stage = { ...xmppStage(server.url, group), stored: async () => 7 };
  await t.rejects(verdictOf(lossy, group), /\d+ messages were acked and 0 stored/);
});

t.test('sums of positions as large as microseconds of days are exact', (t) => {
  const positions = Array.from({ length: 4_000 }, (_, i) => 2 ** 38 - 1 - 3 * i);
  const [all, own, rest, other] = [new Tally(), new Tally(), new Tally(), new Tally()];
  for (const seq of positions) all.add(seq);
  for (const seq of positions.slice(0, 1_000)) own.add(seq);
  for (const seq of positions.slice(1_000).reverse()) rest.add(seq);
  for (const seq of positions.slice(999, 3_999)) other.add(seq);
  t.ok(rest.isRest(all, own));
  t.notOk(other.isRest(all, own));
  t.end();
});
