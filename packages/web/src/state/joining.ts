import { type FoundGroup, keyOf } from '@teahouse/client';
import { chats } from './chats';
import { readGroup } from './groups';
import { ask } from './login';

/** Groups by their number, or else by a part of the name. Rejects with ChatError. */
export async function findGroups(wanted: string): Promise<readonly FoundGroup[]> {
  const text = wanted.trim();
  const byText = async () => (await ask('findGroup', { text })).groups;
  if (!/^[1-9]\d{0,14}$/.test(text)) return await byText();
  const { groups } = await ask('findGroup', { groupNumber: Number(text) });
  return groups.length > 0 ? groups : await byText();
}

/** Joins, or asks to where the group wants that. Rejects with ChatError. */
export async function join({ id }: FoundGroup): Promise<'joined' | 'requested'> {
  const { status } = await ask('joinGroup', { groupId: id });
  if (status === 'joined') await readGroup(id);
  return status;
}

export const isIn = ({ id }: FoundGroup): boolean => chats.has(keyOf({ groupId: id }));
