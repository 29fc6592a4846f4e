import { setTimeout as pause } from 'node:timers/promises';
import { ConfigError } from '@teahouse/service-kit';
import { scan } from '../archive/scan.js';
import { startProgress } from './progress.js';
import { archiveOf, type Tools } from './tools.js';

/** How long to wait for an instance that keeps house. */
const waitMs = 30_000;
const againMs = 200;

/** `retention run`: evicts now what the settings say, instead of at the next round of a running service. */
export async function retentionRun(tools: Tools): Promise<boolean> {
  const { database, tables, keeping, settings, say } = tools;
  const remote = await archiveOf(tools);
  const end = performance.now() + waitMs;
  while (!(await keeping.take(0))) {
    if (performance.now() > end) throw new ConfigError('An instance of the service is keeping house; try again later.');
    await pause(againMs);
  }
  let gone = 0;
  try {
    let hot = 0;
    for await (const part of scan(database, tables)) hot += part.hot;
    const progress = startProgress('evicting', Math.max(0, hot - settings.maxRows));
    const retention = tools.retention(remote, (count) => {
      gone += count;
      progress.advance(count);
    });
    try {
      await retention.byAge(Date.now() - settings.maxAgeMs, () => keeping.keep());
      await retention.byCount(hot - gone - settings.maxRows, () => keeping.keep());
    } finally {
      progress.end();
    }
  } finally {
    await keeping.end(undefined);
  }
  say(`${gone} messages evicted.`);
  return true;
}
