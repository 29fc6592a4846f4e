import { limits, TeahouseError } from '@teahouse/contracts';
import { noteAct } from '@teahouse/service-kit/database';
import { publishRun } from './publish.js';
import { mustRank, standing } from './rules.js';
import type { Answer, Ask, Service } from './service.js';
import { lockGroup } from './store.js';

/** Empties a message and appends the notice that says so. What was recalled before is not there any more. */
export async function recallMessage(
  service: Service,
  { caller, groupId, seq }: Ask<'recallMessage'>,
): Promise<Answer<'recallMessage'>> {
  const { database, messages, bus } = service;
  const notice = await database.transaction(async (manager) => {
    const mine = standing(await lockGroup(manager, groupId, caller.userId), caller);
    const rank = mustRank(mine, 'member');
    const message = await messages.messageInside(manager, groupId, seq);
    if (!message || message.recalled || message.kind !== 'normal')
      throw new TeahouseError('NOT_FOUND', 'There is no such message.');
    const own = message.from === caller.userId && Date.now() - message.createTime <= limits.recallMs;
    if (!own && rank === 'member') throw new TeahouseError('FORBIDDEN');
    const told = await messages.recallInside(manager, groupId, seq, caller.userId);
    if (message.from !== caller.userId) {
      const act = { by: caller, act: 'recallMessage', userId: message.from, groupId, seq: told.seq } as const;
      await noteAct(manager, { ...act, detail: { recalledSeq: seq } });
    }
    return told;
  });
  publishRun(bus, groupId, [notice], []);
  return { seq: notice.seq };
}
