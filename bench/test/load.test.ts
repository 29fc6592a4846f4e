import t from 'tap';
import type { MemberEvents, Stage } from '../dist/adapter.js';
import { contentOf, isContent } from '../dist/content.js';
import { cpuUsed } from '../dist/cpu.js';
import { complaint, type RoundResult, runRound } from '../dist/load.js';
import { startPeer } from '../dist/peer.js';
import { manyGroups, stageOf } from '../dist/scale.js';
import { SeqScanner } from '../dist/scan.js';
import { socketIoAdapter } from '../dist/socketio.js';
import { nowhere, register, TeahouseMember, teahouseAdapter } from '../dist/teahouse.js';
import { type Workload, workloads } from '../dist/workloads.js';
import { startTinyTeahouse } from './tiny-teahouse.js';

const timing = { quietMs: 60, settleMs: 3_000, warmupMs: 20, windowMs: 100, drainMs: 500 };
const group: Workload = {
  name: 'tiny',
  about: 'one group of 4, two senders',
  conversations: [{ kind: 'group', users: [0, 1, 2, 3] }],
  senders: [
    { user: 0, conversation: 0, inFlight: 2 },
    { user: 1, conversation: 0, inFlight: 1 },
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

type Fault = (seq: number, deliver: (seq: number) => void) => void;

/** A server in this process that breaks what user 3 hears, once `fault` says so. */
function stageWith(fault: Fault): Stage {
  const users = new Map<number, MemberEvents>();
  let last = 0;
  return {
    async connect(user, events) {
      users.set(user, events);
      return {
        send(ref) {
          setImmediate(() => {
            last += 1;
            const seq = last;
            for (const [other, heard] of users) {
              if (other === 3) fault(seq, (given) => heard.delivered(given, true));
              else if (other !== user) heard.delivered(seq, true);
            }
            events.acked(ref, seq);
          });
        },
        close() {
          users.delete(user);
        },
      };
    },
  };
}

function complaintAbout(result: RoundResult): string | undefined {
  return complaint({ promisesOrder: true }, result.verdict);
}

t.test('a server without faults is counted exactly', async (t) => {
  const result = await runRound(
    stageWith((seq, deliver) => deliver(seq)),
    group,
    timing,
    {},
  );
  t.equal(complaintAbout(result), undefined);
  t.equal(result.verdict.heard, result.verdict.acked * 3);
  t.ok(result.messagesPerSecond > 0 && result.ackP99Ms >= result.ackP50Ms);
});

t.test('at a steady pace messages begin whatever is unanswered', async (t) => {
  const late: Stage = {
    async connect(_user, events) {
      return { send: (ref) => void setTimeout(() => events.acked(ref, ref), 80), close() {} };
    },
  };
  const alone: Workload = { ...pair, senders: [{ user: 0, conversation: 0, inFlight: 1 }] };
  const closed = await runRound(late, alone, timing, {});
  const paced = await runRound(late, { ...alone, rate: 1000 }, timing, {});
  t.ok(closed.verdict.acked <= 4, 'an ack lets the next one go');
  t.ok(paced.verdict.acked > 50, `${paced.verdict.acked} in 120 ms at 1,000 a second`);
});

t.test('every fault of a server is found', async (t) => {
  let held = 0;
  const faults: Record<string, [Fault, RegExp]> = {
    'one lost': [(seq, deliver) => seq !== 7 && deliver(seq), /heard not exactly/],
    'one doubled': [
      (seq, deliver) => {
        deliver(seq);
        if (seq === 7) deliver(seq);
      },
      /heard not exactly/,
    ],
    'one lost and another doubled': [(seq, deliver) => deliver(seq === 7 ? 6 : seq), /heard not exactly/],
    'two exchanged for two of the same sum': [
      (seq, deliver) => deliver(seq === 7 ? 5 : seq === 10 ? 12 : seq),
      /heard not exactly/,
    ],
    'two out of order': [
      (seq, deliver) => {
        if (seq === 7) held = seq;
        else deliver(seq);
        if (seq === 8) deliver(held);
      },
      /out of order/,
    ],
  };
  for (const [name, [fault, expected]] of Object.entries(faults)) {
    const result = await runRound(stageWith(fault), group, timing, {});
    t.match(complaintAbout(result) ?? '', expected, name);
  }
});

t.test('an error answer or a lost connection fails the round', async (t) => {
  const stage: Stage = {
    async connect(_user, events) {
      return { send: () => events.failed('UNAVAILABLE'), close() {} };
    },
  };
  await t.rejects(runRound(stage, group, timing, {}), /UNAVAILABLE/);
});

t.test('the peer and its adapter: groups and pairs', async (t) => {
  const last = new Map<string, number>();
  const peer = await startPeer(async (conversation) => {
    const seq = (last.get(conversation) ?? 0) + 1;
    last.set(conversation, seq);
    return seq;
  }, 0);
  t.teardown(() => peer.close());
  for (const workload of [group, pair]) {
    const stage = await socketIoAdapter(peer.url).prepare(workload, () => {});
    const result = await runRound(stage, workload, timing, { here: process.pid });
    t.equal(complaintAbout(result), undefined, workload.name);
    t.equal(result.verdict.acked, last.get(workload === group ? 'g:1' : 'p:1:2'));
  }
});

t.test('the adapter of Teahouse: groups and pairs, after the written protocol', async (t) => {
  const server = await startTinyTeahouse();
  t.teardown(() => server.close());
  const adapter = teahouseAdapter(server.url);
  for (const workload of [group, pair]) {
    const stage = await adapter.prepare(workload, () => {});
    const result = await runRound(stage, workload, timing, {});
    t.equal(complaintAbout(result), undefined, workload.name);
    t.ok(result.verdict.heard > 0);
  }
  t.equal(server.registered(), 4, 'accounts are made once');
  server.damage();
  const stage = await adapter.prepare(group, () => {});
  t.match(complaintAbout(await runRound(stage, group, timing, {})) ?? '', /damaged/);
});

t.test('people who talk in several groups: each group keeps its own count and order', async (t) => {
  const server = await startTinyTeahouse();
  t.teardown(() => server.close());
  const scale = manyGroups(200, 1000, 1, 0);
  t.equal(scale.workload.conversations.length, 100);
  t.same(scale.groupsOf[7], [8, 108]);
  const [workload, groupsOf] = [group, [[1, 2, 3]]];
  const accounts = [];
  for (const { users } of workload.conversations)
    for (const user of users) accounts[user] = await register(server.url, user);
  for (const [user, account] of accounts.entries()) {
    const member = new TeahouseMember(account, undefined, nowhere);
    await member.open(server.url);
    for (const groupId of [1, 2, 3])
      await member.request(user === 0 ? { type: 'createGroup', groupName: 'x' } : { type: 'joinGroup', groupId });
    member.close();
  }
  const stage = stageOf({ label: '', workload, groupsOf }, [server.url], accounts);
  const result = await runRound(stage, workload, timing, {});
  t.equal(complaintAbout(result), undefined);
  t.equal(result.verdict.heard, result.verdict.acked * 3);
  const short = stageOf({ label: '', workload, groupsOf: [[1, 2]] }, [server.url], accounts);
  const mixed: Stage = { connect: (user, events) => (user === 3 ? short : stage).connect(user, events) };
  t.match(complaintAbout(await runRound(mixed, workload, timing, {})) ?? '', /heard not exactly|damaged/);
});

t.test('a sequence number is found wherever it moves to', (t) => {
  const scanner = new SeqScanner();
  for (const text of [
    '{"seq":1,"a":2}',
    '{"b":"cc","seq":23}',
    '{"b":"ccc","seq":456,"d":7}',
    `{"b":"${'c'.repeat(90)}","seq":9}`,
  ]) {
    const buffer = Buffer.from(`junk"seq":999${text}"seq":888`);
    t.equal(scanner.read(buffer, 12, 12 + text.length), (JSON.parse(text) as { seq: number }).seq);
  }
  t.equal(scanner.read(Buffer.from('{"none":1}"seq":8'), 0, 10), -1);
  t.end();
});

t.test('a content tells whether it was changed', (t) => {
  t.ok(isContent(contentOf(199, 123_456)));
  t.equal(contentOf(199, 123_456).length, 64);
  t.notOk(isContent(contentOf(1, 2).replace(/.$/, '!')));
  t.end();
});

t.test('CPU of a process is counted', (t) => {
  const before = cpuUsed({ here: process.pid }).here as number;
  const end = performance.now() + 100;
  while (performance.now() < end);
  const used = (cpuUsed({ here: process.pid }).here as number) - before;
  t.ok(used >= 30_000 && used <= 400_000, `${used} µs`);
  t.end();
});

t.test('in every workload each user is in one conversation and each sender in its own', (t) => {
  for (const { name, conversations, senders } of workloads) {
    const users = conversations.flatMap((conversation) => conversation.users);
    t.equal(new Set(users).size, users.length, name);
    t.ok(senders.every(({ user, conversation }) => conversations[conversation]?.users.includes(user)));
  }
  t.end();
});
