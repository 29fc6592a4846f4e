import t from 'tap';
import { judgeWitness, type Window } from '../dist/judge/deliveries.js';
import { judgePromises } from '../dist/judge/promises.js';
import { freshLogs, judgeAcks, judgeLog } from '../dist/judge/sends.js';
import { Ledger } from '../dist/ledger.js';
import { Members } from '../dist/members.js';
import type { Message } from '../dist/message.js';
import { tableOf } from '../dist/table.js';
import type { Violation } from '../dist/violation.js';
import { Witness } from '../dist/witness.js';

const group = 'g7';
const [ann, bob, eve] = [2, 3, 4];

/** A group of Ann and Bob in which Ann has said `count` things, all acked, all in history. */
function talk(count: number) {
  const ledger = new Ledger();
  const notices: Message[] = [ann, bob].map((userId, index) => ({
    ...{ place: group, seq: index + 1, id: `n${index}`, from: ann, content: '', kind: 'notice' },
    notice: { event: index === 0 ? 'created' : 'joined', userId },
  }));
  const log = Array.from({ length: count }, (_, index): Message => {
    const sent = ledger.begin(group, ann);
    ledger.tried(sent, 'ann');
    const { clientId, content } = sent;
    const message = { place: group, seq: index + 3, id: `m${index}`, from: ann, content, kind: 'normal', clientId };
    ledger.acknowledge(sent, message);
    return message;
  });
  return { ledger, log: [...notices, ...log], first: 3, last: count + 2 };
}

const kindsOf = (violations: readonly Violation[]) => violations.map(({ kind }) => kind);

function judgeHistory({ ledger }: { ledger: Ledger }, log: readonly Message[]): string[] {
  const logs = freshLogs(new Members());
  const found = judgeLog(group, 0, log, ledger, logs);
  const ids = new Map(log.map(({ place, seq, id }) => [`${place}:${seq}`, id]));
  return kindsOf([...found, ...judgeAcks(ledger.takeSettled(), logs, ids)]);
}

const pick = ({ content, clientId }: Message) => ({ content, ...(clientId === undefined ? {} : { clientId }) });

t.test('history and acks', async (t) => {
  t.same(judgeHistory(talk(5), talk(5).log), [], 'what agrees is left alone');

  const lost = talk(3);
  t.same(judgeHistory(lost, lost.log.slice(0, -1)), ['lost'], 'the last message is acked and missing');
  const hole = talk(3);
  const without = hole.log.filter(({ seq }) => seq !== 4);
  t.same(judgeHistory(hole, without), ['lost', 'lost'], 'a hole, and the ack of what is missing');
  const doubled = talk(2);
  const again = { ...(doubled.log.at(-1) as Message), seq: 5, id: 'x' };
  t.same(judgeHistory(doubled, [...doubled.log, again]), ['doubled', 'wrong'], 'stored under two seqs');
  const foreign = talk(1);
  const stranger = { ...(foreign.log.at(-1) as Message), seq: 4, id: 'x', clientId: 'nobody' };
  t.same(judgeHistory(foreign, [...foreign.log, stranger]), ['foreign'], 'nobody sent it');
  const changed = talk(1);
  const other = changed.log.map((one) => (one.seq === 3 ? { ...one, content: 'another' } : one));
  t.same(judgeHistory(changed, other), ['wrong'], 'another content');
  const moved = talk(1);
  t.same(
    judgeHistory(
      moved,
      moved.log.map((one) => (one.seq === 3 ? { ...one, id: 'x' } : one)),
    ),
    ['wrong'],
    'another id than the ack told',
  );
  const swapped = talk(2);
  const [, , one, two] = swapped.log as [Message, Message, Message, Message];
  const sends = [...swapped.ledger.all()];
  for (const [sent, { seq, id }] of [
    [sends[0], two],
    [sends[1], one],
  ] as const)
    if (sent) sent.ack = { seq, id };
  const mixed = [...swapped.log.slice(0, 2), { ...one, ...pick(two) }, { ...two, ...pick(one) }];
  t.same(judgeHistory(swapped, mixed), ['reordered'], 'two of one line changed places');
  const out = talk(1);
  const left: Message = {
    ...{ place: group, seq: 4, id: 'l', from: ann, content: '', kind: 'notice' },
    notice: { event: 'left', userId: ann },
  };
  const late = out.ledger.begin(group, ann);
  const speech = { place: group, seq: 5, id: 'late', from: ann, content: late.content, kind: 'normal' };
  t.same(
    judgeHistory(out, [...out.log, left, { ...speech, clientId: late.clientId }]),
    ['foreign'],
    'stored for one who had left',
  );
});

/** Bob is told that the group has `told` messages, and hears these, live. */
function hear(seqs: readonly number[], options: { told?: number; userId?: number; changed?: boolean } = {}): string[] {
  const { log, last, ledger } = talk(5);
  const members = new Members();
  for (const message of log) members.apply(message);
  const window: Window = { after: 0, last, bySeq: new Map(log.map((message) => [message.seq, message])) };
  const witness = new Witness('one', options.userId ?? bob);
  if (options.told !== undefined) witness.told(group, options.told);
  for (const seq of seqs) {
    const message = { ...(log[seq - 1] as Message), ...(options.changed ? { content: 'another' } : {}) };
    witness.heard(group, { seq, message, way: 'live', line: 'one#1' });
  }
  return kindsOf(judgeWitness(witness, new Map([[group, window]]), members, ledger));
}

t.test('what a client hears', async (t) => {
  t.same(hear([3, 4, 5, 6, 7], { told: 2 }), [], 'everything, in order');
  t.same(hear([3, 5, 6, 7], { told: 2 }), ['lost'], 'one in the middle never came');
  t.same(hear([3, 4, 5, 6], { told: 2 }), ['lost'], 'the last one never came');
  t.same(hear([3, 4, 4, 5, 6, 7], { told: 2 }), ['doubled'], 'one came twice');
  t.same(hear([3, 4, 5, 6, 7, 4], { told: 2 }), ['doubled'], 'an old one came again');
  t.same(hear([3, 5, 4, 6, 7], { told: 2 }), ['reordered'], 'two changed places');
  t.same(hear([7], { told: 6, changed: true }), ['wrong'], 'not what was stored');
  t.same(hear([6, 7], { userId: eve, told: 5 }), ['foreign', 'foreign'], 'Eve is no member');
  t.same(hear([]), ['lost'], 'a member who was never told of the group');
});

t.test('who was put out and came back', async (t) => {
  const members = new Members();
  const { ledger } = talk(0);
  const notices = [
    [1, 'created', ann],
    [2, 'joined', bob],
    [3, 'removed', bob],
    [5, 'joined', bob],
  ] as const;
  const log = [1, 2, 3, 4, 5, 6].map((seq): Message => {
    const told = notices.find(([at]) => at === seq);
    const notice = told ? { notice: { event: told[1], userId: told[2] } } : {};
    return { place: group, seq, id: `m${seq}`, from: ann, content: '', kind: told ? 'notice' : 'normal', ...notice };
  });
  for (const message of log) members.apply(message);
  const windows = new Map([
    [group, { after: 0, last: 6, bySeq: new Map(log.map((message) => [message.seq, message])) }],
  ]);
  const bobHears = (seqs: readonly number[], back: number | undefined) => {
    const witness = new Witness('bob', bob);
    witness.told(group, 1);
    if (back !== undefined) witness.told(group, back);
    for (const seq of seqs) witness.heard(group, { seq, message: log[seq - 1] as Message, way: 'live', line: 'bob#1' });
    return kindsOf(judgeWitness(witness, windows, members, ledger));
  };
  t.same(bobHears([2, 3, 5, 6], undefined), [], 'he heard what was said while he was in');
  t.same(bobHears([2, 3, 6], 5), [], 'he was told to begin after the notice');
  t.same(bobHears([2, 3, 4, 5, 6], undefined), ['foreign'], 'he heard what was said while he was out');
  t.same(bobHears([2, 3, 5], undefined), ['lost'], 'he did not hear what came after he was back');
});

t.test('what was promised about time', async (t) => {
  const effect = { down: ['group'], hiccup: ['login'], drops: false } as const;
  const judge = (domain: 'group' | 'private' | 'login', startedAt: number, ms: number, outcome: string) =>
    judgePromises(
      [{ domain, startedAt, ms, outcome }],
      effect,
      { injectedAt: 1000, hitAt: 1500, healedAt: 3000 },
      0,
    ).map(({ text }) => text.replace(/.*; /, ''));
  t.same(judge('group', 1500, 1900, 'UNAVAILABLE'), []);
  t.same(judge('group', 1500, 2100, 'UNAVAILABLE'), ['later than two seconds']);
  t.same(judge('group', 8100, 10, 'UNAVAILABLE'), ['not back within five seconds']);
  t.same(judge('private', 1500, 10, 'UNAVAILABLE'), ['it should have gone on']);
  t.same(judge('private', 1500, 10, 'INTERNAL'), ['neither done nor UNAVAILABLE']);
  t.same(judge('login', 5000, 10, 'UNAVAILABLE'), []);
  t.same(judge('login', 11_600, 10, 'UNAVAILABLE'), ['not replaced within ten seconds']);
});

t.test('the table counts what went wrong by kind of fault', async (t) => {
  const run = { kind: 'kill NATS', target: 'NATS', acked: 10, pauseMs: 1200, wellAfterMs: 300 };
  const table = tableOf([
    { ...run, violations: [{ kind: 'lost', text: '' }] },
    { ...run, violations: [] },
  ]);
  t.match(table, /\| kill NATS \| +2 \| +20 \| +1 \| +0 \| +0 \|.*1\.2 s \| +0\.3 s \|/);
});
