import { archiveUrl, retentionConfig } from '@teahouse/message-log';
import { commonConfig, databaseUrl } from '@teahouse/service-kit';
import Type, { type Static } from 'typebox';

const databases = {
  GROUP_DB_URL: databaseUrl('groups, members and the recent messages of groups'),
  GROUP_ARCHIVE_DB_URL: archiveUrl('all messages of groups; without it nothing is ever evicted'),
  ...retentionConfig,
};

/** What of the environment the operator's commands read. */
export const operateConfig = Type.Object(databases);

/** The environment of group-chat. */
export const groupChatConfig = Type.Object({
  ...commonConfig(8012),
  ...databases,
  MAX_GROUPS_PER_USER: Type.Integer({
    minimum: 1,
    maximum: 1000,
    default: 1000,
    description: 'groups that one user may be in; bounds the list in `ready`, which is one payload',
  }),
});
export type GroupChatConfig = Static<typeof groupChatConfig>;
