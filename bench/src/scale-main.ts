import { parseArgs } from 'node:util';
import { numberOption, oneOf, wholeOption } from '@teahouse/test';
import { inParallel } from './adapter.js';
import { type Arena, openArena } from './contestants.js';
import { complaint, type RoundResult, runRound } from './load.js';
import { makeScale, manyGroups, oneGroup, type Scale, stageOf } from './scale.js';
import { busLine, median } from './summary.js';
import { type Account, register } from './teahouse.js';

/*
 * What a message and a delivery cost as there are more groups, more members of one group, more instances. The steps take
 * turns round by round. Two gateways run throughout where instances are compared; the second group-chat comes and goes.
 */

const parts = ['groups', 'members', 'instances'] as const;
type Part = (typeof parts)[number];
/** Where a part is flat: the dearest step costs at most so much of the first one's. */
const FLAT = 1.1;
const say = (text: string) => process.stdout.write(`${text}\n`);

interface Step {
  scale: Scale;
  gateways: number;
  groupChats: number;
  rounds: RoundResult[];
}

function readPlan() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      groups: { type: 'string', default: '10,100,1000,10000' },
      people: { type: 'string', default: '1000' },
      members: { type: 'string', default: '10,50,200,1000,5000' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '2' },
    },
  });
  const list = (name: 'groups' | 'members') =>
    values[name].split(',').map((text) => wholeOption(name, text, 10, 100_000));
  for (const part of positionals) oneOf('part', part, parts);
  return {
    groups: list('groups'),
    people: wholeOption('people', values.people, 10),
    members: list('members'),
    rounds: wholeOption('rounds', values.rounds, 1),
    seconds: numberOption('seconds', values.seconds, 0.1),
    chosen: parts.filter((part) => positionals.length === 0 || positionals.includes(part)),
  };
}

type Plan = ReturnType<typeof readPlan>;

/** Group ids and, for many groups, users are a part's own, so that nobody of one step is in another step's groups. */
function stepsOf(part: Part, plan: Plan): Step[] {
  const alone = { gateways: 1, groupChats: 1 };
  if (part === 'members')
    return plan.members.map((size, i) => ({ scale: oneGroup(size, 1000 + i), ...alone, rounds: [] }));
  if (part === 'groups') {
    let [group, user] = [10_000_000, 0];
    return plan.groups.map((count) => {
      const scale = manyGroups(count, plan.people, group, user);
      group += count;
      user += scale.workload.conversations.length * 10;
      return { scale, ...alone, rounds: [] };
    });
  }
  const scale = manyGroups(50, 500, 5000, 0);
  const counts = [1, 2].flatMap((groupChats) => [1, 2].map((gateways) => ({ gateways, groupChats })));
  return counts.map((count) => ({ scale, ...count, rounds: [] }));
}

async function oneRound(arena: Arena, step: Step, accounts: readonly Account[], seconds: number): Promise<void> {
  const { teahouse, contestants } = arena;
  const [contestant] = contestants;
  if (!teahouse || !contestant) throw new Error('Teahouse was not started.');
  const timing = { quietMs: 400, settleMs: 60_000, warmupMs: 1_500, windowMs: seconds * 1000, drainMs: 15_000 };
  const second = step.groupChats > 1 ? await teahouse.more('group-chat') : undefined;
  try {
    const pids = { ...contestant.pids, ...(second && { 'group-chat.1': second.pid }) };
    const stage = stageOf(step.scale, teahouse.urls.slice(0, step.gateways), accounts);
    const result = await runRound(stage, step.scale.workload, timing, pids, contestant.busUrl);
    const wrong = complaint(contestant.adapter, result.verdict);
    if (wrong !== undefined) throw new Error(`${step.scale.label}: ${wrong}`);
    step.rounds.push(result);
  } finally {
    await second?.stop();
  }
}

const middle = (rounds: readonly RoundResult[], of: (round: RoundResult) => number): number => median(rounds.map(of));
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

function tell(part: Part, steps: readonly Step[]): void {
  say(
    `\n| ${part} | messages/s | deliveries/s | CPU a message, µs | CPU a delivery, µs | ack p50, ms | generator, cores |`,
  );
  say('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
  const costs: number[] = [];
  for (const { scale, gateways, groupChats, rounds } of steps) {
    const cost = middle(rounds, ({ cpuUsPerDelivery }) => cpuUsPerDelivery);
    costs.push(cost);
    const name = part === 'instances' ? `gateways ${gateways}, group-chats ${groupChats}` : scale.label;
    const cells = [
      name,
      whole(middle(rounds, ({ messagesPerSecond }) => messagesPerSecond)),
      whole(middle(rounds, ({ deliveriesPerSecond }) => deliveriesPerSecond)),
      middle(rounds, ({ cpuUsPerMessage }) => cpuUsPerMessage).toFixed(1),
      cost.toFixed(2),
      middle(rounds, ({ ackP50Ms }) => ackP50Ms).toFixed(1),
      middle(rounds, ({ generatorCores }) => generatorCores).toFixed(2),
    ];
    say(`| ${cells.join(' | ')} |`);
  }
  for (const { scale, gateways, groupChats, rounds } of steps) {
    const sorted = [...rounds].sort((x, y) => x.messagesPerSecond - y.messagesPerSecond);
    const typical = sorted[Math.floor(sorted.length / 2)];
    const used = Object.entries(typical?.serverCpuUs ?? {});
    const all = used.reduce((sum, [, us]) => sum + us, 0);
    const shares = used.map(([name, us]) => `${name} ${(((typical?.cpuUsPerMessage ?? 0) * us) / all).toFixed(1)}`);
    const bus = busLine({ server: `${scale.label} (${gateways}+${groupChats})`, rounds, failures: [] });
    say(`${bus} µs a message: ${shares.join(', ')}.`);
  }
  if (part === 'instances') return;
  const [first = Number.NaN] = costs;
  const dearest = Math.max(...costs) / first;
  say(
    `The cost of a delivery is ${dearest <= FLAT ? 'flat or falling' : `up to ${dearest.toFixed(2)} times the first one's`}.`,
  );
}

async function runPart(part: Part, plan: Plan): Promise<void> {
  const steps = stepsOf(part, plan);
  const arena = await openArena(['teahouse'], { gateways: part === 'instances' ? 2 : 1 });
  try {
    const { teahouse } = arena;
    if (!teahouse) throw new Error('Teahouse was not started.');
    const users = 1 + Math.max(...steps.flatMap(({ scale }) => scale.workload.conversations.flatMap((c) => c.users)));
    const accounts: Account[] = [];
    await inParallel([...Array(users).keys()], 8, async (user) => {
      accounts[user] = await register(teahouse.url, user);
      if (user % 500 === 0) process.stderr.write(`registered ${user} users\n`);
    });
    for (const scale of new Set(steps.map((step) => step.scale))) await makeScale(teahouse.groupDbUrl, scale, accounts);
    for (let round = 0; round < plan.rounds; round += 1) {
      const turn = round % 2 === 0 ? steps : [...steps].reverse();
      for (const step of turn) await oneRound(arena, step, accounts, plan.seconds);
      process.stderr.write(`${part}: round ${round + 1} of ${plan.rounds}\n`);
    }
    tell(part, steps);
  } finally {
    await arena.close();
  }
}

const plan = readPlan();
for (const part of plan.chosen) await runPart(part, plan);
