import type { EntityManager } from 'typeorm';
import type { Answer, Ask, Service } from './service.js';
import { groupMessage } from './shapes.js';

type Item = Ask<'catchUp'>['items'][number];

/** Many pages in three statements. Who is no member is left to `history`, which knows the rules for all others. */
export async function catchUp({ database, messages }: Service, { items }: Ask<'catchUp'>): Promise<Answer<'catchUp'>> {
  const members = await database.read((manager) => inTheirGroups(manager, items));
  // Those who come back after the same moment ask for the same pages.
  const nameOf = ({ groupId, afterSeq, limit }: Item) => `${groupId}:${afterSeq}:${limit}`;
  const asked = new Map(items.filter((item) => members.has(item)).map((item) => [nameOf(item), item]));
  const found = await messages.catchUps(
    [...asked.values()].map(({ groupId, afterSeq, limit }) => ({ conversationId: groupId, afterSeq, limit })),
  );
  const pages: Answer<'catchUp'>['pages'] = [];
  const places = new Map<string, Answer<'catchUp'>['answers'][number]>();
  [...asked.keys()].forEach((name, index) => {
    const page = found[index] ?? 'alone';
    const isPage = typeof page !== 'string';
    places.set(name, isPage ? pages.push({ ...page, messages: page.messages.map(groupMessage) }) - 1 : page);
  });
  const answers = items.map((item) => (members.has(item) ? (places.get(nameOf(item)) ?? 'alone') : 'alone'));
  return { pages, answers };
}

/** Those of whom the user is a member of the group. */
async function inTheirGroups(manager: EntityManager, items: readonly Item[]): Promise<Set<Item>> {
  const where = Array<string>(items.length).fill('(groupId = ? AND userId = ?)').join(' OR ');
  const rows = await manager.query<{ groupId: number; userId: number }[]>(
    `SELECT groupId, userId FROM group_chat_member WHERE ${where}`,
    items.flatMap(({ groupId, userId }) => [groupId, userId]),
  );
  const found = new Set(rows.map(({ groupId, userId }) => `${groupId}:${userId}`));
  return new Set(items.filter(({ groupId, userId }) => found.has(`${groupId}:${userId}`)));
}
