import type { LogTables } from '@teahouse/message-log';

/** The tables of the groups' log. */
export const logTables: LogTables = {
  conversation: 'group_chat',
  message: 'group_message',
  key: 'groupId',
  sent: 'group_sent_id',
};
