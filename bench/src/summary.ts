import type { RoundResult } from './load.js';

/** What one server made of one workload: its rounds, and why the failed ones failed. */
export interface Series {
  server: string;
  rounds: RoundResult[];
  failures: string[];
}

/** One workload as both servers took it. */
export interface Outcome {
  workload: string;
  about: string;
  series: Series[];
}

/** Where and how it was measured. */
export interface Facts {
  date: string;
  commit: string;
  cpu: string;
  cores: number;
  memoryGiB: number;
  node: string;
  database: string;
  /** The machine's load average before anything was started; what else ran took its share of the cores. */
  loadBefore: number;
  rounds: number;
  windowSeconds: number;
}

interface Row {
  label: string;
  digits: number;
  of(round: RoundResult): number;
}

const rows: readonly Row[] = [
  { label: 'acked messages/s', digits: 0, of: (round) => round.messagesPerSecond },
  { label: 'deliveries/s', digits: 0, of: (round) => round.deliveriesPerSecond },
  { label: 'ack p50, ms', digits: 2, of: (round) => round.ackP50Ms },
  { label: 'ack p99, ms', digits: 2, of: (round) => round.ackP99Ms },
  { label: 'delivery p50, ms', digits: 2, of: (round) => round.deliveryP50Ms },
  { label: 'delivery p99, ms', digits: 2, of: (round) => round.deliveryP99Ms },
  { label: 'server CPU a message, µs', digits: 1, of: (round) => round.cpuUsPerMessage },
  { label: 'server CPU a delivery, µs', digits: 2, of: (round) => round.cpuUsPerDelivery },
  { label: 'load generator, cores', digits: 2, of: (round) => round.generatorCores },
  { label: 'deliveries out of order', digits: 0, of: (round) => round.verdict.disordered },
];

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function format(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function cell(rounds: readonly RoundResult[], row: Row): string {
  if (rounds.length === 0) return '–';
  const values = rounds.map(row.of);
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => format(value, row.digits));
  return `${format(median(values), row.digits)} (${low}–${high})`;
}

/** Half of the second server's messages a second in the workload of this name, by their median; undefined where it did not run. */
export function halfOfPeer(outcomes: readonly Outcome[], name: string): number | undefined {
  const peer = outcomes.find(({ workload }) => workload === name)?.series[1];
  if (peer === undefined || peer.rounds.length === 0) return undefined;
  return Math.round(median(peer.rounds.map((round) => round.messagesPerSecond)) / 2);
}

/** How many times the second server's messages a second the first one's are, by their medians; NaN where one has none. */
export function speedRatio(series: readonly Series[]): number {
  const [ours = Number.NaN, theirs = Number.NaN] = series.map(({ rounds }) =>
    median(rounds.map((round) => round.messagesPerSecond)),
  );
  return ours / theirs;
}

function ratio(series: readonly Series[], row: Row): string {
  const [ours, theirs] = series.map(({ rounds }) => (rounds.length === 0 ? Number.NaN : median(rounds.map(row.of))));
  const value = (ours ?? Number.NaN) / (theirs ?? Number.NaN);
  return Number.isFinite(value) ? `${format(value, value < 0.1 ? 3 : 2)}×` : '–';
}

/** The CPU of a server's processes during its median round, as shares of one core. */
function shares(series: Series, windowSeconds: number): string {
  const middle = [...series.rounds].sort((a, b) => a.messagesPerSecond - b.messagesPerSecond)[
    Math.floor(series.rounds.length / 2)
  ];
  if (!middle) return '';
  const parts = Object.entries(middle.serverCpuUs).map(
    ([name, us]) => `${name} ${format(us / 1e6 / windowSeconds, 2)}`,
  );
  return `${series.server}: ${parts.join(', ')}`;
}

/** What one server's bus carried a message, by the medians of its rounds; empty for a server without one. */
export function busLine({ server, rounds }: Series): string {
  const told = rounds.flatMap(({ bus }) => (bus ? [bus] : []));
  if (told.length === 0) return '';
  const [inMsgs, outMsgs, inBytes, outBytes] = (['inMsgs', 'outMsgs', 'inBytes', 'outBytes'] as const).map((key) =>
    format(median(told.map((bus) => bus[key])), key.endsWith('Bytes') ? 0 : 3),
  );
  return `NATS of ${server} a message: ${inMsgs} messages in, ${outMsgs} out; ${inBytes} bytes in, ${outBytes} out.`;
}

/** One workload as a Markdown table: medians with the lowest and highest round, and the first server's ratio to the second. */
export function tableOf(outcome: Outcome, windowSeconds: number): string {
  const names = outcome.series.map(({ server }) => server);
  const both = names.length === 2;
  const head = ['', ...names, ...(both ? [`${names[0]} / ${names[1]}`] : [])];
  const lines = [
    `### ${outcome.workload}: ${outcome.about}`,
    '',
    `| ${head.join(' | ')} |`,
    `|${' --- |'.repeat(head.length)}`,
    ...rows.map((row) => {
      const cells = outcome.series.map(({ rounds }) => cell(rounds, row));
      return `| ${[row.label, ...cells, ...(both ? [ratio(outcome.series, row)] : [])].join(' | ')} |`;
    }),
    '',
    `Cores used: ${outcome.series.map((series) => shares(series, windowSeconds)).join('; ')}.`,
  ];
  for (const line of outcome.series.map(busLine)) if (line) lines.push('', line);
  for (const { server, failures } of outcome.series) {
    for (const failure of failures) lines.push('', `**${server}, a round failed:** ${failure}`);
  }
  return lines.join('\n');
}

/** The whole page: what was measured on which machine, then a table for each workload. */
export function pageOf(facts: Facts, outcomes: readonly Outcome[]): string {
  return `# Results

Written by \`npm run bench\` on ${facts.date} at commit ${facts.commit}: ${facts.cores} × ${facts.cpu}, ${facts.memoryGiB} GiB,
Node ${facts.node}, ${facts.database}, load ${facts.loadBefore.toFixed(2)} before the start. ${facts.rounds} rounds each in turn, ${facts.windowSeconds} s measured a round; medians, in brackets the lowest and highest round.

Generator, server and database share the machine, so the ratios say more than the numbers. Both servers store in the same
database server, which has every commit on disk before it answers. Each round counts only where every connection heard
exactly the acked messages of the others, each once. The peer (\`bench/src/peer.ts\`) is one process of socket.io with one
INSERT a message; it believes who connects and promises no order, so its deliveries out of order are counted and allowed.

${outcomes.map((outcome) => tableOf(outcome, facts.windowSeconds)).join('\n\n')}
`;
}
