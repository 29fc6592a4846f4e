import { scan } from '../archive/scan.js';
import { startProgress } from './progress.js';
import { archiveOf, type Tools } from './tools.js';

/**
 * `archive backfill`: copies into the archive what it does not hold yet. The service does so by itself, slowly; this goes as
 * fast as it can, also beside a running service. Interrupted and called again it goes on. False where alarms kept it.
 */
export async function backfill(tools: Tools): Promise<boolean> {
  const { database, tables, keeping, alarms, say } = tools;
  const remote = await archiveOf(tools);
  let missing = 0;
  for await (const { unarchived } of scan(database, tables)) missing += unarchived;
  const progress = startProgress('archiving', missing);
  let copied = 0;
  const archiver = tools.archiver(remote, (count) => {
    copied += count;
    progress.advance(count);
  });
  try {
    for await (const { behind } of scan(database, tables)) {
      if (behind.size === 0) continue;
      await keeping.fence();
      await archiver.archive(behind, async () => {});
    }
  } finally {
    progress.end();
  }
  const stopped = await alarms.count();
  say(`${copied} messages copied.`);
  if (stopped > 0) say(`${stopped} conversations have an alarm and were left alone: see archive status.`);
  return stopped === 0;
}
