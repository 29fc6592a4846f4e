import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { numberOption, oneOf, wholeOption } from '@teahouse/test';
import type { Stage } from './adapter.js';
import { type Contestant, contestantNames, openArena, peerNames } from './contestants.js';
import { complaint, runRound, type Timing } from './load.js';
import { commitOf, publish, unpublished } from './publishing.js';
import { type Facts, halfOfPeer, type Outcome, type Series, speedRatio, tableOf } from './summary.js';
import { atRate, type Workload, workloads } from './workloads.js';

interface Plan {
  chosen: readonly Workload[];
  servers: readonly string[];
  rounds: number;
  timing: Timing;
  /** The least ratio of messages a second to the peer's; where given, nothing is published. */
  floor: number | undefined;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Reads the command line; throws `UsageError`. */
function readPlan(): Plan {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      peer: { type: 'string', default: peerNames[0] },
      only: { type: 'string' },
      floor: { type: 'string' },
    },
  });
  const names = workloads.map(({ name }) => name);
  for (const name of positionals) oneOf('workload', name, names);
  const peer = oneOf('peer', values.peer, peerNames);
  const seconds = numberOption('seconds', values.seconds, 0.1);
  return {
    chosen: workloads.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
    servers: values.only === undefined ? ['teahouse', peer] : [oneOf('server', values.only, contestantNames)],
    rounds: wholeOption('rounds', values.rounds, 1),
    timing: { quietMs: 400, settleMs: 20_000, warmupMs: 1_500, windowMs: seconds * 1000, drainMs: 15_000 },
    floor: values.floor === undefined ? undefined : numberOption('floor', values.floor, 0),
  };
}

function factsOf(plan: Plan, database: string, loadBefore: number): Facts {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commitOf(import.meta.dirname),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    database,
    loadBefore,
    rounds: plan.rounds,
    windowSeconds: plan.timing.windowMs / 1000,
  };
}

async function oneRound(contestant: Contestant, stage: Stage, workload: Workload, plan: Plan, series: Series) {
  try {
    const result = await runRound(stage, workload, plan.timing, contestant.pids, contestant.busUrl);
    const wrong = complaint(contestant.adapter, result.verdict);
    if (wrong !== undefined) throw new Error(wrong);
    series.rounds.push(result);
    const { messagesPerSecond, deliveriesPerSecond } = result;
    say(`  ${series.server}: ${Math.round(messagesPerSecond)} msg/s, ${Math.round(deliveriesPerSecond)} deliveries/s`);
  } catch (error) {
    series.failures.push((error as Error).message);
    say(`  ${series.server}: failed: ${(error as Error).message}`);
  }
}

/** Runs every round of one workload, the servers taking turns in alternating order. */
async function runWorkload(workload: Workload, contestants: readonly Contestant[], plan: Plan): Promise<Outcome> {
  say(`${workload.name}: ${workload.about}`);
  const entries = [];
  for (const contestant of contestants) {
    const name = contestant.adapter.name;
    const series: Series = { server: name, rounds: [], failures: [] };
    const stage = await contestant.adapter.prepare(workload, (text) => say(`  ${name}: ${text}`));
    entries.push({ contestant, series, stage });
  }
  for (let round = 0; round < plan.rounds; round += 1) {
    const turn = round % 2 === 0 ? entries : [...entries].reverse();
    for (const { contestant, stage, series } of turn) await oneRound(contestant, stage, workload, plan, series);
  }
  return { workload: workload.name, about: workload.about, series: entries.map(({ series }) => series) };
}

async function main(): Promise<void> {
  const plan = readPlan();
  const [loadBefore = 0] = loadavg();
  if (loadBefore > 0.5) say(`The machine is busy already (load ${loadBefore.toFixed(2)}): the numbers will suffer.`);
  const arena = await openArena(plan.servers);
  // Now: the tree may be another when the last round ends.
  const facts = factsOf(plan, arena.database, loadBefore);
  const outcomes: Outcome[] = [];
  try {
    for (const workload of plan.chosen) {
      const half = workload.halfOf === undefined ? undefined : halfOfPeer(outcomes, workload.halfOf);
      const asked = half === undefined ? workload : atRate(workload, half);
      const outcome = await runWorkload(asked, arena.contestants, plan);
      process.stdout.write(`${tableOf(outcome, plan.timing.windowMs / 1000)}\n\n`);
      outcomes.push(outcome);
    }
  } finally {
    await arena.close();
  }
  const reason = unpublished(plan, outcomes);
  if (reason === undefined) publish(facts, outcomes);
  else say(`The published results stay as they are: ${reason}.`);
  for (const { workload, series } of outcomes) {
    const ratio = speedRatio(series);
    if (plan.floor === undefined || ratio >= plan.floor) continue;
    say(`${workload}: ${ratio.toFixed(1)} times the peer's messages a second, and ${plan.floor} is the least.`);
    process.exitCode = 1;
  }
  if (outcomes.some(({ series }) => series.some(({ failures }) => failures.length > 0))) process.exitCode = 1;
}

await main();
