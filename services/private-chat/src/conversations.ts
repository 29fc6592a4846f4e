import { type ConversationSummary, limits, type Person } from '@teahouse/contracts';
import { pairWith } from './pair.js';
import type { Answer, Ask, Service } from './service.js';
import { otherOf } from './shapes.js';
import { type Conversation, pairOfRow } from './store.js';

/** Heads in one answer, about 200 KiB. */
const headsAtOnce = 4000;

/** Conversations of one answer, about 200 KiB. */
const summariesAtOnce = 1000;

export async function sessions({ store, people }: Service, { userIds }: Ask<'sessions'>): Promise<Answer<'sessions'>> {
  const wanted = [...new Set(userIds)];
  const rows = await store.newestOf(wanted, limits.conversations + 1);
  let room = summariesAtOnce;
  const fitting = wanted.filter((userId, index) => {
    room -= rows.get(userId)?.length ?? 0;
    return index === 0 || room >= 0;
  });
  const pages = fitting.map((userId) => cut(rows.get(userId) ?? [], limits.conversations, userId));
  // One question for all names, as people who log in at once know each other.
  const names = new Map(
    (await people.named([...new Set(pages.flatMap(({ others }) => others))])).map((person) => [person.id, person]),
  );
  return { sessions: pages.map((page) => ({ userId: page.userId, ...summaries(page, names) })) };
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

interface Page {
  readonly userId: number;
  readonly shown: readonly Conversation[];
  /** The other side of each. */
  readonly others: readonly number[];
  readonly more: boolean;
}

async function page({ store, people }: Service, userId: number, limit: number, before?: Conversation) {
  const found = cut(await store.newest(userId, limit + 1, before), limit, userId);
  return summaries(found, new Map((await people.named(found.others)).map((person) => [person.id, person])));
}

function cut(rows: readonly Conversation[], limit: number, userId: number): Page {
  const shown = rows.slice(0, limit);
  return { userId, shown, others: shown.map((row) => otherOf(pairOfRow(row), userId)), more: rows.length > limit };
}

function summaries({ userId, shown, others, more }: Page, names: ReadonlyMap<number, Person>) {
  const conversations = shown.map(({ lastSeq, userLow, readLow, readHigh }, i): ConversationSummary => {
    const other = others[i] as number;
    const { username, nickname } = names.get(other) ?? { username: '', nickname: '' };
    const [readSeq, peerReadSeq] = userId === userLow ? [readLow, readHigh] : [readHigh, readLow];
    return { userId: other, username, nickname, lastSeq, readSeq, peerReadSeq };
  });
  return { conversations, more };
}

/** Beyond 4,000 the newest are told. */
export async function moved({ store }: Service, { userIds, since }: Ask<'moved'>): Promise<Answer<'moved'>> {
  if (userIds.length === 0) return { heads: [] };
  const rows = await store.movedOf(userIds, since, headsAtOnce);
  return { heads: rows.map(({ userLow, userHigh, lastSeq }) => [userLow, userHigh, lastSeq]) };
}
