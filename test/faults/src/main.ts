import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { kinds } from './faults/index.js';
import { type Plan, runFaults } from './run.js';
import { tableOf } from './table.js';

const usage = `npm run faults [-- --faults 200] [--seed N] [--kinds "kill NATS,stop auth"] [--minutes M] [--slack MS]
kinds: ${kinds.map(({ name }) => name).join(', ')}`;

/** Reads the command line; throws an error whose sentence names what is wrong. */
function readPlan(args: string[]): Omit<Plan, 'told'> {
  const { values } = parseArgs({
    args,
    options: {
      faults: { type: 'string', default: String(kinds.length) },
      seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
      kinds: { type: 'string', default: '' },
      minutes: { type: 'string', default: '600' },
      slack: { type: 'string', default: '500' },
    },
  });
  const number = (name: 'faults' | 'seed' | 'minutes' | 'slack') => {
    const value = Number(values[name]);
    if (!(value >= 0)) throw new Error(`--${name} must be a number from 0.`);
    return value;
  };
  const wanted = values.kinds.split(',').map((name) => name.trim());
  const chosen = values.kinds === '' ? kinds : kinds.filter(({ name }) => wanted.includes(name));
  const unknown = wanted.find((name) => name !== '' && !kinds.some((kind) => kind.name === name));
  if (unknown !== undefined) throw new Error(`There is no fault "${unknown}".`);
  return {
    seed: number('seed'),
    faults: number('faults'),
    kinds: chosen,
    deadline: Date.now() + number('minutes') * 60_000,
    slackMs: number('slack'),
  };
}

async function main(): Promise<void> {
  let plan: Omit<Plan, 'told'>;
  try {
    plan = readPlan(process.argv.slice(2));
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${usage}`, { cause: error });
  }
  process.stdout.write(`seed ${plan.seed}\n`);
  const bar = new SingleBar({ format: '{bar} {value}/{total}, {eta_formatted} left | {last}', hideCursor: true });
  const isTerminal = process.stderr.isTTY === true;
  if (isTerminal) bar.start(plan.faults, 0, { last: 'starting' });
  const say = (text: string) => process.stdout.write(`${isTerminal ? '\r\x1b[K' : ''}${text}\n`);
  let result: Awaited<ReturnType<typeof runFaults>>;
  try {
    result = await runFaults({
      ...plan,
      told(outcome, done) {
        const { kind, target, acked, pauseMs, wellAfterMs, violations } = outcome;
        if (isTerminal) bar.update(done, { last: kind });
        if (!isTerminal || violations.length > 0)
          say(`${done} ${kind} (${target}): ${acked} acked, pause ${pauseMs} ms, all well after ${wellAfterMs} ms`);
        for (const { kind: sort, text } of violations) say(`  ${sort}: ${text}`);
      },
    });
  } finally {
    bar.stop();
  }
  for (const { kind, text } of result.violations) say(`at the end: ${kind}: ${text}`);
  process.stdout.write(`\n${tableOf(result.outcomes)}\n\nseed ${plan.seed}\n`);
  const wrong = result.violations.length + result.outcomes.reduce((sum, { violations }) => sum + violations.length, 0);
  if (wrong > 0) process.exitCode = 1;
}

await main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).stack ?? String(error)}\n`);
  process.exitCode = 1;
});
process.exit();
