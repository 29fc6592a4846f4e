import { authCalls, clientFrames, privateCalls } from '@teahouse/contracts';
import { conversationWith, forward, type Verb, verb } from './verb.js';

const findUser = verb(clientFrames.findUser, {
  run: (tools, session, fields, timeoutMs) => forward(tools, authCalls.findUser, session, fields, timeoutMs),
});

const listConversations = verb(clientFrames.listConversations, {
  run: (tools, session, fields, timeoutMs) =>
    forward(tools, privateCalls.listConversations, session, fields, timeoutMs),
});

const blockUser = verb(clientFrames.blockUser, {
  conversation: (fields) => conversationWith(fields.userId),
  run: (tools, session, fields, timeoutMs) => forward(tools, privateCalls.blockUser, session, fields, timeoutMs),
});

const unblockUser = verb(clientFrames.unblockUser, {
  conversation: (fields) => conversationWith(fields.userId),
  run: (tools, session, fields, timeoutMs) => forward(tools, privateCalls.unblockUser, session, fields, timeoutMs),
});

const listBlocked = verb(clientFrames.listBlocked, {
  run: (tools, session, fields, timeoutMs) => forward(tools, privateCalls.listBlocked, session, fields, timeoutMs),
});

const presence = verb(clientFrames.presence, {
  run: async (tools, _session, fields) => ({
    online: [...new Set(fields.userIds)].filter((userId) => tools.presence.isOnline(userId)),
  }),
});

export const peopleVerbs: readonly Verb[] = [
  findUser,
  listConversations,
  blockUser,
  unblockUser,
  listBlocked,
  presence,
];
