import { archiveSettings, operate } from '@teahouse/message-log';
import { loadConfig } from '@teahouse/service-kit';
import { operateConfig } from './config.js';
import { groupChatMigrations } from './migrations/index.js';
import { logTables } from './tables.js';

await operate({
  name: 'group-chat',
  tables: logTables,
  migrations: groupChatMigrations,
  config() {
    const config = loadConfig(operateConfig);
    return { url: config.GROUP_DB_URL, settings: archiveSettings(config, 'GROUP_ARCHIVE_DB_URL') };
  },
});
