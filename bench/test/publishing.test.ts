import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@teahouse/test';
import t from 'tap';
import { commitOf, unpublished } from '../dist/publishing.js';
import type { Outcome } from '../dist/summary.js';
import { workloads } from '../dist/workloads.js';

const asked = { servers: ['teahouse', 'socket.io'], floor: undefined };
const outcome = (workload: string, ...failures: string[]): Outcome => ({
  workload,
  about: '',
  series: asked.servers.map((server) => ({ server, rounds: [], failures: server === 'teahouse' ? failures : [] })),
});
const all = workloads.map(({ name }) => outcome(name));
const last = workloads.at(-1)?.name ?? '';

t.test('only the whole comparison takes the place of the published results', async (t) => {
  t.equal(unpublished(asked, all), undefined);
  t.equal(unpublished(asked, all.slice(0, -1)), `these workloads were not run: ${last}`);
  t.equal(unpublished(asked, [...all.slice(0, -1), outcome(last, 'nothing was acked')]), `rounds failed of ${last}`);
  t.equal(unpublished({ ...asked, floor: 6 }, all), 'with --floor nothing is');
  for (const servers of [['teahouse'], ['teahouse', 'ejabberd']])
    t.equal(unpublished({ ...asked, servers }, all), 'only a comparison with socket.io is');
});

t.test('the commit says whether the tree was another', async (t) => {
  const folder = temporaryDirectory('commit');
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();
  t.equal(commitOf(folder), 'unknown');
  git('init', '-q');
  writeFileSync(join(folder, 'a'), 'one');
  git('add', 'a');
  git('-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '-qm', 'a');
  const head = git('rev-parse', '--short', 'HEAD');
  writeFileSync(join(folder, 'new'), '');
  t.equal(commitOf(folder), head);
  writeFileSync(join(folder, 'a'), 'two');
  t.equal(commitOf(folder), `${head}-dirty`);
});
