import { type ConversationSummary, limits } from '@teahouse/contracts';
import { pairWith } from './pair.js';
import type { Answer, Ask, Service } from './service.js';
import { otherOf } from './shapes.js';
import { type Conversation, pairOfRow } from './store.js';

/** Heads in one answer, about 200 KiB. */
const headsAtOnce = 4000;

export function session(service: Service, { userId }: Ask<'session'>): Promise<Answer<'session'>> {
  return page(service, userId, limits.conversations);
}

/** A `before` that names no conversation of the caller starts at the top. */
export async function listConversations(
  service: Service,
  request: Ask<'listConversations'>,
): Promise<Answer<'listConversations'>> {
  const { caller, before, limit = limits.conversations } = request;
  const last = before === undefined ? undefined : await service.store.find(pairWith(caller.userId, before));
  return page(service, caller.userId, limit, last);
}

async function page({ store, people }: Service, userId: number, limit: number, before?: Conversation) {
  const rows = await store.newest(userId, limit + 1, before);
  const shown = rows.slice(0, limit);
  const others = shown.map((row) => otherOf(pairOfRow(row), userId));
  const names = await people.named(others);
  const conversations = shown.map(({ lastSeq, userLow, readLow, readHigh }, i): ConversationSummary => {
    const readSeq = userId === userLow ? readLow : readHigh;
    const { id, username, nickname } = names[i] ?? { id: others[i] as number, username: '', nickname: '' };
    return { userId: id, username, nickname, lastSeq, readSeq };
  });
  return { conversations, more: rows.length > limit };
}

/** Beyond 4,000 the newest are told. */
export async function moved({ store }: Service, { userIds, since }: Ask<'moved'>): Promise<Answer<'moved'>> {
  if (userIds.length === 0) return { heads: [] };
  const rows = await store.movedOf(userIds, since, headsAtOnce);
  return { heads: rows.map(({ userLow, userHigh, lastSeq }) => [userLow, userHigh, lastSeq]) };
}
