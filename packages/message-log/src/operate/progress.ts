import { Presets, SingleBar } from 'cli-progress';

/** Shows how far a long work is. */
export interface Progress {
  advance(by: number): void;
  end(): void;
}

/** A bar on standard error where that is a terminal, and else nothing: the result says it all. */
export function startProgress(title: string, total: number): Progress {
  const format = `${title} [{bar}] {percentage}% | {value} of {total} | {eta_formatted} left`;
  // It draws nothing where there is no terminal.
  const bar = new SingleBar({ format, hideCursor: true, etaBuffer: 100 }, Presets.shades_classic);
  bar.start(total, 0);
  return { advance: (by) => bar.increment(by), end: () => bar.stop() };
}
