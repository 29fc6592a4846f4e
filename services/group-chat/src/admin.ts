import { iso } from '@teahouse/contracts';
import { actsBefore, noteAct } from '@teahouse/service-kit/database';
import { publishRun } from './publish.js';
import { mustLive, noGroup } from './rules.js';
import type { Answer, Ask, Service } from './service.js';
import { lockGroup } from './store.js';

/* What only the system's admins do. The gateway has seen to it that they are. */

/**
 * Appends words to a group's log that are nobody's message: no rule of sends holds for them. The event is one that all
 * clients know and that changes nothing by itself, so that clients to which `official` is new are not misled.
 */
export async function officialNotice(
  { database, messages, bus }: Service,
  { by, groupId, content }: Ask<'officialNotice'>,
): Promise<Answer<'officialNotice'>> {
  const from = by.userId;
  const said = { from, content, notice: { event: 'updated', by: from, official: true } } as const;
  const stored = await database.transaction(async (manager) => {
    const { group } = await lockGroup(manager, groupId, from);
    if (!group) throw noGroup();
    mustLive(group);
    const [notice] = await messages.appendInside(manager, groupId, [said]);
    if (!notice) throw new Error('A notice was not stored.');
    await noteAct(manager, { by, act: 'officialNotice', groupId, seq: notice.seq });
    return notice;
  });
  publishRun(bus, groupId, [stored], []);
  return { id: stored.id, seq: stored.seq, createTime: iso(stored.createTime) };
}

export async function audit({ database }: Service, page: Ask<'audit'>): Promise<Answer<'audit'>> {
  return actsBefore(database, page);
}
