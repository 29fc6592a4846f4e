import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peerNames } from './contestants.js';
import { pictureOf } from './picture.js';
import { type Facts, type Outcome, pageOf } from './summary.js';
import { workloads } from './workloads.js';

const resultsFolder = join(import.meta.dirname, '..', 'results');

/** What was asked for, as far as it decides whether the numbers are published. */
export interface Asked {
  readonly servers: readonly string[];
  readonly floor: number | undefined;
}

/** Why these results do not take the place of the published ones, or undefined where they do: no half picture. */
export function unpublished({ servers, floor }: Asked, outcomes: readonly Outcome[]): string | undefined {
  if (floor !== undefined) return 'with --floor nothing is';
  if (servers.length !== 2 || !servers.includes(peerNames[0])) return `only a comparison with ${peerNames[0]} is`;
  const missing = workloads.filter(({ name }) => !outcomes.some(({ workload }) => workload === name));
  if (missing.length > 0) return `these workloads were not run: ${missing.map(({ name }) => name).join(', ')}`;
  const failed = outcomes.filter(({ series }) => series.some(({ failures }) => failures.length > 0));
  if (failed.length > 0) return `rounds failed of ${failed.map(({ workload }) => workload).join(', ')}`;
  return undefined;
}

/** Writes the results beside the first peer, where both servers ran; no other numbers are published. */
export function publish(facts: Facts, outcomes: Outcome[]): void {
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(join(resultsFolder, 'latest.json'), `${JSON.stringify({ facts, outcomes }, null, 2)}\n`);
  writeFileSync(join(resultsFolder, 'README.md'), pageOf(facts, outcomes));
  writeFileSync(join(resultsFolder, 'comparison.svg'), pictureOf(outcomes));
}

/** The commit that is checked out in a folder, with `-dirty` where tracked files but results differ; `unknown` in no clone. */
export function commitOf(folder: string): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':(top,exclude)bench/results') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? '-dirty' : ''}`;
  } catch {
    // The numbers stand without it.
    return 'unknown';
  }
}
