import { archiveUrl, retentionConfig } from '@teahouse/message-log';
import { commonConfig, databaseUrl } from '@teahouse/service-kit';
import Type, { type Static } from 'typebox';

/** The environment of private-chat. */
export const privateChatConfig = Type.Object({
  ...commonConfig(8013),
  PRIVATE_DB_URL: databaseUrl('conversations between two people and their recent messages'),
  PRIVATE_ARCHIVE_DB_URL: archiveUrl('all messages between two people; without it nothing is ever evicted'),
  ...retentionConfig,
});
export type PrivateChatConfig = Static<typeof privateChatConfig>;
