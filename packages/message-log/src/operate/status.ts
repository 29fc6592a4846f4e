import { scan } from '../archive/scan.js';
import { answers, type Tools } from './tools.js';

/** Alarms told one by one. */
const shown = 100;

/** `archive status`: what is where, and what needs an operator. False where something does. */
export async function status(tools: Tools): Promise<boolean> {
  const { database, tables, remote, alarms, keeping, say } = tools;
  const total = { hot: 0, unarchived: 0, behind: 0 };
  for await (const { hot, unarchived, behind } of scan(database, tables)) {
    total.hot += hot;
    total.unarchived += unarchived;
    total.behind += behind.size;
  }
  const { evicted, roundAt } = await keeping.counts();
  const state = remote ? ((await answers(remote)) ? 'answers' : 'does not answer') : 'none is set';
  say(`archive                    ${state}`);
  say(`messages in the hot part   ${total.hot}`);
  say(`not archived yet           ${total.unarchived} in ${total.behind} conversations`);
  say(`evicted so far             ${evicted}`);
  say(`last round of housekeeping ${roundAt === 0 ? 'never' : new Date(roundAt).toISOString()}`);
  const count = await alarms.count();
  say(`conversations with alarm   ${count}`);
  for (const { conversationId, seq, reason, foundAt } of await alarms.list(shown)) {
    say(`  conversation ${conversationId}, seq ${seq}: ${reason}, found ${new Date(foundAt).toISOString()}`);
  }
  return count === 0 && state !== 'does not answer';
}
