import { TeahouseError } from '@teahouse/contracts';
import { pairWith } from './pair.js';
import type { Answer, Ask, Service } from './service.js';

/** People whom one user may block: their list is one answer. */
const maxBlocked = 1000;

/** Nothing of the other's is stored any more once this has answered: sends and this take the same lock. */
export async function blockUser(service: Service, request: Ask<'blockUser'>): Promise<Answer<'blockUser'>> {
  const { database, people, store } = service;
  const { caller, userId: other } = request;
  const blocked = await store.blockedBy(caller.userId);
  if (!blocked.includes(other)) {
    if (!(await people.exists(other))) throw new TeahouseError('NOT_FOUND');
    if (blocked.length >= maxBlocked)
      throw new TeahouseError('CONFLICT', `At most ${maxBlocked} people can be blocked.`);
  }
  const ignore = database.dialect === 'sqlite' ? 'OR IGNORE' : 'IGNORE';
  await change(service, request, `INSERT ${ignore} INTO private_block (userId, blockedId) VALUES (?, ?)`);
  return {};
}

export async function unblockUser(service: Service, request: Ask<'unblockUser'>): Promise<Answer<'unblockUser'>> {
  const blocked = await service.store.blockedBy(request.caller.userId);
  if (!blocked.includes(request.userId)) throw new TeahouseError('NOT_FOUND', 'This user is not blocked.');
  await change(service, request, 'DELETE FROM private_block WHERE userId = ? AND blockedId = ?');
  return {};
}

/** Changes who is blocked by the caller, and counts it in the row that sends of the two lock. */
async function change({ database, store }: Service, { caller, userId }: Ask<'blockUser'>, sql: string): Promise<void> {
  const pair = pairWith(caller.userId, userId);
  // Made where they have not talked yet: a first message under way meets the block at this lock, too.
  if (!(await store.find(pair))) await store.create([pair]);
  const conversation = await store.find(pair);
  if (!conversation) throw new TeahouseError('UNAVAILABLE');
  await database.transaction(async (manager) => {
    await store.lock(manager, conversation.id);
    await manager.query(sql, [caller.userId, userId]);
    await store.countBlocks(manager, conversation);
  });
}

export async function listBlocked(
  { people, store }: Service,
  { caller }: Ask<'listBlocked'>,
): Promise<Answer<'listBlocked'>> {
  return { users: await people.named(await store.blockedBy(caller.userId)) };
}
