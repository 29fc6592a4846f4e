import type { LogTables } from '@teahouse/message-log';

export const logTables: LogTables = {
  conversation: 'private_conversation',
  message: 'private_message',
  key: 'conversationId',
  sent: 'private_sent_id',
};
