import { list } from '@teahouse/service-kit/database';
import { GroupDissolving } from './entities.js';
import type { Service } from './service.js';
import { lockDissolving, membersAfter } from './store.js';

const pageSize = 500;

/**
 * Takes dissolved groups out of their members' entries of the view, page by page: a group may have more members than one
 * transaction should touch. What is left when this fails, the next sweep of any instance does. Never rejects.
 * @param pages at most; a caller waits for one, which is enough for most groups
 * @param signal ends it with its page
 */
export async function retireDissolved(service: Service, pages: number, signal?: AbortSignal): Promise<void> {
  try {
    for (let page = 0; page < pages && !signal?.aborted; page++) {
      const userIds = await retirePage(service);
      if (!userIds) return;
      await service.memberships.tell(userIds);
    }
  } catch (error) {
    service.log.warn({ err: error }, 'members of a dissolved group are told late');
  }
}

/** Members whose entry is to be told anew; undefined when no group is left. */
function retirePage({ database }: Service): Promise<number[] | undefined> {
  return database.transaction(async (manager) => {
    const dissolving = await lockDissolving(manager);
    if (!dissolving) return undefined;
    const { groupId, afterUserId } = dissolving;
    const userIds = (await membersAfter(manager, groupId, afterUserId, pageSize)).map(({ userId }) => userId);
    if (userIds.length > 0) {
      const wanted = list(userIds);
      await manager.query(
        `UPDATE group_user SET membershipVersion = membershipVersion + 1, changedAt = ? WHERE userId IN ${wanted.sql}`,
        [Date.now(), ...wanted.params],
      );
    }
    const last = userIds.at(-1);
    if (last === undefined || userIds.length < pageSize) await manager.delete(GroupDissolving, { groupId });
    else await manager.update(GroupDissolving, { groupId }, { afterUserId: last });
    return userIds;
  });
}
