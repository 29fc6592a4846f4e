import { archiveUrl, retentionConfig } from '@teahouse/message-log';
import { commonConfig, databaseUrl } from '@teahouse/service-kit';
import Type, { type Static } from 'typebox';

const databases = {
  PRIVATE_DB_URL: databaseUrl('conversations between two people and their recent messages'),
  PRIVATE_ARCHIVE_DB_URL: archiveUrl('all messages between two people; without it nothing is ever evicted'),
  ...retentionConfig,
};

/** What of the environment the operator's commands read. */
export const operateConfig = Type.Object(databases);

/** The environment of private-chat. */
export const privateChatConfig = Type.Object({
  ...commonConfig(8013),
  ...databases,
});
export type PrivateChatConfig = Static<typeof privateChatConfig>;
