import type { RequestContext } from '@teahouse/bus';
import { iso, limits, TeahouseError } from '@teahouse/contracts';
import { pushToGroup, pushToUser } from './publish.js';
import { mustRead, noGroup, speakingRefusal, standing } from './rules.js';
import type { Answer, Ask, Service } from './service.js';
import { groupMessage } from './shapes.js';
import { headsOf, moveReadMark, readGroup } from './store.js';

export async function append(
  { messages }: Service,
  { quiet, items }: Ask<'append'>,
  { deadline }: RequestContext,
): Promise<Answer<'append'>> {
  const drafts = items.map(({ groupId, from, connectionId, content, clientId }) => ({
    conversationId: groupId,
    from,
    connectionId,
    quiet,
    content,
    clientId,
  }));
  const results = await messages.append(drafts, deadline);
  return {
    results: results.map((result) =>
      result instanceof TeahouseError
        ? { code: result.code, message: result.message }
        : { ...result, createTime: iso(result.createTime) },
    ),
  };
}

export async function history({ database, messages }: Service, request: Ask<'history'>): Promise<Answer<'history'>> {
  const { caller, groupId, beforeSeq, afterSeq, limit = limits.historyDefault } = request;
  if (beforeSeq !== undefined && afterSeq !== undefined)
    throw new TeahouseError('BAD_REQUEST', 'Give beforeSeq or afterSeq, not both.');
  mustRead(standing(await database.read((manager) => readGroup(manager, groupId, caller.userId)), caller));
  const page = await messages.history(groupId, { beforeSeq, afterSeq, limit });
  return { messages: page.messages.map(groupMessage), more: page.more };
}

export async function search({ database, messages }: Service, request: Ask<'search'>): Promise<Answer<'search'>> {
  const { caller, groupId, text, beforeSeq, limit = limits.historyDefault } = request;
  mustRead(standing(await database.read((manager) => readGroup(manager, groupId, caller.userId)), caller));
  const found = await messages.search(groupId, { text, beforeSeq, limit });
  return { ...found, messages: found.messages.map(groupMessage) };
}

/** For hubs, which know who may hear what. */
export async function repair(
  { database, messages }: Service,
  { groupId, afterSeq, limit }: Ask<'repair'>,
): Promise<Answer<'repair'>> {
  const page = await messages.history(groupId, { afterSeq, limit });
  if (page.messages.length === 0) {
    const heads = await database.read((manager) => headsOf(manager, [groupId]));
    if (heads.length === 0) throw noGroup();
  }
  return { messages: page.messages.map(groupMessage), more: page.more };
}

export async function heads({ database }: Service, { groupIds }: Ask<'heads'>): Promise<Answer<'heads'>> {
  return { heads: await database.read((manager) => headsOf(manager, groupIds)) };
}

export async function markRead(
  { database, bus }: Service,
  { caller, groupId, seq }: Ask<'markRead'>,
): Promise<Answer<'markRead'>> {
  const { userId, connectionId } = caller;
  const { group, member } = standing(await database.read((manager) => readGroup(manager, groupId, userId)), caller);
  if (!member) throw new TeahouseError('NOT_A_MEMBER');
  const readSeq = Math.min(seq, group.lastSeq);
  if (readSeq <= member.readSeq) return { readSeq: member.readSeq };
  await database.transaction((manager) => moveReadMark(manager, groupId, userId, readSeq));
  pushToUser(bus, userId, { type: 'readMarker', groupId, userId, seq: readSeq }, connectionId);
  return { readSeq };
}

/** Passed on where the caller could send a message now, and else dropped without a word: nobody waits for an answer. */
export async function typing(
  { database, bus }: Service,
  { caller, groupId }: Ask<'typing'>,
): Promise<Answer<'typing'>> {
  const { group, member } = standing(
    await database.read((manager) => readGroup(manager, groupId, caller.userId)),
    caller,
  );
  if (!member) throw new TeahouseError('NOT_A_MEMBER');
  if (!speakingRefusal(group, member, Date.now())) {
    pushToGroup(bus, groupId, { type: 'typing', groupId, userId: caller.userId }, caller.connectionId);
  }
  return {};
}
