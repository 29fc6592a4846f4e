import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { wholeOption } from '@teahouse/test';
import { SingleBar } from 'cli-progress';
import { type Outcome, type Plan, runFuzz } from './run.js';

/** Reads the command line; throws `UsageError`. */
function readPlans(): Plan[] {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '200000' },
      seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
      servers: { type: 'string', default: '5' },
    },
  });
  const number = (name: keyof typeof values, most: number) => wholeOption(name, values[name], 0, most);
  const [count, seed, share] = [number('count', 1e9), number('seed', 2 ** 31 - 1), number('servers', 100)];
  const onServers = Math.round((count * share) / 100);
  const plans: Plan[] = [
    { setup: 'embedded', seed, count: count - onServers },
    { setup: 'servers', seed, count: onServers },
  ];
  return plans.filter((plan) => plan.count > 0);
}

async function main(): Promise<void> {
  for (const plan of readPlans()) {
    process.stdout.write(`${plan.setup}, seed ${plan.seed}\n`);
    const bar = new SingleBar({ format: '{bar} {value}/{total}, {eta_formatted} left', hideCursor: true });
    if (process.stderr.isTTY === true) bar.start(plan.count, 0);
    const started = Date.now();
    const outcome = await runFuzz({ ...plan, told: (done) => bar.update(done) }).finally(() => bar.stop());
    tell(outcome, Date.now() - started);
    if (outcome.violations.length > 0) process.exitCode = 1;
  }
}

function tell({ inputs, by, violations, accepted, unavailable, heap }: Outcome, ms: number): void {
  const shares = Object.entries(by).map(([to, count]) => `${to} ${count}`);
  const [first, last] = heap.map((bytes) => Math.round(bytes / 1024 / 1024));
  process.stdout.write(
    `${inputs} inputs in ${Math.round(ms / 1000)} s (${shares.join(', ')}): ${violations.length} violations, ` +
      `${accepted} accepted, ${unavailable} unavailable, heap ${first} MiB after a fifth, ${last} MiB at the end\n`,
  );
  for (const text of violations) process.stdout.write(`\n${text}\n`);
}

await main();
process.exit();
