import { TeahouseError } from '@teahouse/contracts';
import { pairWith } from './pair.js';
import type { Answer, Ask, Service } from './service.js';

/** People whom one user may block: their list is one answer. */
const maxBlocked = 1000;

/** Nothing of the other's is stored any more once this has answered: sends and this take the same lock. */
export async function blockUser(
  service: Service,
  { caller, userId: other }: Ask<'blockUser'>,
): Promise<Answer<'blockUser'>> {
  const { database, people, store } = service;
  const pair = pairWith(caller.userId, other);
  const blocked = await store.blockedBy(caller.userId);
  if (blocked.includes(other)) return {};
  if (!(await people.exists(other))) throw new TeahouseError('NOT_FOUND');
  if (blocked.length >= maxBlocked) throw new TeahouseError('CONFLICT', `At most ${maxBlocked} people can be blocked.`);
  // Made where they have not talked yet: a first message under way meets the block at this lock, too.
  if (!(await store.find(pair))) await store.create([pair]);
  const conversation = await store.find(pair);
  const ignore = database.dialect === 'sqlite' ? 'OR IGNORE' : 'IGNORE';
  await database.transaction(async (manager) => {
    if (conversation) await store.lock(manager, conversation.id);
    await manager.query(`INSERT ${ignore} INTO private_block (userId, blockedId) VALUES (?, ?)`, [
      caller.userId,
      other,
    ]);
    if (conversation) await store.countBlocks(manager, conversation);
  });
  return {};
}

export async function unblockUser(
  service: Service,
  { caller, userId: other }: Ask<'unblockUser'>,
): Promise<Answer<'unblockUser'>> {
  const { database, store } = service;
  if (!(await store.blockedBy(caller.userId)).includes(other))
    throw new TeahouseError('NOT_FOUND', 'This user is not blocked.');
  const conversation = await store.find(pairWith(caller.userId, other));
  await database.transaction(async (manager) => {
    if (conversation) await store.lock(manager, conversation.id);
    await manager.query('DELETE FROM private_block WHERE userId = ? AND blockedId = ?', [caller.userId, other]);
    if (conversation) await store.countBlocks(manager, conversation);
  });
  return {};
}

export async function listBlocked(
  { people, store }: Service,
  { caller }: Ask<'listBlocked'>,
): Promise<Answer<'listBlocked'>> {
  return { users: await people.named(await store.blockedBy(caller.userId)) };
}
