import type { Outcome } from './cycle.js';
import { type ViolationKind, violationKinds } from './violation.js';

/** One line of the table: all runs of a kind. */
interface Row {
  readonly kind: string;
  runs: number;
  acked: number;
  readonly wrong: Record<ViolationKind, number>;
  pauseMs: number;
  wellAfterMs: number;
}

const head = ['fault', 'runs', 'acked', ...violationKinds, 'longest pause', 'all well after'];

/** A table of all runs, a line for each kind and their sum, as Markdown that reads well on a terminal too. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = new Map<string, Row>();
  const sum = freshRow('all');
  for (const outcome of outcomes) {
    const row = rows.get(outcome.kind) ?? freshRow(outcome.kind);
    rows.set(outcome.kind, row);
    add(row, outcome);
    add(sum, outcome);
  }
  const sorted = [...rows.values()].sort((a, b) => a.kind.localeCompare(b.kind));
  return markdown([head, ...[...sorted, sum].map(cellsOf)]);
}

function freshRow(kind: string): Row {
  const wrong = Object.fromEntries(violationKinds.map((one) => [one, 0])) as Record<ViolationKind, number>;
  return { kind, runs: 0, acked: 0, wrong, pauseMs: 0, wellAfterMs: 0 };
}

function add(row: Row, { acked, violations, pauseMs, wellAfterMs }: Outcome): void {
  row.runs += 1;
  row.acked += acked;
  for (const { kind } of violations) row.wrong[kind] += 1;
  row.pauseMs = Math.max(row.pauseMs, pauseMs);
  row.wellAfterMs = Math.max(row.wellAfterMs, wellAfterMs);
}

function cellsOf({ kind, runs, acked, wrong, pauseMs, wellAfterMs }: Row): string[] {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const counts = violationKinds.map((one) => String(wrong[one]));
  return [kind, String(runs), String(acked), ...counts, seconds(pauseMs), seconds(wellAfterMs)];
}

function markdown(lines: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const rule = line(widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)));
  const [first = [], ...rest] = lines;
  return [line(first), rule, ...rest.map(line)].join('\n');
}
