import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { numberOption, oneOf, wholeOption } from '@teahouse/test';
import { SingleBar } from 'cli-progress';
import { kinds } from './faults/index.js';
import { type Plan, runFaults } from './run.js';
import { tableOf } from './table.js';

/** Reads the command line; throws `UsageError`. */
function readPlan(): Omit<Plan, 'told'> {
  const { values } = parseArgs({
    options: {
      faults: { type: 'string', default: String(kinds.length) },
      seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
      kinds: { type: 'string', default: '' },
      gateways: { type: 'string', default: '2' },
      minutes: { type: 'string', default: '600' },
      slack: { type: 'string', default: '500' },
    },
  });
  const gateways = oneOf('number of gateways', values.gateways, ['1', '2']) === '1' ? 1 : 2;
  const names = kinds.map(({ name }) => name);
  const wanted =
    values.kinds === '' ? names : values.kinds.split(',').map((name) => oneOf('fault', name.trim(), names));
  return {
    seed: wholeOption('seed', values.seed, 0),
    faults: wholeOption('faults', values.faults, 0),
    kinds: kinds.filter(({ name, needsTwo }) => wanted.includes(name) && !(gateways === 1 && needsTwo)),
    gateways,
    deadline: Date.now() + numberOption('minutes', values.minutes, 0) * 60_000,
    slackMs: numberOption('slack', values.slack, 0),
  };
}

async function main(): Promise<void> {
  const plan = readPlan();
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

await main();
process.exit();
