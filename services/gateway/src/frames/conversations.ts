import { clientFrames, groupCalls, limits, privateCalls, TeahouseError } from '@teahouse/contracts';
import { conversationOfPlace, forward, verb } from './verb.js';

export const history = verb(clientFrames.history, {
  conversation(fields) {
    if (fields.beforeSeq !== undefined && fields.afterSeq !== undefined) {
      throw new TeahouseError('BAD_REQUEST', 'Name "beforeSeq" or "afterSeq", not both.');
    }
    return conversationOfPlace(fields);
  },
  async run(tools, session, fields, timeoutMs) {
    const { groupId, afterSeq, limit = limits.historyDefault } = fields;
    if (groupId === undefined) return forward(tools, privateCalls.history, session, fields, timeoutMs);
    const since = Date.now();
    const { userId } = session;
    const page =
      afterSeq === undefined ? 'alone' : await tools.catchUps.of({ userId, groupId, afterSeq, limit }, timeoutMs);
    if (page !== 'alone') return page;
    const leftMs = timeoutMs - (Date.now() - since);
    if (leftMs <= 0) throw new TeahouseError('UNAVAILABLE');
    return forward(tools, groupCalls.history, session, fields, leftMs);
  },
});

export const markRead = verb(clientFrames.markRead, {
  conversation: conversationOfPlace,
  run: (tools, session, fields, timeoutMs) =>
    fields.groupId === undefined
      ? forward(tools, privateCalls.markRead, session, fields, timeoutMs)
      : forward(tools, groupCalls.markRead, session, fields, timeoutMs),
});

export const recallMessage = verb(clientFrames.recallMessage, {
  conversation: conversationOfPlace,
  run: (tools, session, fields, timeoutMs) =>
    fields.groupId === undefined
      ? forward(tools, privateCalls.recallMessage, session, fields, timeoutMs)
      : forward(tools, groupCalls.recallMessage, session, fields, timeoutMs),
});

export const search = verb(clientFrames.search, {
  conversation: conversationOfPlace,
  run: (tools, session, fields, timeoutMs) =>
    fields.groupId === undefined
      ? forward(tools, privateCalls.search, session, fields, timeoutMs)
      : forward(tools, groupCalls.search, session, fields, timeoutMs),
});

/** In no order with anything, so that it holds up nothing; what comes more than once a second is not passed on. */
export const typing = verb(clientFrames.typing, {
  conversation(fields) {
    conversationOfPlace(fields);
    return undefined;
  },
  async run(tools, session, fields, timeoutMs) {
    if (!session.mayTellTyping(conversationOfPlace(fields))) return {};
    if (fields.groupId === undefined) await forward(tools, privateCalls.typing, session, fields, timeoutMs);
    else await forward(tools, groupCalls.typing, session, fields, timeoutMs);
    return {};
  },
});
