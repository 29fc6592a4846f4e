import { clientFrames, sentFrame, TeahouseError } from '@teahouse/contracts';
import { conversationOfGroup, conversationWith, verb } from './verb.js';

export const groupMessage = verb(clientFrames.groupMessage, {
  pipelined: true,
  ack: sentFrame,
  conversation: (fields, session) => conversationOfGroup(fields.groupId ?? session.defaultGroupId),
  run: (tools, session, fields, timeoutMs) =>
    tools.sends.group(session, { groupId: session.defaultGroupId, ...fields }, timeoutMs),
});

export const privateMessage = verb(clientFrames.privateMessage, {
  pipelined: true,
  ack: sentFrame,
  conversation(fields, session) {
    if (fields.to === session.userId) throw new TeahouseError('BAD_REQUEST', 'One cannot write to oneself.');
    return conversationWith(fields.to);
  },
  run: (tools, session, fields, timeoutMs) => tools.sends.private(session, fields, timeoutMs),
});
