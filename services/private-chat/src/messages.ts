import type { RequestContext } from '@teahouse/bus';
import { iso, limits, TeahouseError } from '@teahouse/contracts';
import type { Stored } from '@teahouse/message-log';
import type { Opening } from './openings.js';
import { pairOf, pairWith } from './pair.js';
import { publishRun, pushToUser } from './publish.js';
import type { PrivateDraft } from './sending.js';
import type { Answer, Ask, Service } from './service.js';
import { privateMessage } from './shapes.js';
import { pairOfRow } from './store.js';

type Item = Ask<'append'>['items'][number];

/** Sends between people who have talked before go straight to the log; first contacts are judged on their way. */
export async function append(
  service: Service,
  { quiet, items }: Ask<'append'>,
  { deadline }: RequestContext,
): Promise<Answer<'append'>> {
  const { messages, openings } = service;
  const results = new Array<Stored | TeahouseError>(items.length);
  const straight: { index: number; item: Item; conversationId: number }[] = [];
  const first: { index: number; item: Item }[] = [];
  for (const [index, item] of items.entries()) {
    if (item.from === item.to) {
      results[index] = new TeahouseError('BAD_REQUEST', 'There are no messages to oneself.');
      continue;
    }
    const conversationId = openings.known(item);
    if (conversationId === undefined) first.push({ index, item });
    else straight.push({ index, item, conversationId });
  }
  const store = async (some: readonly { index: number; draft: PrivateDraft }[]) => {
    const stored = await messages.append(
      some.map(({ draft }) => draft),
      deadline,
    );
    for (const [i, { index }] of some.entries()) results[index] = stored[i] as Stored | TeahouseError;
  };
  const open = async (asked: readonly { index: number; item: Item }[]) => {
    const opened = await openings.open(asked.map(({ item }) => item));
    const drafts: { index: number; draft: PrivateDraft }[] = [];
    for (const [i, { index, item }] of asked.entries()) {
      const opening = opened[i] as Opening;
      if (typeof opening === 'number') drafts.push({ index, draft: draftOf(item, opening, quiet) });
      else if (isFinal(opening)) drafts.push({ index, draft: { ...draftOf(item, 0, quiet), refusal: opening } });
      else results[index] = opening;
    }
    await store(drafts);
    return asked.filter(({ index }, i) => typeof opened[i] !== 'number' && isConflict(results[index]));
  };
  const openAll = async () => {
    // Their first message may have been stored since the look at them: then this can be that one, sent again.
    const conflicts = await open(first);
    if (conflicts.length > 0) await open(conflicts);
  };
  // The answer waits for first contacts, which are looked at elsewhere; who hears the others must not.
  const hush = first.length === 0 ? quiet : undefined;
  const known = straight.map(({ index, item, conversationId }) => ({
    index,
    draft: draftOf(item, conversationId, hush),
  }));
  await Promise.all([known.length > 0 && store(known), first.length > 0 && openAll()]);
  return {
    results: results.map((result) =>
      result instanceof TeahouseError
        ? { code: result.code, message: result.message }
        : { ...result, createTime: iso(result.createTime) },
    ),
  };
}

/** What could not be judged is answered here: without its conversation the log would take a send that it has for another. */
const isFinal = ({ code }: TeahouseError): boolean => code !== 'UNAVAILABLE' && code !== 'INTERNAL';

const isConflict = (result: Stored | TeahouseError | undefined): boolean =>
  result instanceof TeahouseError && result.code === 'CONFLICT';

function draftOf(item: Item, conversationId: number, quiet: true | undefined): PrivateDraft {
  const { from, connectionId, content, clientId } = item;
  return { conversationId, from, connectionId, quiet, content, clientId };
}

export async function history(service: Service, request: Ask<'history'>): Promise<Answer<'history'>> {
  const { caller, with: other, beforeSeq, afterSeq, limit = limits.historyDefault } = request;
  if (beforeSeq !== undefined && afterSeq !== undefined)
    throw new TeahouseError('BAD_REQUEST', 'Give beforeSeq or afterSeq, not both.');
  const pair = pairWith(caller.userId, other);
  const conversation = await service.store.find(pair);
  if (!conversation) return nothing(service, other);
  const page = await service.messages.history(conversation.id, { beforeSeq, afterSeq, limit });
  return { messages: page.messages.map((message) => privateMessage(pair, message)), more: page.more };
}

export async function search(service: Service, request: Ask<'search'>): Promise<Answer<'search'>> {
  const { caller, with: other, text, beforeSeq, limit = limits.historyDefault } = request;
  const pair = pairWith(caller.userId, other);
  const conversation = await service.store.find(pair);
  if (!conversation) return nothing(service, other);
  const found = await service.messages.search(conversation.id, { text, beforeSeq, limit });
  return { ...found, messages: found.messages.map((message) => privateMessage(pair, message)) };
}

/** An empty page, of a conversation that has not begun; NOT_FOUND where there is nobody to have it with. */
async function nothing({ people }: Service, other: number): Promise<{ messages: never[]; more: false }> {
  if (!(await people.exists(other))) throw new TeahouseError('NOT_FOUND');
  return { messages: [], more: false };
}

/** For hubs, which know who may hear what. */
export async function repair({ store, messages }: Service, request: Ask<'repair'>): Promise<Answer<'repair'>> {
  const { users, afterSeq, beforeSeq, limit } = request;
  const pair = pairOf(...users);
  const conversation = await store.find(pair);
  if (!conversation) return { messages: [], more: false };
  const page = await messages.history(
    conversation.id,
    beforeSeq === undefined ? { afterSeq, limit } : { beforeSeq, limit },
  );
  return { messages: page.messages.map((message) => privateMessage(pair, message)), more: page.more };
}

/** Empties an own message of the last two minutes and appends the notice that says so. */
export async function recallMessage(
  service: Service,
  { caller, with: other, seq }: Ask<'recallMessage'>,
): Promise<Answer<'recallMessage'>> {
  const { bus, database, messages, store } = service;
  const { userId } = caller;
  const pair = pairWith(userId, other);
  const conversation = await store.find(pair);
  if (!conversation) throw noMessage();
  const notice = await database.transaction(async (manager) => {
    await store.lock(manager, conversation.id);
    const message = await messages.messageInside(manager, conversation.id, seq);
    if (!message || message.recalled || message.kind !== 'normal') throw noMessage();
    if (message.from !== userId || Date.now() - message.createTime > limits.recallMs)
      throw new TeahouseError('FORBIDDEN');
    return messages.recallInside(manager, conversation.id, seq, userId);
  });
  publishRun(bus, pair, [notice], []);
  return { seq: notice.seq };
}

const noMessage = () => new TeahouseError('NOT_FOUND', 'There is no such message.');

/** Passed on where the two have talked and neither blocks the other, and else dropped without a word. */
export async function typing(
  { bus, store }: Service,
  { caller, with: other }: Ask<'typing'>,
): Promise<Answer<'typing'>> {
  const { userId } = caller;
  const pair = pairWith(userId, other);
  const [conversation, blocked] = await Promise.all([store.find(pair), store.blockedAmong([pair])]);
  if (conversation && conversation.lastSeq > 0 && blocked.length === 0) {
    pushToUser(bus, other, { type: 'typing', with: userId, userId });
  }
  return {};
}

export async function markRead(
  service: Service,
  { caller, with: other, seq }: Ask<'markRead'>,
): Promise<Answer<'markRead'>> {
  const { bus, database, people, store } = service;
  const { userId, connectionId } = caller;
  const pair = pairWith(userId, other);
  const conversation = await store.find(pair);
  if (!conversation) {
    if (!(await people.exists(other))) throw new TeahouseError('NOT_FOUND');
    return { readSeq: 0 };
  }
  const side = userId === pairOfRow(conversation)[0] ? 'readLow' : 'readHigh';
  const { before, readSeq } = await database.transaction(async (manager) => {
    const row = (await store.lock(manager, conversation.id)) ?? conversation;
    const moved = Math.max(row[side], Math.min(seq, row.lastSeq));
    if (moved > row[side]) await store.moveReadMark(manager, row.id, side, moved);
    return { before: row[side], readSeq: moved };
  });
  if (readSeq > before) {
    pushToUser(bus, userId, { type: 'readMarker', with: other, userId, seq: readSeq }, connectionId);
    pushToUser(bus, other, { type: 'readMarker', with: userId, userId, seq: readSeq });
  }
  return { readSeq };
}
