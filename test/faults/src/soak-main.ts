import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { LiveMemory, numberOption, oneOf, type ServiceName, serviceNames, temporaryDirectory } from '@teahouse/test';
import { SingleBar } from 'cli-progress';
import { register } from './accounts.js';
import { Auditor } from './auditor.js';
import { Crowd } from './crowd.js';
import { readGauges } from './gauges.js';
import { Probe } from './probe.js';
import { Random } from './random.js';
import { type Sample, shownOnly, type Trend, trendsOf } from './slope.js';
import { startSystem } from './system.js';

const everyMs = 15_000;
const slackMs = 2_000;
const auditPatienceMs = 60_000;

interface Plan {
  readonly minutes: number;
  readonly pace: readonly [number, number];
  /** One instance of this keeps what it should not, to see that it is found. */
  readonly leak: ServiceName | undefined;
}

/** Lets a crowd talk, come and go for so long, and measures all processes meanwhile. */
async function soak({ minutes, pace, leak }: Plan, told: (sample: number) => void) {
  const random = new Random(1);
  const live = new LiveMemory(temporaryDirectory('live'));
  const { NODE_OPTIONS = '', ...env } = live.env;
  const leaking = `--import ${new URL('./leak.js', import.meta.url).href}`;
  const system = await startSystem(2, slackMs, (instance) => ({
    ...env,
    NODE_OPTIONS: instance === `${leak}.0` ? `${NODE_OPTIONS} ${leaking}` : NODE_OPTIONS,
  }));
  let crowd: Crowd | undefined;
  let probe: Probe | undefined;
  try {
    const account = await register(system.url, 'probe');
    crowd = await Crowd.gather(system.url, system.socketUrl, random, { pace, slackMs });
    probe = new Probe(system.url, account, crowd.accounts[0] ?? account, crowd.ledger, random);
    const auditor = new Auditor(system, crowd, auditPatienceMs);
    const samples: Sample[] = [];
    const startedAt = Date.now();
    crowd.talk();
    probe.start();
    for (let count = 1; Date.now() < startedAt + minutes * 60_000; count++) {
      await delay(everyMs);
      await crowd.renew();
      samples.push({ minute: (Date.now() - startedAt) / 60_000, gauges: await readGauges(system, live) });
      told(count);
    }
    const acked = crowd.ledger.acked;
    await Promise.all([crowd.hush(), probe.rest()]);
    const { violations } = await auditor.audit();
    if (process.env.SOAK_SAMPLES)
      appendFileSync(
        process.env.SOAK_SAMPLES,
        JSON.stringify(samples.map(({ minute, gauges }) => ({ minute, gauges: Object.fromEntries(gauges) }))),
      );
    return { trends: trendsOf(samples), acked, seconds: (Date.now() - startedAt) / 1000, violations };
  } finally {
    await probe?.close();
    await crowd?.leave();
    await system.stop();
  }
}

function tableOf(trends: readonly Trend[]): string {
  const lines = trends.map(({ who, what, first, last, perMinute, flat }) => {
    const numbers = [first.toFixed(1), last.toFixed(1), perMinute.toFixed(2)].join(' | ');
    const verdict = what === shownOnly ? '' : flat ? 'flat' : 'GROWS';
    return `| ${who} | ${what} | ${numbers} | ${verdict} |`;
  });
  return ['| process | what | first | last | a minute | |', '| --- | --- | ---: | ---: | ---: | --- |', ...lines].join(
    '\n',
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '20' },
      pause: { type: 'string', default: '50' },
      leak: { type: 'string' },
    },
  });
  const minutes = numberOption('minutes', values.minutes, 0.5);
  const pause = numberOption('pause', values.pause, 2);
  const leak = values.leak === undefined ? undefined : oneOf('service', values.leak, serviceNames);
  const bar = new SingleBar({ format: '{bar} {percentage} %, {eta_formatted} left', hideCursor: true });
  const isTerminal = process.stderr.isTTY === true;
  if (isTerminal) bar.start(Math.ceil((minutes * 60_000) / everyMs), 0);
  const plan: Plan = { minutes, pace: [Math.ceil(pause / 2), Math.ceil(pause * 1.5)], leak };
  const { trends, acked, seconds, violations } = await soak(plan, (n) => {
    if (isTerminal) bar.update(n);
  }).finally(() => bar.stop());
  process.stdout.write(`${tableOf(trends)}\n\n${acked} messages in ${seconds.toFixed(0)} s\n`);
  for (const { kind, text } of violations) process.stdout.write(`${kind}: ${text}\n`);
  const growing = trends.filter(({ flat }) => !flat);
  for (const { who, what, perMinute } of growing)
    process.stdout.write(`${who}: ${what} grows by ${perMinute.toFixed(2)} a minute\n`);
  if (violations.length > 0 || growing.length > 0) process.exitCode = 1;
}

await main();
process.exit();
