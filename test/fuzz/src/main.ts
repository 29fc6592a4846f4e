import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { type Outcome, type Plan, runFuzz } from './run.js';

const usage =
  'npm run fuzz [-- --count 200000] [--seed N] [--servers 5]   servers: the share in percent on NATS and MariaDB';

/** Reads the command line; throws an error whose sentence names what is wrong. */
function readPlans(args: string[]): Plan[] {
  const { values } = parseArgs({
    args,
    options: {
      count: { type: 'string', default: '200000' },
      seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
      servers: { type: 'string', default: '5' },
    },
  });
  const number = (name: keyof typeof values, most: number) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 0 || value > most)
      throw new Error(`--${name} must be a whole number from 0 to ${most}.`);
    return value;
  };
  const [count, seed, share] = [number('count', 1e9), number('seed', 2 ** 31 - 1), number('servers', 100)];
  const onServers = Math.round((count * share) / 100);
  const plans: Plan[] = [
    { setup: 'embedded', seed, count: count - onServers },
    { setup: 'servers', seed, count: onServers },
  ];
  return plans.filter((plan) => plan.count > 0);
}

async function main(): Promise<void> {
  let plans: Plan[];
  try {
    plans = readPlans(process.argv.slice(2));
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${usage}`, { cause: error });
  }
  for (const plan of plans) {
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

await main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).stack ?? String(error)}\n`);
  process.exitCode = 1;
});
process.exit();
